#include "crawl/listing_text.h"

#include "base/utf8.h"
#include "crawl/ascii.h"
#include "crawl/gzip.h"

namespace renvoi::crawl {
namespace {

std::string from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  std::string out;
  out.reserve(bytes.size() / 2);
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t code_point = unit(at);
    const bool high = code_point >= 0xD800 && code_point < 0xDC00;
    if (high && at + 3 < bytes.size() && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
      at += 2;
    } else if (code_point >= 0xD800 && code_point < 0xE000) {
      code_point = 0xFFFD;
    }
    append_utf8(out, code_point);
  }
  return out;
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

std::string decode(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes.substr(2), true);
  if (bytes.starts_with("<\0"sv)) return from_utf16(bytes, false);
  if (bytes.starts_with("\0<"sv)) return from_utf16(bytes, true);
  return is_valid_utf8(bytes) ? std::string(bytes) : from_latin1(bytes);
}

}  // namespace

Result<std::string> listing_text(std::string_view bytes, std::size_t max_bytes, std::string_view what) {
  const std::string name(what);
  std::string expanded;
  if (is_gzip(bytes)) {
    RENVOI_TRY(expanded, gunzip(bytes, max_bytes, what));
    bytes = expanded;
  }
  if (bytes.size() > max_bytes)
    return Error{ErrorCode::exhausted, name + " is larger than " + std::to_string(max_bytes >> 20) + " MB"};
  std::string text(trim(decode(bytes)));
  if (text.empty()) return Error{ErrorCode::invalid, name + " is empty"};
  return text;
}

}  // namespace renvoi::crawl
