// What the cache holds of one reference, as a value and as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/types.h"

namespace renvoi::crawl {

// Original bytes, or extracted text, with the fingerprint of the text they give.
struct CachedPage {
  std::string content_type;
  std::string body;
  std::uint64_t fingerprint = 0;
  catalog::Retention kind = catalog::Retention::page;  // page or text
  std::uint32_t fetch_ms = 0;                          // what it took to get it: what forgetting it would cost
};

inline constexpr std::uint64_t kMaxCachedBody_bytes = 256u << 20;  // a larger one is not kept

// The bytes of a file of the cache (docs/format.md, "Cache"), the body compressed by zstd. Errors: `exhausted` (a body
// larger than kMaxCachedBody_bytes, no memory).
Result<std::string> bytes_of(const CachedPage& page);
// Nothing when they do not match their checksum, or are not what bytes_of() gives (version 1 included).
std::optional<CachedPage> parse_cached_page(std::string_view bytes);

}  // namespace renvoi::crawl
