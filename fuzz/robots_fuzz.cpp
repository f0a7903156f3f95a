// rooms: crawl
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crawl/robots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto robots = renvoi::crawl::Robots::parse(text, "renvoi");
  robots.allows(text.substr(0, 64));
  const std::string once = renvoi::crawl::normalize_robots_path(text);
  if (renvoi::crawl::normalize_robots_path(once) != once) __builtin_trap();
  renvoi::crawl::parse_robots_tag(text, "renvoi");
  return 0;
}
