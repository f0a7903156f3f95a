// rooms: crawl
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crawl/sitemap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto map = renvoi::crawl::parse_sitemap(std::string_view(reinterpret_cast<const char*>(data), size));
  if (map.ok() &&
      (map->pages.size() > renvoi::crawl::kMaxSitemapUrls || map->sitemaps.size() > renvoi::crawl::kMaxSitemapUrls))
    __builtin_trap();
  return 0;
}
