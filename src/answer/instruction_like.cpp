#include "answer/instruction_like.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "answer/answer_directions.h"
#include "answer/instruction_phrases.h"
#include "base/utf8.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

using Phrases = std::span<const std::string_view>;

bool is_zero_width(char32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF || c == 0xAD || c == 0x180E ||
         c == 0x34F || c == 0x3164 || c == 0x115F || c == 0x1160;
}
bool is_direction(char32_t c) { return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); }
bool is_tag(char32_t c) { return c >= 0xE0000 && c <= 0xE007F; }
bool is_selector(char32_t c) { return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF); }
bool is_control(char32_t c) { return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0); }

// Of Cyrillic and Greek, those that pass for a Latin letter (Unicode TR 39, confusables, the common ones).
char32_t look_alike(char32_t c) {
  static constexpr std::pair<char32_t, char> kTable[] = {
      {0x430, 'a'}, {0x435, 'e'}, {0x43E, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x443, 'y'}, {0x445, 'x'}, {0x456, 'i'},
      {0x458, 'j'}, {0x455, 's'}, {0x4BB, 'h'}, {0x501, 'd'}, {0x51B, 'q'}, {0x432, 'b'}, {0x43C, 'm'}, {0x43D, 'h'},
      {0x442, 't'}, {0x433, 'r'}, {0x3BF, 'o'}, {0x3B1, 'a'}, {0x3B5, 'e'}, {0x3B9, 'i'}, {0x3BD, 'v'}, {0x3C1, 'p'},
      {0x3C4, 't'}, {0x3C5, 'u'}, {0x3BA, 'k'}, {0x261, 'g'}, {0x131, 'i'}, {0x4CF, 'l'}, {0x578, 'n'}, {0x585, 'o'}};
  for (const auto& [from, to] : kTable)
    if (from == c) return static_cast<char32_t>(to);
  return c;
}

bool is_latin(char32_t c) { return c >= 'a' && c <= 'z'; }
bool is_word_character(char32_t c) {
  return is_latin(c) || (c >= '0' && c <= '9') || c == '\'' ||
         (c >= 0xC0 && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) && c != 0xFF0C);
}

// A text to look for phrases in: folded, without what nobody sees, look-alikes as the Latin letters of their word,
// letters set apart joined, one space between words and at both ends. `marks` keeps what parts words, for the rest.
struct Skeleton {
  std::string words;  // " ignore all previous instructions "
  std::string raw;    // folded, with its punctuation
};

std::u32string decoded(std::string_view text) {
  std::u32string all;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_utf8(text.substr(at));
    all += next.code_point;
    at += next.length;
  }
  return all;
}

void add_word(std::string& out, std::u32string word) {
  const bool latin = std::any_of(word.begin(), word.end(), is_latin);
  const bool letters = std::any_of(word.begin(), word.end(), [](char32_t c) { return is_latin(c) || c >= 0xC0; });
  bool all_alike = true;
  for (const char32_t c : word) all_alike &= look_alike(c) != c || !(c >= 0x370 && c < 0x600);
  for (char32_t& c : word) {
    if (latin || all_alike) c = look_alike(c);
    if (letters && latin && word.size() > 2) {  // 1gn0re
      c = c == '0' ? 'o' : c == '1' ? 'i' : c == '3' ? 'e' : c == '4' ? 'a' : c == '5' ? 's' : c == '7' ? 't' : c;
    }
  }
  for (const char32_t c : word) append_utf8(out, c);
  out += ' ';
}

// "i g n o r e" is a word when it is set apart for long enough.
std::string with_letters_joined(const std::string& words) {
  std::string out = " ", run;
  std::size_t letters = 0;
  const auto flush = [&] {
    if (letters >= 4)
      std::erase(run, ' '), out += run + ' ';
    else
      out += run;
    run.clear();
    letters = 0;
  };
  for (std::size_t at = 1; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    const std::string word = words.substr(at, end - at);
    if (word.size() == 1 && word[0] >= 'a' && word[0] <= 'z') {
      run += word + ' ';
      ++letters;
    } else {
      flush();
      out += word + ' ';
    }
    at = end + 1;
  }
  flush();
  return out;
}

Skeleton skeleton_of(std::string_view text) {
  Skeleton skeleton;
  skeleton.raw = text::fold(text::normalize_for_quotes(without_invisible(text)));
  std::string words = " ";
  std::u32string word;
  for (const char32_t c : decoded(skeleton.raw)) {
    if (is_word_character(c)) {
      if (c != '\'') word += c;
      if (c == '\'' && !word.empty()) add_word(words, word), word.clear();  // l'utilisateur
      continue;
    }
    if (!word.empty()) add_word(words, word);
    word.clear();
  }
  if (!word.empty()) add_word(words, word);
  skeleton.words = with_letters_joined(words);
  return skeleton;
}

bool holds(const std::string& text, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string::npos; });
}

// Some of `first` with some of `second` at most `window` bytes after it.
bool holds_near(const std::string& text, Phrases first, Phrases second, std::size_t window) {
  for (const std::string_view phrase : first) {
    for (std::size_t at = text.find(phrase); at != std::string::npos; at = text.find(phrase, at + 1)) {
      const std::size_t from = at + phrase.size() - (phrase.ends_with(' ') ? 1 : 0);
      if (holds(text.substr(from, window), second)) return true;
    }
  }
  return false;
}

bool exfiltrates(const std::string& raw) {
  const bool image = raw.find("![") != std::string::npos || raw.find("<img") != std::string::npos ||
                     raw.find("<iframe") != std::string::npos || raw.find("<script") != std::string::npos ||
                     raw.find("background:url") != std::string::npos || raw.find("javascript:") != std::string::npos ||
                     raw.find("data:text/html") != std::string::npos;
  const bool address = raw.find("://") != std::string::npos || raw.find("](//") != std::string::npos;
  return image ? (address || raw.find("javascript:") != std::string::npos || raw.find("data:") != std::string::npos)
               : address && holds(raw, kWaits);
}

// Words in base64: a long run that decodes to printable text with spaces in it.
bool encodes_words(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kShortest = 28;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && kDigits.find(text[end]) != std::string_view::npos) ++end;
    if (end - at >= kShortest) {
      std::string out;
      std::uint32_t bits = 0, held = 0;
      for (std::size_t i = at; i < end; ++i) {
        bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(text[i]));
        held += 6;
        if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 0xFF);
      }
      const auto printable = std::count_if(out.begin(), out.end(), [](char c) { return c >= ' ' && c <= '~'; });
      const auto spaces = std::count(out.begin(), out.end(), ' ');
      if (spaces >= 2 && static_cast<std::size_t>(printable) == out.size()) return true;
    }
    at = end + 1;
  }
  return false;
}

bool hides_characters(std::string_view text) {
  std::size_t zero_width = 0, tags = 0, selectors = 0, turned = 0;
  for (const char32_t c : decoded(text)) {
    zero_width += is_zero_width(c) && c != 0xAD && c != 0x200C && c != 0x200D && c != 0x200E && c != 0x200F ? 1 : 0;
    tags += is_tag(c) ? 1 : 0;
    selectors += c >= 0xE0100 ? (is_selector(c) ? 1 : 0) : 0;
    turned += c == 0x202E || c == 0x202D ? 1 : 0;
  }
  constexpr std::size_t kFew = 7;  // of a flag of a region (England, Scotland) there are 6
  return tags > kFew || selectors >= 4 || turned > 0 || zero_width > kFew;
}

// Where sentences may begin: the start, and after what ends one.
bool begins_with_order(const Skeleton& skeleton) {
  std::string_view raw = skeleton.raw;
  for (std::size_t begin = 0; begin < raw.size();) {
    std::size_t end = raw.find_first_of(".!?:;\n>", begin);
    if (end == std::string_view::npos) end = raw.size();
    std::string sentence = skeleton_of(raw.substr(begin, end - begin)).words;
    const std::size_t number = sentence.find_first_not_of(" 0123456789");
    if (number != std::string::npos && number > 0) sentence.erase(0, number - 1);
    for (const std::string_view polite :
         {" please ", " then ", " and ", " veuillez ", " bitte ", " por favor ", " so ", " now ", " just "})
      if (sentence.starts_with(polite)) sentence.erase(0, polite.size() - 1);
    for (const std::string_view order : kOrders)
      if (sentence.starts_with(order)) return true;
    begin = end + 1;
  }
  return false;
}

bool speaks_for_another(const std::string& raw) {
  for (std::size_t begin = 0; begin < raw.size();) {
    const std::size_t letter = raw.find_first_not_of(" \t\n#*>-_[(|\"", begin);
    if (letter == std::string::npos) break;
    for (const std::string_view speaker : kSpeakers)
      if (std::string_view(raw).substr(letter).starts_with(speaker)) return true;
    begin = raw.find_first_of("\n|", letter);
    if (begin == std::string::npos) break;
  }
  return false;
}

std::optional<Suspicion> suspicion_of(std::string_view text) {
  if (hides_characters(text)) return Suspicion::invisible;
  const Skeleton skeleton = skeleton_of(text);
  if (holds(skeleton.raw, kTurns) || speaks_for_another(skeleton.raw)) return Suspicion::role;
  // Folding takes Hangul and kana apart.
  const std::string seen = without_invisible(text);
  if (holds(skeleton.raw, kOverridesAnywhere) || holds(seen, kOverridesAnywhere)) return Suspicion::overrides;
  constexpr std::size_t kNear = 60;
  for (const std::string_view discard : kDiscard) {
    for (std::size_t at = skeleton.words.find(discard); at != std::string::npos;
         at = skeleton.words.find(discard, at + 1)) {
      const std::string rest = skeleton.words.substr(at + discard.size() - 1, kNear);
      if (holds(rest, kWhatCame) && holds(rest, kInstructions)) return Suspicion::overrides;
    }
  }
  if (holds(skeleton.words, kDirectsAnswer) || holds(skeleton.raw, kDirectsAnywhere) || holds(seen, kDirectsAnywhere))
    return Suspicion::addressed;
  if (begins_with_order(skeleton)) return Suspicion::addressed;
  constexpr std::size_t kSentence = 160;
  if (holds_near(skeleton.words, kMachines, kSpeak, kSentence) && holds(skeleton.words, kDirects))
    return Suspicion::addressed;
  if (exfiltrates(skeleton.raw)) return Suspicion::exfiltrates;
  if (encodes_words(text)) return Suspicion::encoded;
  return {};
}

}  // namespace

std::string_view to_string(Suspicion suspicion) {
  constexpr std::array<std::string_view, 6> kNames = {
      "hidden characters",      "a turn of a conversation", "tells to ignore instructions",
      "speaks to an assistant", "sends what it is given",   "encoded text"};
  return kNames[static_cast<std::size_t>(suspicion)];
}

std::string without_invisible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_utf8(text.substr(at));
    const char32_t c = next.code_point;
    if (!is_zero_width(c) && !is_direction(c) && !is_tag(c) && !is_selector(c) && !is_control(c))
      out += text.substr(at, next.length);
    at += next.length;
  }
  return out;
}

std::vector<Suspect> suspects_in(std::string_view text) {
  std::vector<text::Range> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    begin = end + 1;
  }
  constexpr std::uint32_t kLongestCut = 400;  // a line longer than that is a paragraph, and whole
  std::vector<Suspect> found;
  std::vector<bool> known(lines.size(), false);
  std::vector<std::optional<Suspicion>> alone(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) alone[i] = suspicion_of(text::slice(text, lines[i]));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (alone[i]) {
      found.push_back({lines[i], *alone[i]});
      known[i] = true;
      continue;
    }
    if (i + 1 == lines.size() || alone[i + 1] || (i > 0 && known[i])) continue;
    if (lines[i].size() > kLongestCut || lines[i + 1].size() > kLongestCut) continue;
    const std::string both =
        std::string(text::slice(text, lines[i])) + ' ' + std::string(text::slice(text, lines[i + 1]));
    if (const auto what = suspicion_of(both)) {
      found.push_back({{lines[i].begin, lines[i + 1].end}, *what});
      known[i + 1] = true;
    }
  }
  return found;
}

}  // namespace renvoi::answer
