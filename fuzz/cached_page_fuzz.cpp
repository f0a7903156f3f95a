// rooms: crawl
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crawl/cached_page.h"
#include "io/bytes.h"
#include "io/crc32c.h"

// With a right checksum, so that what is behind it is reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  renvoi::io::ByteWriter bytes;
  bytes.append(std::string_view(reinterpret_cast<const char*>(data), size));
  bytes.u32(renvoi::io::crc32c(bytes.str()));
  const auto page = renvoi::crawl::parse_cached_page(bytes.str());
  if (page && page->body.size() > renvoi::crawl::kMaxCachedBody_bytes) __builtin_trap();
  return 0;
}
