// The body of a recorded HTTP answer without its codings (RFC 9112 section 7.1, RFC 9110 section 8.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::crawl {

// Recorders often undo a coding and keep its header: a body that does not begin as the header says is taken as it is.
// Errors: `invalid` (a coding that is not read: br, zstd; damaged), `exhausted` (more than `max_bytes`).
Result<std::string> decode_http_body(std::string body, std::string_view transfer_encoding,
                                     std::string_view content_encoding, std::uint64_t max_bytes);

}  // namespace renvoi::crawl
