#include "extract/decode.h"

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include "base/utf8.h"
#include "extract/charset_labels.h"
#include "extract/sniff.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPrescanBytes = 4'096;
constexpr std::size_t kDetectBytes = 256 * 1'024;
constexpr std::size_t kMinHeadBytes = 1'024;  // a "</head" before is in a script as often as not
constexpr std::size_t kMaxHeadBytes = 64 * 1'024;
constexpr std::size_t kMinGuessBytes = 250;  // of text
constexpr std::size_t kMinGuessHighBytes = 24;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The name ICU knows a declared charset by; "" when it is not to be read. Labels outside of the standard are left to
// ICU.
std::string charset_named(std::string_view label) {
  if (const auto known = whatwg_charset(label)) return std::string(*known);
  return lower(label);
}

Converter open_converter(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  if (name.empty() || name.size() > 60) return nullptr;
  Converter converter(ucnv_open(name.c_str(), &status));
  return U_SUCCESS(status) ? std::move(converter) : nullptr;
}

std::string mark_charset(std::string_view bytes, std::size_t& mark_bytes) {
  struct Mark {
    std::string_view bytes, charset;
  };
  static constexpr std::array kMarks{Mark{"\xEF\xBB\xBF"sv, "utf-8"sv}, Mark{"\xFF\xFE\0\0"sv, "utf-32le"sv},
                                     Mark{"\0\0\xFE\xFF"sv, "utf-32be"sv}, Mark{"\xFF\xFE"sv, "utf-16le"sv},
                                     Mark{"\xFE\xFF"sv, "utf-16be"sv}};
  for (const Mark& mark : kMarks) {
    if (!bytes.starts_with(mark.bytes)) continue;
    mark_bytes = mark.bytes.size();
    return std::string(mark.charset);
  }
  return {};
}

// UTF-16 without a mark shows as zeros in every other byte of its ASCII characters.
std::string zeros_charset(std::string_view bytes) {
  std::size_t even = 0, odd = 0;
  const std::string_view head = bytes.substr(0, kPrescanBytes);
  for (std::size_t i = 0; i < head.size(); ++i)
    if (head[i] == 0) ++(i % 2 == 0 ? even : odd);
  if (odd > head.size() / 4 && even * 20 < odd) return "utf-16le";
  if (even > head.size() / 4 && odd * 20 < even) return "utf-16be";
  return {};
}

// How far a page is searched for its <meta charset>: the standard's 1,024 bytes miss one page in eight.
std::string_view head_of(std::string_view bytes) {
  bytes = bytes.substr(0, kMaxHeadBytes);
  for (std::size_t at = 0; (at = bytes.find("</", at)) != std::string_view::npos; ++at)
    if (at >= kMinHeadBytes && lower(bytes.substr(at, 6)) == "</head") return bytes.substr(0, at);
  return bytes;
}

// <meta charset="x"> or <meta http-equiv=Content-Type content="text/html; charset=x"> (HTML standard, 13.2.3.2), not in
// a comment.
std::string meta_charset(std::string_view bytes) {
  const std::string head = lower(head_of(bytes));
  for (std::size_t at = 0; (at = head.find('<', at)) != std::string::npos;) {
    if (head.compare(at, 4, "<!--") == 0) {
      at = std::min(head.find("-->", at + 2), head.size());
      continue;
    }
    if (head.compare(at, 5, "<meta") != 0) {
      ++at;
      continue;
    }
    const std::size_t end = std::min(head.find('>', at), head.size());
    const std::string found = charset_of(std::string_view(head).substr(at, end - at));
    if (!found.empty()) {
      // A page that could be read so far as ASCII cannot be in UTF-16, whatever it says.
      std::string name = charset_named(found);
      return name.starts_with("utf-16") ? "utf-8" : name;
    }
    at = end;
  }
  return {};
}

// Whether there is enough to judge a charset by. uchardet guesses wildly on a few words with an accent here and there;
// a text in another script shows itself much sooner, by the share of its bytes that are not ASCII.
bool can_be_guessed(std::string_view bytes, bool html) {
  std::size_t all = 0, high = 0;
  bool in_tag = false;
  for (const char c : bytes.substr(0, kDetectBytes)) {
    const auto u = static_cast<unsigned char>(c);
    if (html && c == '<') in_tag = true;
    if (!in_tag && u > ' ') ++all, high += u >= 0x80 ? 1 : 0;
    if (c == '>') in_tag = false;
  }
  return all >= kMinGuessBytes || (high >= kMinGuessHighBytes && high * 4 >= all);
}

std::string guessed_charset(std::string_view bytes) {
  struct Delete {
    void operator()(uchardet_t detector) const { uchardet_delete(detector); }
  };
  const std::unique_ptr<std::remove_pointer_t<uchardet_t>, Delete> detector(uchardet_new());
  if (!detector) return {};
  const std::string_view sample = bytes.substr(0, kDetectBytes);
  if (uchardet_handle_data(detector.get(), sample.data(), sample.size()) != 0) return {};
  uchardet_data_end(detector.get());
  std::string found = lower(uchardet_get_charset(detector.get()));
  if (found == "uhc") found = "windows-949";  // a name of uchardet's own
  std::string name = charset_named(found);
  return name.empty() ? found : name;  // "hz-gb-2312": not to be believed when declared, but here it was seen
}

bool convert(UConverter* converter, std::string_view bytes, std::string& out) {
  const Converter utf8 = open_converter("UTF-8");
  if (!utf8) return false;
  std::array<UChar, 4'096> pivot;
  UChar* pivot_source = pivot.data();
  UChar* pivot_target = pivot.data();
  std::array<char, 16'384> buffer;
  const char* source = bytes.data();
  const char* const source_end = source + bytes.size();
  out.clear();
  out.reserve(bytes.size() + bytes.size() / 8);
  UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
  bool first = true;
  while (status == U_BUFFER_OVERFLOW_ERROR) {
    status = U_ZERO_ERROR;
    char* target = buffer.data();
    ucnv_convertEx(utf8.get(), converter, &target, buffer.data() + buffer.size(), &source, source_end, pivot.data(),
                   &pivot_source, &pivot_target, pivot.data() + pivot.size(), first, true, &status);
    first = false;
    out.append(buffer.data(), target);
  }
  return U_SUCCESS(status);
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// A page cut in the middle of a character (by a size limit) is still UTF-8.
bool is_utf8_but_for_its_end(std::string_view bytes) {
  for (std::size_t cut = 0; cut < 4 && cut <= bytes.size(); ++cut)
    if (is_valid_utf8(bytes.substr(0, bytes.size() - cut))) return true;
  return false;
}

// ISO-2022 and UTF-7 pages are ASCII by their bytes; only an escape tells them.
bool has_escape(std::string_view bytes) { return bytes.find('\x1B') != std::string_view::npos; }

std::string decide(std::string_view bytes, std::string_view declared, bool html) {
  if (std::string name = zeros_charset(bytes); !name.empty()) return name;
  const bool ascii = is_ascii(bytes);
  if (ascii ? !has_escape(bytes) : is_utf8_but_for_its_end(bytes)) return "utf-8";
  for (const std::string& name : {charset_named(declared), html ? meta_charset(bytes) : std::string()}) {
    // Said to be UTF-8 but not valid: a few broken bytes in a long text are more likely than a wrong label.
    if (name == "utf-8") {
      std::size_t bad = 0, good = 0;
      for (std::string_view rest = bytes.substr(0, kDetectBytes); !rest.empty();) {
        const DecodedCodePoint c = decode_utf8(rest);
        if (!c.valid)
          ++bad;
        else if (c.length > 1)
          ++good;
        rest.remove_prefix(c.length);
      }
      if (good >= bad * 4) return name;
    } else if (open_converter(name)) {
      return name;
    }
  }
  return can_be_guessed(bytes, html) ? guessed_charset(bytes) : std::string();
}

}  // namespace

void decode(std::string_view bytes, std::string_view declared, bool html, Decoded& out) {
  std::size_t mark_bytes = 0;
  out.charset = mark_charset(bytes, mark_bytes);
  bytes.remove_prefix(mark_bytes);
  if (out.charset.empty()) out.charset = decide(bytes, declared, html);
  if (out.charset == "utf-8") {
    out.text = is_valid_utf8(bytes) ? bytes : std::string_view(out.storage = repair_utf8(bytes));
    return;
  }
  Converter converter = open_converter(out.charset);
  if (!converter) converter = open_converter(out.charset = "windows-1252");
  if (!converter || !convert(converter.get(), bytes, out.storage)) {
    out.charset = "utf-8";
    out.storage = repair_utf8(bytes);
  }
  if (!is_valid_utf8(out.storage)) out.storage = repair_utf8(out.storage);
  out.text = out.storage;
}

std::string utf8_from(std::string_view bytes, const std::string& charset) {
  std::string out;
  const Converter converter = open_converter(charset);
  return converter && convert(converter.get(), bytes, out) ? repair_utf8(out) : repair_utf8(bytes);
}

}  // namespace renvoi::extract
