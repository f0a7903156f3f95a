// From bytes in some charset to UTF-8. For the room's own use.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::extract {

struct Decoded {
  std::string_view text;  // valid UTF-8; views `storage`, or the input when that was already so
  std::string storage;
  std::string charset;  // IANA name in lower case
};

// Decides the charset in this order: byte order mark; valid UTF-8 that is not plain ASCII, whatever is declared (text
// in another charset is practically never valid UTF-8); `declared` (the Content-Type's); with `html`, the page's own
// <meta charset>, searched to its </head> or for 64 KiB; uchardet's judgment where there are 250 bytes of text or more,
// or a quarter of fewer are not ASCII; windows-1252. Labels mean what the WHATWG's Encoding Standard says; one that
// neither it nor ICU knows is as none. Malformed sequences become U+FFFD. The result must not be moved after `text` is
// taken from it when `storage` is short; take it by unique_ptr or in place.
void decode(std::string_view bytes, std::string_view declared, bool html, Decoded& out);

// Bytes whose charset is known for certain ("windows-1251"); malformed ones, and all of an unknown one that are not
// ASCII, become U+FFFD.
std::string utf8_from(std::string_view bytes, const std::string& charset);

}  // namespace renvoi::extract
