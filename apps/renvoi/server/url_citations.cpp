#include "server/url_citations.h"

#include <algorithm>

#include "base/utf8.h"
#include "json_view.h"

namespace renvoi::app {
namespace {

// The number of a mark "[12]" at the start of `text`, and its length in bytes; 0 when there is none.
std::pair<std::uint32_t, std::size_t> mark_at(std::string_view text) {
  constexpr std::size_t kMaxDigits = 6;
  std::uint32_t number = 0;
  std::size_t at = 1;
  for (; at < text.size() && at <= kMaxDigits && text[at] >= '0' && text[at] <= '9'; ++at)
    number = number * 10 + static_cast<std::uint32_t>(text[at] - '0');
  if (text.front() != '[' || at == 1 || at >= text.size() || text[at] != ']') return {0, 0};
  return {number, at + 1};
}

}  // namespace

Json url_citations(std::string_view text, std::span<const answer::Citation> citations) {
  Json annotations = Json::array();
  std::size_t index = 0;  // in code points
  while (!text.empty()) {
    const auto [number, bytes] = mark_at(text);
    const auto found =
        std::find_if(citations.begin(), citations.end(), [n = number](const auto& each) { return each.number == n; });
    if (bytes > 0 && found != citations.end()) {
      annotations.push_back({{"type", "url_citation"},
                             {"url_citation",
                              {{"url", found->address},
                               {"title", found->title},
                               {"start_index", index},
                               {"end_index", index + bytes},
                               {"number", found->number},
                               {"quote", found->quote},
                               {"state", std::string(to_string(found->state))},
                               {"checked_at", json_time(found->checked_at)}}}});
      index += bytes;
      text.remove_prefix(bytes);
      continue;
    }
    text.remove_prefix(decode_utf8(text).length);
    ++index;
  }
  return annotations;
}

Json flat_url_citations(std::string_view text, std::span<const answer::Citation> citations) {
  Json annotations = url_citations(text, citations);
  for (Json& annotation : annotations) {
    Json flat = std::move(annotation["url_citation"]);
    flat["type"] = "url_citation";
    annotation = std::move(flat);
  }
  return annotations;
}

}  // namespace renvoi::app
