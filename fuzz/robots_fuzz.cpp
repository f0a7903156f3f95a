// rooms: crawl
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crawl/robots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto robots = renvoi::crawl::Robots::parse(text, "renvoi");
  robots.allows(text.substr(0, 64));
  // No byte beyond ASCII is left, or two spellings of one path would differ.
  for (const char c : renvoi::crawl::normalize_robots_path(text))
    if (static_cast<unsigned char>(c) >= 0x80) __builtin_trap();
  renvoi::crawl::parse_robots_tag(text, "renvoi");
  return 0;
}
