#include "net/query.h"

#include <algorithm>

#include "base/utf8.h"
#include "net/percent.h"

namespace renvoi::net {

std::optional<std::string> decode_component(std::string_view text) {
  std::optional<std::string> decoded = percent_decode(text);
  if (!decoded || !is_valid_utf8(*decoded)) return std::nullopt;
  return decoded;
}

std::optional<std::map<std::string, std::string>> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    std::string spaced(pair);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    const std::size_t equals = spaced.find('=');
    const auto name = decode_component(std::string_view(spaced).substr(0, equals));
    const auto value = decode_component(equals == std::string::npos ? std::string_view()
                                                                    : std::string_view(spaced).substr(equals + 1));
    if (!name || !value || name->find('\0') != std::string::npos) return std::nullopt;
    query[*name] = *value;
  }
  return query;
}

}  // namespace renvoi::net
