// UTF-8 (RFC 3629): checking, repairing and cutting without breaking a character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace renvoi {

// One code point at the start of `text`. `length` is 1 to 4 bytes, `valid` false for a malformed sequence (then
// `code_point` is U+FFFD and `length` the bytes to skip, at least 1). `text` must not be empty.
struct DecodedCodePoint {
  char32_t code_point;
  std::uint8_t length;
  bool valid;
};
DecodedCodePoint decode_utf8(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);

bool is_valid_utf8(std::string_view text);

// `text` with every malformed sequence replaced by U+FFFD.
std::string repair_utf8(std::string_view text);

// The longest prefix of at most `max_bytes` bytes that cuts no code point.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace renvoi
