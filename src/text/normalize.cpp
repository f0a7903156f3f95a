#include "text/normalize.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <vector>

#include "base/utf8.h"

namespace renvoi::text {
namespace {

// Code points that stand for an ASCII form under the documented normalisation. Empty: dropped. Nothing: kept.
std::optional<std::string_view> plain_form(char32_t c) {
  switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:
    case 0x02BC:
      return "'";
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:
    case 0xAB:
    case 0xBB:
      return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
      return "-";
    case 0x2026:
      return "...";
    case 0xAD:
    case 0x200B:
    case 0x200C:
    case 0x200D:
    case 0x2060:
    case 0xFEFF:
      return "";
    default:
      return std::nullopt;
  }
}

// The normalised text with, for each of its bytes, the range of the original it came from.
struct Normalized {
  std::string text;
  std::vector<std::uint32_t> begin, end;

  void append(std::string_view piece, std::uint32_t from, std::uint32_t to) {
    text += piece;
    begin.insert(begin.end(), piece.size(), from);
    end.insert(end.end(), piece.size(), to);
  }
};

// A starter with the marks after it: the unit that NFC composes.
std::string compose(std::string_view cluster) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return std::string(cluster);
  const icu::UnicodeString wide =
      icu::UnicodeString::fromUTF8({cluster.data(), static_cast<std::int32_t>(cluster.size())});
  std::string out;
  const icu::UnicodeString composed = nfc->normalize(wide, status);
  if (U_FAILURE(status)) return std::string(cluster);
  composed.toUTF8String(out);
  return out;
}

class QuoteNormalizer {
 public:
  explicit QuoteNormalizer(std::string_view text) : text_(text) {
    UErrorCode status = U_ZERO_ERROR;
    nfc_ = icu::Normalizer2::getNFCInstance(status);
  }

  Normalized run() {
    std::uint32_t at = 0;
    while (at < text_.size()) {
      const DecodedCodePoint decoded = decode_utf8(text_.substr(at));
      const std::uint32_t next = at + decoded.length;
      if (u_isUWhiteSpace(static_cast<UChar32>(decoded.code_point))) {
        if (!space_pending_) space_begin_ = at;
        space_pending_ = true;
        space_end_ = next;
        at = next;
      } else if (const auto plain = plain_form(decoded.code_point)) {
        emit(*plain, at, next);
        at = next;
      } else {
        at = cluster(at, next, decoded.code_point);
      }
    }
    return std::move(out_);
  }

 private:
  std::uint32_t cluster(std::uint32_t at, std::uint32_t end, char32_t first) {
    bool simple = first < 0x300;
    while (end < text_.size() && static_cast<unsigned char>(text_[end]) >= 0x80) {
      const DecodedCodePoint next = decode_utf8(text_.substr(end));
      if (plain_form(next.code_point) || u_isUWhiteSpace(static_cast<UChar32>(next.code_point)) ||
          nfc_->hasBoundaryBefore(static_cast<UChar32>(next.code_point)))
        break;
      simple = false;
      end += next.length;
    }
    const std::string_view raw = text_.substr(at, end - at);
    if (simple)
      emit(raw, at, end);
    else
      emit(compose(raw), at, end);
    return end;
  }

  void emit(std::string_view piece, std::uint32_t from, std::uint32_t to) {
    if (piece.empty()) return;
    if (space_pending_ && !out_.text.empty()) out_.append(" ", space_begin_, space_end_);
    space_pending_ = false;
    out_.append(piece, from, to);
  }

  std::string_view text_;
  const icu::Normalizer2* nfc_ = nullptr;
  Normalized out_;
  bool space_pending_ = false;
  std::uint32_t space_begin_ = 0, space_end_ = 0;
};

}  // namespace

std::string normalize_for_quotes(std::string_view text) { return QuoteNormalizer(text).run().text; }

std::optional<Range> find_quote(std::string_view document, std::string_view quote) {
  const std::string wanted = normalize_for_quotes(quote);
  if (wanted.empty()) return std::nullopt;
  const Normalized normalized = QuoteNormalizer(document).run();
  const std::size_t at = normalized.text.find(wanted);
  if (at == std::string::npos) return std::nullopt;
  return Range{normalized.begin[at], normalized.end[at + wanted.size() - 1]};
}

std::string fold(std::string_view text) {
  bool ascii = true;
  std::string out;
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      ascii = false;
      break;
    }
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (ascii) return out;
  out.clear();
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(status);
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  wide.foldCase();
  if (U_SUCCESS(status)) {
    const icu::UnicodeString decomposed = nfkd->normalize(wide, status);
    if (U_SUCCESS(status)) wide = decomposed;
  }
  icu::UnicodeString plain;
  for (std::int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = wide.char32At(i);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (c == 0x153)
      plain.append(u"oe", 2);
    else if (c == 0xE6)
      plain.append(u"ae", 2);
    else
      plain.append(c);
  }
  plain.foldCase();
  plain.toUTF8String(out);
  return out;
}

}  // namespace renvoi::text
