#include "text/sentences.h"

#include <unicode/brkiter.h>
#include <unicode/filteredbrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "base/utf8.h"
#include "text/words.h"

namespace renvoi::text {
namespace {

constexpr std::array<const char16_t*, 99> kAbbreviations = {
    u"M.",    u"MM.",   u"Mme.",  u"Mmes.", u"Mlle.", u"Dr.",   u"Drs.",    u"Pr.",   u"Me.",  u"art.",  u"Art.",
    u"al.",   u"alin.", u"cf.",   u"Cf.",   u"p.",    u"pp.",   u"ex.",     u"fig.",  u"Fig.", u"figs.", u"n°.",
    u"no.",   u"No.",   u"nos.",  u"Nos.",  u"vol.",  u"chap.", u"éd.",     u"env.",  u"av.",  u"apr.",  u"arr.",
    u"bd.",   u"boul.", u"coll.", u"dir.",  u"hab.",  u"réf.",  u"suppl.",  u"trad.", u"tél.", u"Cie.",  u"janv.",
    u"févr.", u"sept.", u"oct.",  u"nov.",  u"déc.",  u"St.",   u"Ste.",    u"Mr.",   u"Mrs.", u"Ms.",   u"Prof.",
    u"Rev.",  u"Hon.",  u"Gen.",  u"Gov.",  u"Sen.",  u"Rep.",  u"Capt.",   u"Col.",  u"Lt.",  u"Sgt.",  u"Sr.",
    u"Jr.",   u"e.g.",  u"i.e.",  u"vs.",   u"U.S.",  u"U.K.",  u"sec.",    u"Sec.",  u"ch.",  u"eq.",   u"Eq.",
    u"ref.",  u"Inc.",  u"Ltd.",  u"Co.",   u"Corp.", u"Dept.", u"Univ.",   u"Mt.",   u"Ave.", u"Blvd.", u"Jan.",
    u"Feb.",  u"Aug.",  u"Sept.", u"Oct.",  u"Nov.",  u"Dec.",  u"approx.", u"resp.", u"ed.",  u"eds.",  u"transl."};

// Built from CLDR's suppressions and ours; costly to make, not thread-safe: one for each thread and language.
icu::BreakIterator* sentence_iterator(bool french) {
  const auto make = [](const char* name) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale locale(name);
    std::unique_ptr<icu::BreakIterator> plain(icu::BreakIterator::createSentenceInstance(locale, status));
    std::unique_ptr<icu::FilteredBreakIteratorBuilder> builder(
        icu::FilteredBreakIteratorBuilder::createInstance(locale, status));
    if (U_FAILURE(status)) return plain;
    for (const char16_t* abbreviation : kAbbreviations) builder->suppressBreakAfter(abbreviation, status);
    std::unique_ptr<icu::BreakIterator> filtered(builder->wrapIteratorWithFilter(plain.release(), status));
    return filtered;
  };
  thread_local const std::unique_ptr<icu::BreakIterator> for_french = make("fr");
  thread_local const std::unique_ptr<icu::BreakIterator> for_others = make("en");
  return french ? for_french.get() : for_others.get();
}

// ICU's filter takes no abbreviation with a full stop inside.
bool ends_in_dotted_abbreviation(std::string_view sentence) {
  constexpr std::array<std::string_view, 14> kDotted = {"e.g.",     "i.e.",  "p. ex.",    "c.-à-d.",   "p.ex.",
                                                        "op. cit.", "MM.",   "av.",       "N.B.",      "U.S.",
                                                        "U.K.",     "Ph.D.", "av. J.-C.", "apr. J.-C."};
  return std::any_of(kDotted.begin(), kDotted.end(), [&](std::string_view abbreviation) {
    if (!sentence.ends_with(abbreviation)) return false;
    if (sentence.size() == abbreviation.size()) return true;
    const char before = sentence[sentence.size() - abbreviation.size() - 1];
    return before == ' ' || before == '(' || before == '[';
  });
}

// "John F." before Kennedy, "J. R. R." before Tolkien; not "vitamin C." An initial stands first, or after another, or
// after a word that begins with a capital.
bool ends_in_initial(std::string_view sentence) {
  if (sentence.size() < 2 || sentence.back() != '.') return false;
  std::size_t begin = sentence.size() - 2;
  while (begin > 0 && (static_cast<unsigned char>(sentence[begin]) & 0xC0) == 0x80) --begin;
  const DecodedCodePoint letter = decode_utf8(sentence.substr(begin));
  if (begin + letter.length + 1 != sentence.size() || u_isupper(static_cast<UChar32>(letter.code_point)) == 0)
    return false;
  if (begin == 0) return true;
  if (sentence[begin - 1] == '-' || sentence[begin - 1] == '.') return begin >= 2;
  if (sentence[begin - 1] != ' ') return false;
  const std::size_t space = sentence.rfind(' ', begin - 2);
  const std::string_view before = sentence.substr(space == std::string_view::npos ? 0 : space + 1);
  return begin >= 2 && u_isupper(static_cast<UChar32>(decode_utf8(before).code_point)) != 0;
}

Range trimmed(std::string_view text, Range range) {
  while (range.begin < range.end) {
    const DecodedCodePoint c = decode_utf8(text.substr(range.begin));
    if (!u_isUWhiteSpace(static_cast<UChar32>(c.code_point))) break;
    range.begin += c.length;
  }
  while (range.end > range.begin) {
    std::uint32_t last = range.end - 1;
    while (last > range.begin && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!u_isUWhiteSpace(static_cast<UChar32>(decode_utf8(text.substr(last)).code_point))) break;
    range.end = last;
  }
  return range;
}

void split_block(std::string_view text, Range block, icu::BreakIterator& iterator, std::vector<Range>& out) {
  UErrorCode status = U_ZERO_ERROR;
  UText* view = utext_openUTF8(nullptr, text.data() + block.begin, block.size(), &status);
  iterator.setText(view, status);
  if (U_FAILURE(status)) {
    utext_close(view);
    if (const Range whole = trimmed(text, block); whole.size() > 0) out.push_back(whole);
    return;
  }
  std::uint32_t begin = block.begin + static_cast<std::uint32_t>(iterator.first());
  for (std::int32_t next = iterator.next(); next != icu::BreakIterator::DONE; next = iterator.next()) {
    const std::uint32_t end = block.begin + static_cast<std::uint32_t>(next);
    const Range sentence = trimmed(text, {begin, end});
    const std::string_view words = slice(text, sentence);
    if (end < block.end && (ends_in_dotted_abbreviation(words) || ends_in_initial(words))) continue;
    if (sentence.size() > 0) out.push_back(sentence);
    begin = end;
  }
  utext_close(view);
}

}  // namespace

std::vector<Range> sentences(std::string_view text, std::string_view language) {
  std::vector<Range> out;
  icu::BreakIterator* iterator = sentence_iterator(language == "fr");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const Range block{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    if (iterator != nullptr)
      split_block(text, block, *iterator, out);
    else if (const Range whole = trimmed(text, block); whole.size() > 0)
      out.push_back(whole);
    begin = end + 1;
  }
  return out;
}

// Fitted to XLM-R's 250,000 pieces on French and English prose, on the high side: a word of up to five letters is one
// piece, each further four letters one more; marks and digits are nearly a piece each.
std::uint32_t estimate_tokens(std::string_view text) {
  std::uint32_t tokens = 0, letters = 0, digits = 0;
  const auto end_word = [&] {
    if (letters > 0) tokens += 1 + (letters > 6 ? (letters - 3) / 4 : 0);
    tokens += (digits + 1) / 2;
    letters = digits = 0;
  };
  while (!text.empty()) {
    const DecodedCodePoint c = decode_utf8(text);
    text.remove_prefix(c.length);
    const auto point = static_cast<UChar32>(c.code_point);
    if (c.code_point < 0x80 ? (c.code_point >= '0' && c.code_point <= '9') : u_isdigit(point) != 0) {
      ++digits;
    } else if (c.code_point >= 0x2E80) {  // ideographs, kana, hangul, emoji: close to a piece each
      end_word();
      ++tokens;
    } else if (u_isalpha(point) != 0 || u_charType(point) == U_NON_SPACING_MARK) {
      ++letters;
    } else {
      end_word();
      if (u_isUWhiteSpace(point) == 0) ++tokens;
    }
  }
  end_word();
  return tokens;
}

}  // namespace renvoi::text
