#include "extract/decode.h"

#include <uchardet/uchardet.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include "base/utf8.h"
#include "extract/sniff.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kPrescanBytes = 4'096;
constexpr std::size_t kDetectBytes = 256 * 1'024;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The WHATWG Encoding Standard's reading of labels that pages misuse: latin-1 and ASCII mean windows-1252.
std::string whatwg_name(std::string_view label) {
  const std::string name = lower(label);
  struct Alias {
    std::string_view label, meant;
  };
  static constexpr std::array kAliases{Alias{"utf8", "utf-8"},
                                       Alias{"unicode-1-1-utf-8", "utf-8"},
                                       Alias{"iso-8859-1", "windows-1252"},
                                       Alias{"latin1", "windows-1252"},
                                       Alias{"latin-1", "windows-1252"},
                                       Alias{"iso8859-1", "windows-1252"},
                                       Alias{"iso_8859-1", "windows-1252"},
                                       Alias{"us-ascii", "windows-1252"},
                                       Alias{"ascii", "windows-1252"},
                                       Alias{"cp1252", "windows-1252"},
                                       Alias{"x-cp1252", "windows-1252"},
                                       Alias{"iso-8859-9", "windows-1254"},
                                       Alias{"tis-620", "windows-874"},
                                       Alias{"iso-8859-11", "windows-874"},
                                       Alias{"gb2312", "gb18030"},
                                       Alias{"gbk", "gb18030"},
                                       Alias{"x-gbk", "gb18030"},
                                       Alias{"ks_c_5601-1987", "euc-kr"},
                                       Alias{"shift-jis", "shift_jis"},
                                       Alias{"x-sjis", "shift_jis"},
                                       Alias{"sjis", "shift_jis"},
                                       Alias{"uhc", "windows-949"},
                                       Alias{"unicode", "utf-16le"},
                                       Alias{"utf-16", "utf-16le"}};
  for (const Alias& alias : kAliases)
    if (name == alias.label) return std::string(alias.meant);
  return name;
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

// <meta charset="x"> or <meta http-equiv=Content-Type content="text/html; charset=x"> (HTML standard, 13.2.3.2).
std::string meta_charset(std::string_view bytes) {
  const std::string head = lower(bytes.substr(0, kPrescanBytes));
  for (std::size_t at = 0; (at = head.find("<meta", at)) != std::string::npos;) {
    const std::size_t end = std::min(head.find('>', at), head.size());
    const std::string found = charset_of(std::string_view(head).substr(at, end - at));
    if (!found.empty()) {
      // A page that could be read so far as ASCII cannot be in UTF-16, whatever it says.
      const std::string name = whatwg_name(found);
      return name.starts_with("utf-16") ? "utf-8" : name;
    }
    at = end;
  }
  return {};
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
  return whatwg_name(uchardet_get_charset(detector.get()));
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
  for (const std::string& name : {whatwg_name(declared), html ? meta_charset(bytes) : std::string()}) {
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
  return guessed_charset(bytes);
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

}  // namespace renvoi::extract
