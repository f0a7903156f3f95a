// The query of a URL and the body of an HTML form: application/x-www-form-urlencoded (WHATWG URL section 5).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace renvoi::net {

// Decoded; the last of repeated names. Nothing when a part is badly encoded or no UTF-8, or a name holds a NUL.
std::optional<std::map<std::string, std::string>> parse_query(std::string_view text);

// `text` percent-decoded, when it is UTF-8 then.
std::optional<std::string> decode_component(std::string_view text);

}  // namespace renvoi::net
