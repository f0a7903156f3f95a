// rooms: crawl
// Any bytes as a feed, by what they begin with and by force: limits hold, and every address leads to the web.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crawl/feed.h"
#include "crawl/sync.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const auto base = renvoi::net::Url::parse("https://example.org/blog/feed");
  (void)renvoi::crawl::sniff_listing(bytes);
  const auto feed = renvoi::crawl::parse_feed(bytes, *base);
  if (!feed.ok()) return 0;
  if (feed->entries.size() > renvoi::crawl::kMaxFeedEntries) std::abort();
  for (const auto& entry : feed->entries)
    if (!entry.address.starts_with("http://") && !entry.address.starts_with("https://")) std::abort();
  return 0;
}
