#include "search/query_terms.h"

#include <unordered_set>

#include "text/terms.h"

namespace renvoi::search {

std::vector<std::string> query_terms(std::string_view query, std::string_view language,
                                     std::span<const std::string> others) {
  std::vector<std::string> result;
  std::unordered_set<std::string> seen;
  const auto add = [&](std::string_view in) {
    for (std::string& term : text::terms(query, in)) {
      if (seen.insert(term).second) result.push_back(std::move(term));
    }
  };
  add(language);
  for (const std::string& other : others) {
    if (other != language) add(other);
  }
  return result;
}

}  // namespace renvoi::search
