// rooms: crawl
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crawl/opml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto base = renvoi::net::Url::parse("https://example.org/x.opml");
  const auto opml = renvoi::crawl::parse_opml(std::string_view(reinterpret_cast<const char*>(data), size), *base);
  if (!opml.ok()) return 0;
  if (opml->feeds.size() > renvoi::crawl::kMaxOpmlFeeds) std::abort();
  for (const auto* list : {&opml->feeds, &opml->includes})
    for (const auto& address : *list)
      if (!address.starts_with("http://") && !address.starts_with("https://")) std::abort();
  return 0;
}
