// Percent-encoding (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renvoi::net {

// Nothing when a '%' is not followed by two hexadecimal digits. The result may hold any byte.
std::optional<std::string> percent_decode(std::string_view text);

// Encodes control characters, bytes from 0x7F on, and those in `also`.
std::string percent_encode(std::string_view text, std::string_view also);

// Whether `text` holds `c` in its encoded form.
bool has_encoded(std::string_view text, char c);

}  // namespace renvoi::net
