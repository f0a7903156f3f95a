#include "base/utf8.h"

#include <cstring>

namespace renvoi {
namespace {

constexpr DecodedCodePoint kMalformed{0xFFFD, 1, false};

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// How many bytes at the start of `text` are ASCII; stops short of the end of a run by up to seven bytes.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t size = 0;
  for (std::uint64_t eight; size + sizeof eight <= text.size(); size += sizeof eight) {
    std::memcpy(&eight, text.data() + size, sizeof eight);
    if ((eight & 0x8080808080808080u) != 0) break;
  }
  return size;
}

}  // namespace

DecodedCodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::uint8_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return kMalformed;
  char32_t code_point = lead & (0xFFu >> (length + 1));
  for (std::uint8_t i = 1; i < length; ++i) {
    if (i >= text.size() || !is_continuation(byte(i))) return {0xFFFD, i, false};
    // The second byte decides over-long forms, surrogates and what lies above U+10FFFF.
    if (i == 1 && ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) ||
                   (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)))
      return kMalformed;
    code_point = code_point << 6 | (byte(i) & 0x3F);
  }
  return {code_point, length, true};
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    if (const std::size_t ascii = ascii_prefix(text); ascii > 0) {
      text.remove_prefix(ascii);
      continue;
    }
    const DecodedCodePoint decoded = decode_utf8(text);
    if (!decoded.valid) return false;
    text.remove_prefix(decoded.length);
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (const std::size_t ascii = ascii_prefix(text); ascii > 0) {
      out.append(text.substr(0, ascii));
      text.remove_prefix(ascii);
      continue;
    }
    const DecodedCodePoint decoded = decode_utf8(text);
    if (decoded.valid)
      out.append(text.substr(0, decoded.length));
    else
      append_utf8(out, 0xFFFD);
    text.remove_prefix(decoded.length);
  }
  return out;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && is_continuation(static_cast<unsigned char>(text[end]))) --end;
  return text.substr(0, end);
}

}  // namespace renvoi
