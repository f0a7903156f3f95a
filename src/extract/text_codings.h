// How addresses and mail write bytes as ASCII. Lenient: what is malformed stays as it is. For the room's own use.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::extract {

std::string percent_decode(std::string_view text);    // RFC 3986, section 2.1
std::string base64_decode(std::string_view text);     // RFC 2045, section 6.8: what is no letter of it is skipped
std::string quoted_printable(std::string_view text);  // RFC 2045, section 6.7

}  // namespace renvoi::extract
