// Sitemaps (sitemaps.org 0.9): urlset, sitemapindex, or a plain list of addresses, gzipped or not. Extensions for
// images, video and news are passed over. No network here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxSitemapUrls = 50'000;
inline constexpr std::size_t kMaxSitemapBytes = 50u << 20;  // expanded
inline constexpr std::size_t kMaxAddressBytes = 2'048;      // of one address; a longer one is left out

struct SitemapPage {
  std::string address;                  // as written
  std::optional<Timestamp> changed_at;  // its lastmod, the last second of it
};

struct Sitemap {
  std::vector<SitemapPage> pages;     // in order
  std::vector<std::string> sitemaps;  // of a sitemapindex
  bool truncated = false;             // there were more than kMaxSitemapUrls
};

// Errors: `invalid` (not a sitemap, malformed XML, a DOCTYPE, a bad gzip), `exhausted` (more than kMaxSitemapBytes, too
// many tags).
Result<Sitemap> parse_sitemap(std::string_view bytes);

}  // namespace renvoi::crawl
