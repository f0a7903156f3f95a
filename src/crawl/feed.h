// Feeds: RSS 0.9x, 1.0 and 2.0, Atom (RFC 4287, and 0.3), JSON Feed 1.x. No network here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/url.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxFeedBytes = 10u << 20;  // expanded
inline constexpr std::size_t kMaxFeedEntries = 10'000;

struct FeedEntry {
  std::string address;                  // of the page: resolved (xml:base), http(s), without fragment
  std::optional<Timestamp> changed_at;  // when it says that it was last changed, or published
};

struct Feed {
  std::vector<FeedEntry> entries;  // in order; those that name no page are left out
  std::size_t without_link = 0;
  bool truncated = false;  // there were more than kMaxFeedEntries
};

// `base` is where the feed was read from. Titles and contents are not looked at. Errors: `invalid` (no feed, malformed
// XML or JSON, a DOCTYPE that declares something), `exhausted` (more than kMaxFeedBytes, too many tags).
Result<Feed> parse_feed(std::string_view bytes, const net::Url& base);

}  // namespace renvoi::crawl
