#include "crawl/url_list.h"

#include <unordered_set>

#include "base/utf8.h"
#include "crawl/ascii.h"
#include "crawl/listing_text.h"
#include "crawl/sitemap.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

constexpr std::size_t kMaxBadLines = 100;
constexpr std::size_t kShownBytes = 80;

std::string_view without_comment(std::string_view line) {
  if (line.starts_with('#')) return {};
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
    if (at > 0 && is_space(line[at - 1])) return trim(line.substr(0, at));
  return line;
}

// The address, or why there is none.
Result<std::string> address_of(std::string_view line) {
  if (line.size() > kMaxAddressBytes) return Error{ErrorCode::invalid, "longer than 2,048 bytes"};
  RENVOI_TRY(const net::Url url, net::Url::parse(line));
  if (url.scheme() == "file") return Error{ErrorCode::invalid, "not an http(s) address"};
  return url.without_fragment();
}

}  // namespace

Result<UrlList> parse_url_list(std::string_view bytes) {
  RENVOI_TRY(const std::string text, listing_text(bytes, kMaxListBytes, "the list"));
  if (text.find('\0') != std::string::npos)
    return Error{ErrorCode::invalid, "the list is no text: it holds bytes of value zero"};
  UrlList list;
  std::unordered_set<std::string> seen;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = without_comment(trim(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    auto address = address_of(line);
    if (!address) {
      ++list.bad_lines;
      const std::string shown(truncate_utf8(line, kShownBytes));
      if (list.bad.size() < kMaxBadLines) list.bad.push_back({number, shown + ": " + address.error().message});
      continue;
    }
    if (!seen.insert(*address).second) continue;
    if (list.addresses.size() >= kMaxListUrls) {
      list.truncated = true;
      break;
    }
    list.addresses.push_back(std::move(address).value());
  }
  if (list.addresses.empty() && list.bad_lines > 0)
    return Error{ErrorCode::invalid, "this is no list of addresses: line " + std::to_string(list.bad.front().number) +
                                         ": " + list.bad.front().reason};
  return list;
}

}  // namespace renvoi::crawl
