#include "text/language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <cctype>

#include "base/utf8.h"
#include "text/function_words.h"
#include "text/words.h"

namespace renvoi::text {
namespace {

constexpr std::size_t kReadBytes = 16'384;  // of a long text: more tells nothing more
constexpr std::size_t kShortBytes = 160;    // up to here function words are the better judge
constexpr int kReliablePercent = 60;

std::string primary_tag(std::string_view hint) {
  std::string tag;
  for (char c : hint) {
    if (!std::isalpha(static_cast<unsigned char>(c))) break;
    tag += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return tag.size() == 2 ? tag : std::string();
}

// Positive for French, negative for English: function words of one that are not of the other, and French letters.
int french_over_english(std::string_view text) {
  int score = 0;
  for (const Word& word : split_words(text)) {
    const std::string lower = lower_case(slice(text, word.range));
    // An elision ("l'eau", "qu'est") is one word for Unicode; its head tells.
    if (const std::size_t apostrophe = apostrophe_at(lower); apostrophe != std::string::npos) {
      const std::string_view head = std::string_view(lower).substr(0, apostrophe);
      const std::string_view tail = std::string_view(lower).substr(apostrophe);
      if (head == "l" || head == "d" || head == "qu" || head == "n" || head == "j" || head == "c") score += 3;
      if (tail.ends_with("t") || tail.ends_with("ve") || tail.ends_with("re") ||
          (tail.ends_with("s") && tail.size() <= 4))
        score -= 3;
      continue;
    }
    const bool french = is_function_word(lower, "fr");
    const bool english = is_function_word(lower, "en");
    if (french != english) score += french ? 2 : -2;
    if (lower == "a") score -= 1;  // both an article of the one and a verb of the other: far oftener the article
    for (std::string_view rest = lower; !rest.empty();) {
      const DecodedCodePoint c = decode_utf8(rest);
      if (c.code_point == U'é' || c.code_point == U'è' || c.code_point == U'ê' || c.code_point == U'à' ||
          c.code_point == U'ç' || c.code_point == U'ù' || c.code_point == U'û' || c.code_point == U'œ' ||
          c.code_point == U'î')
        score += 1;
      rest.remove_prefix(c.length);
    }
  }
  return score;
}

std::string by_cld2(std::string_view text, const std::string& hint) {
  CLD2::CLDHints hints{nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  if (!hint.empty()) hints.content_language_hint = hint.c_str();
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int text_bytes = 0;
  bool reliable = false;
  const CLD2::Language language =
      CLD2::ExtDetectLanguageSummary(text.data(), static_cast<int>(text.size()), true, &hints, 0, languages, percents,
                                     scores, nullptr, &text_bytes, &reliable);
  if (language == CLD2::UNKNOWN_LANGUAGE || !reliable || percents[0] < kReliablePercent) return {};
  return primary_tag(CLD2::LanguageCode(language));
}

}  // namespace

std::string detect_language(std::string_view text, std::string_view hint) {
  const std::string declared = primary_tag(hint);
  std::string valid;
  text = truncate_utf8(text, kReadBytes);
  if (!is_valid_utf8(text)) text = valid = repair_utf8(text);

  const int score = text.size() <= kShortBytes * 4 ? french_over_english(text) : 0;
  if (text.size() <= kShortBytes) {
    if (score >= 1) return "fr";
    if (score <= -1) return "en";
  }
  if (std::string detected = by_cld2(text, declared); !detected.empty()) {
    // CLD2 takes short French or English for a neighbour now and then (Catalan, Scots): function words overrule.
    if (score >= 6 && detected != "fr") return "fr";
    if (score <= -6 && detected != "en") return "en";
    return detected;
  }
  if (score > 0) return "fr";
  if (score < 0) return "en";
  return declared.empty() ? "und" : declared;
}

}  // namespace renvoi::text
