// The names by which pages call character encodings (WHATWG Encoding Standard, 4.2). For the room's own use.
#pragma once

#include <optional>
#include <string_view>

namespace renvoi::extract {

// "latin1" is windows-1252, "UTF8" is utf-8, "sjis" is windows-31j: a name that ICU knows. Empty for encodings that are
// not to be read; nothing when the standard knows no such label.
std::optional<std::string_view> whatwg_charset(std::string_view label);

}  // namespace renvoi::extract
