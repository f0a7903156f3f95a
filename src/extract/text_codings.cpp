#include "extract/text_codings.h"

#include <cstdint>

namespace renvoi::extract {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte that two hexadecimal digits at the start of `text` write; -1 when there are none.
int hex_byte(std::string_view text) {
  if (text.size() < 2 || hex(text[0]) < 0 || hex(text[1]) < 0) return -1;
  return hex(text[0]) * 16 + hex(text[1]);
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? hex_byte(text.substr(i + 1)) : -1;
    out += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return out;
}

std::string base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    const int value = base64_value(c);
    if (value < 0) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFFU);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else if (const int byte = hex_byte(text.substr(i + 1)); byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else if (text.substr(i + 1).starts_with("\r\n")) {  // a soft line break
      i += 2;
    } else if (text.substr(i + 1).starts_with('\n')) {
      i += 1;
    } else {
      out += '=';
    }
  }
  return out;
}

}  // namespace renvoi::extract
