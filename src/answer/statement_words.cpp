#include "answer/statement_words.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "text/function_words.h"
#include "text/normalize.h"
#include "text/terms.h"
#include "text/words.h"

namespace renvoi::answer {
namespace {

struct Bearing {
  std::string_view word, key;
  Turn turn;
};

// Folded. Words of one key stand for one another in both languages.
constexpr Bearing kBearing[] = {
    {"not", "#not", Turn::denies},
    {"no", "#no", Turn::denies},
    {"never", "#never", Turn::denies},
    {"cannot", "#not", Turn::denies},
    {"without", "#without", Turn::denies},
    {"nor", "#nor", Turn::denies},
    {"neither", "#nor", Turn::denies},
    {"none", "#no", Turn::denies},
    {"nobody", "#no", Turn::denies},
    {"nothing", "#no", Turn::denies},
    {"nowhere", "#no", Turn::denies},
    {"hardly", "#hardly", Turn::denies},
    {"barely", "#hardly", Turn::denies},
    {"ne", "#ne", Turn::denies},
    {"n", "#ne", Turn::denies},
    {"pas", "#pas", Turn::denies},
    {"jamais", "#never", Turn::denies},
    {"aucun", "#no", Turn::denies},
    {"aucune", "#no", Turn::denies},
    {"sans", "#without", Turn::denies},
    {"ni", "#nor", Turn::denies},
    {"rien", "#no", Turn::denies},
    {"non", "#non", Turn::denies},
    {"guere", "#hardly", Turn::denies},
    {"hormis", "#except", Turn::conditions},
    {"unless", "#unless", Turn::conditions},
    {"except", "#except", Turn::conditions},
    {"excluding", "#except", Turn::conditions},
    {"excepte", "#except", Turn::conditions},
    {"sauf", "#except", Turn::conditions},
    {"if", "#if", Turn::conditions},
    {"si", "#if", Turn::conditions},
    {"s'il", "#if", Turn::conditions},
    {"provided", "#provided", Turn::conditions},
    {"whether", "#whether", Turn::conditions},
    {"otherwise", "#otherwise", Turn::conditions},
    {"sinon", "#otherwise", Turn::conditions},
    {"allegedly", "#alleged", Turn::hedges},
    {"alleged", "#alleged", Turn::hedges},
    {"supposedly", "#alleged", Turn::hedges},
    {"reportedly", "#alleged", Turn::hedges},
    {"claimed", "#claim", Turn::hedges},
    {"claims", "#claim", Turn::hedges},
    {"claim", "#claim", Turn::hedges},
    {"denied", "#deny", Turn::hedges},
    {"denies", "#deny", Turn::hedges},
    {"denying", "#deny", Turn::hedges},
    {"refused", "#refuse", Turn::hedges},
    {"failed", "#fail", Turn::hedges},
    {"tried", "#try", Turn::hedges},
    {"attempted", "#try", Turn::hedges},
    {"planned", "#plan", Turn::hedges},
    {"proposed", "#propose", Turn::hedges},
    {"myth", "#myth", Turn::hedges},
    {"false", "#false", Turn::hedges},
    {"falsely", "#false", Turn::hedges},
    {"wrongly", "#false", Turn::hedges},
    {"perhaps", "#perhaps", Turn::hedges},
    {"maybe", "#perhaps", Turn::hedges},
    {"possibly", "#perhaps", Turn::hedges},
    {"probably", "#probably", Turn::hedges},
    {"likely", "#probably", Turn::hedges},
    {"unlikely", "#unlikely", Turn::hedges},
    {"almost", "#almost", Turn::hedges},
    {"nearly", "#almost", Turn::hedges},
    {"former", "#former", Turn::hedges},
    {"believed", "#believe", Turn::hedges},
    {"thought", "#believe", Turn::hedges},
    {"peut-etre", "#perhaps", Turn::hedges},
    {"probablement", "#probably", Turn::hedges},
    {"presque", "#almost", Turn::hedges},
    {"pretendu", "#alleged", Turn::hedges},
    {"pretend", "#claim", Turn::hedges},
    {"pretendument", "#alleged", Turn::hedges},
    {"nie", "#deny", Turn::hedges},
    {"dement", "#deny", Turn::hedges},
    {"faux", "#false", Turn::hedges},
    {"fausse", "#false", Turn::hedges},
    {"ancien", "#former", Turn::hedges},
    {"ancienne", "#former", Turn::hedges},
    {"refuse", "#refuse", Turn::hedges},
    {"echoue", "#fail", Turn::hedges},
    {"mythe", "#myth", Turn::hedges},
    {"can", "#can", Turn::other},
    {"could", "#can", Turn::other},
    {"may", "#may", Turn::other},
    {"might", "#may", Turn::other},
    {"must", "#must", Turn::other},
    {"shall", "#must", Turn::other},
    {"should", "#should", Turn::other},
    {"will", "#will", Turn::other},
    {"would", "#would", Turn::other},
    {"peut", "#can", Turn::other},
    {"peuvent", "#can", Turn::other},
    {"pouvait", "#can", Turn::other},
    {"pouvaient", "#can", Turn::other},
    {"pourra", "#can", Turn::other},
    {"doit", "#must", Turn::other},
    {"doivent", "#must", Turn::other},
    {"devait", "#must", Turn::other},
    {"devra", "#must", Turn::other},
    {"devront", "#must", Turn::other},
    {"faut", "#must", Turn::other},
    {"all", "#all", Turn::other},
    {"every", "#all", Turn::other},
    {"each", "#each", Turn::other},
    {"some", "#some", Turn::other},
    {"any", "#any", Turn::other},
    {"many", "#many", Turn::other},
    {"few", "#few", Turn::other},
    {"several", "#several", Turn::other},
    {"most", "#most", Turn::other},
    {"least", "#least", Turn::other},
    {"more", "#more", Turn::other},
    {"less", "#less", Turn::other},
    {"fewer", "#less", Turn::other},
    {"only", "#only", Turn::other},
    {"both", "#both", Turn::other},
    {"half", "#half", Turn::other},
    {"tous", "#all", Turn::other},
    {"toutes", "#all", Turn::other},
    {"tout", "#all", Turn::other},
    {"toute", "#all", Turn::other},
    {"chaque", "#each", Turn::other},
    {"certains", "#some", Turn::other},
    {"certaines", "#some", Turn::other},
    {"quelques", "#some", Turn::other},
    {"plusieurs", "#several", Turn::other},
    {"plupart", "#most", Turn::other},
    {"plus", "#more", Turn::other},
    {"moins", "#less", Turn::other},
    {"seul", "#only", Turn::other},
    {"seule", "#only", Turn::other},
    {"seulement", "#only", Turn::other},
    {"uniquement", "#only", Turn::other},
    {"or", "#or", Turn::other},
    {"ou", "#or", Turn::other},
    {"either", "#or", Turn::other},
    {"than", "#than", Turn::other},
    {"before", "#before", Turn::other},
    {"after", "#after", Turn::other},
    {"until", "#until", Turn::conditions},
    {"since", "#since", Turn::other},
    {"during", "#during", Turn::other},
    {"within", "#within", Turn::other},
    {"above", "#above", Turn::other},
    {"below", "#below", Turn::other},
    {"over", "#above", Turn::other},
    {"under", "#below", Turn::other},
    {"against", "#against", Turn::other},
    {"despite", "#despite", Turn::other},
    {"because", "#because", Turn::other},
    {"avant", "#before", Turn::other},
    {"apres", "#after", Turn::other},
    {"depuis", "#since", Turn::other},
    {"pendant", "#during", Turn::other},
    {"jusqu", "#until", Turn::conditions},
    {"jusque", "#until", Turn::conditions},
    {"contre", "#against", Turn::other},
    {"malgre", "#despite", Turn::other},
    {"parce", "#because", Turn::other},
    {"dessus", "#above", Turn::other},
    {"dessous", "#below", Turn::other},
    {"sous", "#below", Turn::other},
};

constexpr std::string_view kBeing[] = {"be",   "is",     "are",   "was",     "were", "been",   "being", "am",
                                       "est",  "sont",   "etait", "etaient", "fut",  "furent", "ete",   "etre",
                                       "sera", "seront", "soit",  "suis",    "etes", "serait"};
constexpr std::string_view kPrepositions[] = {"of",   "by",   "to",    "from", "in",   "on",      "at",      "for",
                                              "with", "into", "about", "upon", "as",   "through", "between", "de",
                                              "du",   "des",  "d",     "a",    "au",   "aux",     "par",     "pour",
                                              "dans", "en",   "sur",   "avec", "chez", "entre",   "vers"};
constexpr std::string_view kCoordinators[] = {"and",  "but",    "while", "whereas", "yet",   "et",
                                              "mais", "tandis", "puis",  "then",    "alors", "donc"};
// Beyond the function words of text/: what sentences of models are held together by.
constexpr std::string_view kGlue[] = {"also",  "then",  "thus",  "there", "which", "who",  "that",   "this",
                                      "these", "those", "aussi", "ainsi", "voici", "cela", "c'est",  "il",
                                      "d'un",  "d'une", "qu'il", "did",   "does",  "do",   "indeed", "namely"};

struct NumberWord {
  std::string_view word, digits;
};
constexpr NumberWord kNumberWords[] = {
    {"two", "2"},         {"three", "3"},      {"four", "4"},        {"five", "5"},        {"six", "6"},
    {"seven", "7"},       {"eight", "8"},      {"nine", "9"},        {"ten", "10"},        {"eleven", "11"},
    {"twelve", "12"},     {"thirteen", "13"},  {"fourteen", "14"},   {"fifteen", "15"},    {"sixteen", "16"},
    {"twenty", "20"},     {"thirty", "30"},    {"forty", "40"},      {"fifty", "50"},      {"sixty", "60"},
    {"seventy", "70"},    {"eighty", "80"},    {"ninety", "90"},     {"deux", "2"},        {"trois", "3"},
    {"quatre", "4"},      {"cinq", "5"},       {"sept", "7"},        {"huit", "8"},        {"neuf", "9"},
    {"dix", "10"},        {"onze", "11"},      {"douze", "12"},      {"treize", "13"},     {"quatorze", "14"},
    {"quinze", "15"},     {"seize", "16"},     {"vingt", "20"},      {"trente", "30"},     {"quarante", "40"},
    {"cinquante", "50"},  {"soixante", "60"},  {"first", "1st"},     {"second", "2nd"},    {"third", "3rd"},
    {"fourth", "4th"},    {"fifth", "5th"},    {"premier", "1st"},   {"premiere", "1st"},  {"deuxieme", "2nd"},
    {"troisieme", "3rd"}, {"hundred", "100"},  {"thousand", "1000"}, {"million", "1e6"},   {"millions", "1e6"},
    {"billion", "1e9"},   {"billions", "1e9"}, {"milliard", "1e9"},  {"milliards", "1e9"}, {"cent", "100"},
    {"mille", "1000"},    {"once", "1x"},      {"twice", "2x"},      {"double", "2x"}};

template <typename List>
bool among(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

char32_t first_of(std::string_view text) { return text.empty() ? 0 : decode_utf8(text).code_point; }

bool begins_with_capital(std::string_view raw) {
  if (raw.empty()) return false;
  const std::string_view first = raw.substr(0, decode_utf8(raw).length);
  return text::lower_case(first) != first;
}

bool has_digit(std::string_view folded) {
  return std::any_of(folded.begin(), folded.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What parts clauses, between two words.
bool breaks(std::string_view between) {
  for (std::size_t at = 0; at < between.size();) {
    const DecodedCodePoint decoded = decode_utf8(between.substr(at));
    switch (decoded.code_point) {
      case ',':
      case ';':
      case ':':
      case '(':
      case ')':
      case '[':
      case ']':
      case '\n':
      case '.':
      case '!':
      case '?':
      case 0x2013:
      case 0x2014:
      case 0x2026:
      case '/':
      case '|':
      case 0xAB:
      case 0xBB:
      case '"':
      case 0x201C:
      case 0x201D:
        return true;
      default:
        break;
    }
    at += decoded.length;
  }
  return between.find(" - ") != std::string_view::npos;
}

// A separator between the digits of one number: "1,200", "1 200", "3.5", "12:30", "2024-05-01".
bool joins_digits(std::string_view between) {
  const char32_t c = first_of(between);
  const bool single = !between.empty() && decode_utf8(between).length == between.size();
  return single && (c == ',' || c == '.' || c == 0xA0 || c == 0x202F || c == 0x2009 || c == ':' || c == '/');
}

struct Piece {
  text::Range range;
  std::string folded;
};

// Words, elisions apart: "l'Italie" is "l" and "Italie", "n'est" is "n" and "est".
std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> all;
  for (const text::Word& found : text::split_words(text)) {
    text::Range range = found.range;
    for (;;) {
      const std::string_view raw = text::slice(text, range);
      const std::size_t apostrophe = text::apostrophe_at(raw);
      const std::size_t length = apostrophe == std::string_view::npos ? 0 : raw[apostrophe] == '\'' ? 1 : 3;
      if (apostrophe == std::string_view::npos || apostrophe == 0 || apostrophe > 6 ||
          apostrophe + length + 1 >= raw.size())
        break;
      const auto cut = static_cast<std::uint32_t>(apostrophe);
      all.push_back({{range.begin, range.begin + cut}, text::fold(raw.substr(0, apostrophe))});
      range.begin += cut + static_cast<std::uint32_t>(length);
    }
    all.push_back({range, text::fold(text::slice(text, range))});
  }
  return all;
}

std::string plain_number(std::string_view folded) {
  std::string key;
  for (const char c : folded)
    if (c != ',' && c != ' ') key += c;
  return key;
}

// What changes a number and is no word: "$40", "40 %", "6½", "-5".
bool is_of_a_number(char32_t c) {
  return c == '%' || c == '$' || c == 0x20AC || c == 0xA3 || c == 0xA5 || c == 0xB0 || c == 0x2030 ||
         (c >= 0xBC && c <= 0xBE) || (c >= 0x2150 && c <= 0x215E);
}

std::string with_its_signs(std::string key, std::string_view text, text::Range range) {
  std::string_view after = text.substr(range.end, 12);
  for (const std::string_view space : {" ", "\xC2\xA0", "\xE2\x80\xAF"})
    if (after.starts_with(space) && after.size() > space.size() && is_of_a_number(first_of(after.substr(space.size()))))
      after.remove_prefix(space.size());
  if (is_of_a_number(first_of(after))) append_utf8(key, first_of(after));
  std::size_t before = range.begin;
  while (before > 0 && (static_cast<unsigned char>(text[before - 1]) & 0xC0U) == 0x80U) --before;
  if (before > 0) --before;
  const char32_t sign = range.begin == 0 ? 0 : first_of(text.substr(before));
  const bool apart = before == 0 || text[before - 1] == ' ' || text[before - 1] == '(';
  if (is_of_a_number(sign) && sign != '%') append_utf8(key, sign);
  if (apart && (sign == '-' || sign == 0x2212)) key += '-';
  return key;
}

StatementWord classify(const Piece& piece, std::string_view raw, bool first, std::string_view language) {
  StatementWord word;
  word.range = piece.range;
  const std::string& folded = word.folded = piece.folded;
  if (has_digit(folded)) {
    word.kind = WordKind::number;
    word.key = plain_number(folded);
    return word;
  }
  const bool capital = begins_with_capital(raw);
  const std::string lower = text::lower_case(raw);
  for (const NumberWord& number : kNumberWords) {
    if (number.word == folded) {
      word.kind = WordKind::number;
      word.key = number.digits;
      return word;
    }
  }
  // "May" inside of a sentence is the month, and "US" no pronoun. In French "A" with its accent is the preposition.
  const bool shouted = raw.size() > 1 && text::lower_case(raw.substr(1)) != raw.substr(1);
  if (!capital || first || !shouted) {
    for (const Bearing& bearing : kBearing) {
      if (bearing.word != folded || (capital && !first)) continue;
      word.kind = WordKind::bearing;
      word.key = bearing.key;
      word.turn = bearing.turn;
      // "où" is no "ou", "sûr" no "sur".
      if (folded == "ou" && lower != "ou") break;
      return word;
    }
    word.turn = Turn::none;
    if (among(kBeing, folded)) return word.kind = WordKind::being, word.key = "#be", word;
    if (folded == "a" && lower == "a") return word.kind = WordKind::glue, word.key = folded, word;
    if (among(kPrepositions, folded)) {
      word.kind = WordKind::preposition;
      const bool of = folded == "de" || folded == "du" || folded == "des" || folded == "d";
      word.key = of ? "de" : folded == "au" || folded == "aux" ? "a" : folded;
      return word;
    }
    if (among(kCoordinators, folded)) return word.kind = WordKind::coordinator, word.key = folded, word;
    if (among(kGlue, folded) || text::is_function_word(lower, language) || text::is_function_word(lower, "en") ||
        text::is_function_word(lower, "fr"))
      return word.kind = WordKind::glue, word.key = folded, word;
  }
  word.kind = capital && !first ? WordKind::name : WordKind::content;
  const std::vector<std::string> stems = text::terms(raw, language);
  word.key = stems.empty() ? folded : text::fold(stems.front());
  return word;
}

}  // namespace

std::vector<StatementWord> statement_words(std::string_view text, std::string_view language) {
  std::vector<StatementWord> words;
  const std::vector<Piece> all = pieces(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view between =
        i == 0 ? std::string_view() : text.substr(all[i - 1].range.end, all[i].range.begin - all[i - 1].range.end);
    // "don't", "wasn't": the denial is the word's second half.
    if (all[i].folded == "t" && i > 0 && all[i - 1].folded.ends_with('n') && between.size() <= 3 && !words.empty() &&
        between.find(' ') == std::string_view::npos) {
      StatementWord denial{all[i].range, "#not", "not", WordKind::bearing, Turn::denies, false, false};
      words.push_back(denial);
      continue;
    }
    if (all[i].folded == "s" && i > 0 && !between.empty() && between.find(' ') == std::string_view::npos &&
        !words.empty()) {
      words.back().possessive = true;
      continue;
    }
    StatementWord word = classify(all[i], text::slice(text, all[i].range), i == 0, language);
    word.after_break = breaks(between);
    // "32 m": a unit of measure, whatever else it may be.
    if (word.kind == WordKind::glue && word.folded.size() <= 2 && word.folded != "a" && !words.empty() &&
        words.back().kind == WordKind::number && !word.after_break)
      word.kind = WordKind::content;
    if (word.kind == WordKind::number && !words.empty() && words.back().kind == WordKind::number &&
        has_digit(all[i].folded) && has_digit(words.back().key) && joins_digits(between)) {
      const char32_t joint = first_of(between);
      const bool groups = joint != '.' && joint != ':' && joint != '/';
      if (!groups) append_utf8(words.back().key, joint);
      words.back().key += word.key;
      words.back().range.end = word.range.end;
      continue;
    }
    words.push_back(std::move(word));
  }
  for (StatementWord& word : words)
    if (word.kind == WordKind::number && has_digit(word.key)) word.key = with_its_signs(word.key, text, word.range);
  return words;
}

bool same_word(const StatementWord& a, const StatementWord& b) {
  if (weighs(a.kind) != weighs(b.kind)) return false;
  const bool name = a.kind == WordKind::name || b.kind == WordKind::name;
  return name ? a.folded == b.folded : a.key == b.key;
}

}  // namespace renvoi::answer
