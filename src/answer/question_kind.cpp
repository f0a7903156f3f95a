#include "answer/question_kind.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "text/function_words.h"
#include "text/normalize.h"
#include "text/words.h"

namespace renvoi::answer {
namespace {

using Phrases = std::span<const std::string_view>;

// Of several words or one, folded. A phrase that would be another kind's comes with the kind that is tried first.
constexpr std::array<std::string_view, 29> kTimePhrases = {
    "when",           "quand",          "what year",       "which year",       "quelle annee",
    "quelles annees", "what date",      "which date",      "quelle date",      "what day",
    "quel jour",      "what month",     "quel mois",       "what century",     "which century",
    "quel siecle",    "what decade",    "quelle decennie", "quelle epoque",    "what time",
    "quelle heure",   "quelle periode", "quelles dates",   "en quelle saison", "quelle est la date",
    "depuis combien", "a quel moment",  "quel moment",     "date de"};
constexpr std::array<std::string_view, 43> kNumberPhrases = {
    "how many",          "how much",           "combien",         "percentage",      "percent",
    "pourcentage",       "how long",           "how old",         "how far",         "how tall",
    "how large",         "how high",           "how often",       "how fast",        "how deep",
    "number of",         "what number",        "le nombre",       "quel nombre",     "quel age",
    "quelle taille",     "quelle distance",    "quelle hauteur",  "quelle duree",    "quelle vitesse",
    "quelle superficie", "quelle surface",     "quelle longueur", "quelle altitude", "quelle profondeur",
    "quelle population", "quel montant",       "quelle somme",    "quel prix",       "quel budget",
    "quelle proportion", "quelle part",        "quel taux",       "what fraction",   "what proportion",
    "what temperature",  "quelle temperature", "quelle frequence"};
constexpr std::array<std::string_view, 4> kNotPersonPhrases = {"ce qui", "en quoi", "pour qui", "what who"};
constexpr std::array<std::string_view, 23> kPersonPhrases = {"who",
                                                             "whom",
                                                             "whose",
                                                             "qui",
                                                             "par qui",
                                                             "comment appelle",
                                                             "comment appellent",
                                                             "comment se nomme",
                                                             "comment se nommait",
                                                             "comment appelait",
                                                             "quel est le nom",
                                                             "what is the name",
                                                             "what was the name",
                                                             "quel etait le nom",
                                                             "quelle personne",
                                                             "which person",
                                                             "quel auteur",
                                                             "quel roi",
                                                             "quel president",
                                                             "quel philosophe",
                                                             "quel artiste",
                                                             "quel peintre",
                                                             "quel acteur"};
constexpr std::array<std::string_view, 17> kPlacePhrases = {
    "where",        "what city", "which city",    "what country",   "which country", "what state",
    "which state",  "what town", "which town",    "what region",    "quelle ville",  "quel pays",
    "quel endroit", "quel lieu", "quelle region", "quelle commune", "quel continent"};
constexpr std::array<std::string_view, 7> kReasonPhrases = {
    "why", "pourquoi", "what reason", "quelle raison", "quelles raisons", "quelle cause", "what caused"};
constexpr std::array<std::string_view, 20> kConnectives = {
    "because", "due", "since", "therefore", "caused", "causes", "reason",  "reasons", "thus",   "hence",
    "parce",   "car", "afin",  "grace",     "raison", "cause",  "puisque", "donc",    "permet", "permettre"};

constexpr std::array<std::string_view, 40> kNumberWords = {
    "two",    "three",    "four",    "five",   "six",      "seven",     "eight",    "nine",   "ten",   "eleven",
    "twelve", "thirteen", "fifteen", "twenty", "thirty",   "forty",     "fifty",    "sixty",  "half",  "twice",
    "deux",   "trois",    "quatre",  "cinq",   "sept",     "huit",      "neuf",     "dix",    "onze",  "douze",
    "treize", "quinze",   "vingt",   "trente", "quarante", "cinquante", "soixante", "moitie", "tiers", "quart"};
constexpr std::array<std::string_view, 17> kScales = {
    "hundred", "thousand", "million",  "millions",  "billion", "billions", "trillion", "dozen",    "cent",
    "cents",   "mille",    "milliard", "milliards", "dizaine", "dizaines", "douzaine", "centaines"};
constexpr std::array<std::string_view, 29> kUnits = {
    "percent", "km",    "kilometres", "kilometers", "metres", "meters", "m",        "cm",        "kg",     "tonnes",
    "tons",    "euros", "dollars",    "francs",     "years",  "ans",    "annees",   "mois",      "months", "days",
    "jours",   "hours", "heures",     "minutes",    "miles",  "feet",   "hectares", "habitants", "inches"};
constexpr std::array<std::string_view, 24> kMonths = {
    "january",   "february", "march",    "april",    "may",       "june",    "july",     "august",
    "september", "october",  "november", "december", "janvier",   "fevrier", "mars",     "avril",
    "mai",       "juin",     "juillet",  "aout",     "septembre", "octobre", "novembre", "decembre"};
constexpr std::array<std::string_view, 8> kAges = {"century", "centuries", "siecle",   "siecles",
                                                   "decade",  "decades",   "decennie", "annees"};
constexpr std::array<std::string_view, 12> kParticles = {"de", "of", "von", "van", "du",  "des",
                                                         "la", "le", "da",  "di",  "del", "bin"};

template <std::size_t size>
bool among(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Word {
  text::Range range;
  std::string folded;
  bool digit = false, capital = false;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (const text::Word& found : text::split_words(text)) {
    text::Range range = found.range;
    // Elision: "l'Italie" is the word "Italie" here.
    const std::size_t apostrophe = text::apostrophe_at(text::slice(text, range));
    if (apostrophe != std::string_view::npos && apostrophe <= 2)
      range.begin += static_cast<std::uint32_t>(apostrophe) + (text[range.begin + apostrophe] == '\'' ? 1 : 3);
    if (range.begin >= range.end) continue;
    const std::string_view raw = text::slice(text, range);
    Word word{range, text::fold(raw)};
    word.digit = std::any_of(raw.begin(), raw.end(), [](char c) { return c >= '0' && c <= '9'; });
    word.capital = !word.digit && text::lower_case(raw.substr(0, 1 + (static_cast<unsigned char>(raw[0]) >= 0xC0))) !=
                                      raw.substr(0, 1 + (static_cast<unsigned char>(raw[0]) >= 0xC0));
    words.push_back(std::move(word));
  }
  return words;
}

// Words of a question with one space around each.
std::string spaced(std::string_view text) {
  std::string spaced = " ";
  for (const Word& word : words_of(text)) spaced += word.folded + " ";
  return spaced;
}

bool holds(const std::string& spaced, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return spaced.find(" " + std::string(phrase) + " ") != std::string::npos;
  });
}

bool is_number(const Word& word) { return word.digit || among(kNumberWords, word.folded); }

bool is_year(const Word& word) {
  const std::string& text = word.folded;
  const bool four = text.size() == 4 || (text.size() == 5 && text.back() == 's');
  return four && std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; }) &&
         (text[0] == '1' || (text[0] == '2' && text[1] == '0'));
}

// How many words from `i` on make one span of the kind; 0: none begins there.
std::size_t number_at(std::span<const Word> words, std::size_t i) {
  if (!is_number(words[i])) return 0;
  std::size_t end = i + 1;
  while (end < words.size() && (is_number(words[end]) || among(kScales, words[end].folded)) &&
         words[end].range.begin - words[end - 1].range.end <= 3)
    ++end;
  if (end < words.size() && among(kUnits, words[end].folded) && words[end].range.begin - words[end - 1].range.end <= 5)
    ++end;
  return end - i;
}

std::size_t time_at(std::span<const Word> words, std::size_t i) {
  std::size_t end = i;
  bool dated = false;
  while (end < words.size() && end - i < 4) {
    const Word& word = words[end];
    const bool names = is_year(word) || among(kMonths, word.folded) || among(kAges, word.folded);
    const bool near = end == i || word.range.begin - words[end - 1].range.end <= 2;
    if (!near ||
        (!names && !(word.digit && word.folded.size() <= 4) &&
         !(end == i && word.folded.size() > 2 && end + 1 < words.size() && among(kAges, words[end + 1].folded))))
      break;
    dated = dated || names;
    ++end;
  }
  return dated ? end - i : 0;
}

std::size_t name_at(std::span<const Word> words, std::size_t i) {
  if (!words[i].capital) return 0;
  if (i == 0 && (text::is_function_word(words[0].folded, "en") || text::is_function_word(words[0].folded, "fr")))
    return 0;
  std::size_t end = i + 1;
  while (end < words.size()) {
    const bool near = words[end].range.begin - words[end - 1].range.end <= 2;
    const bool particle = among(kParticles, words[end].folded) && end + 1 < words.size() && words[end + 1].capital;
    if (!near || !(words[end].capital || particle)) break;
    ++end;
  }
  return i == 0 && end == 1 ? 0 : end - i;  // the first word has a capital whatever it is
}

}  // namespace

Asked asked_for(std::string_view question) {
  const std::string words = spaced(question);
  if (holds(words, kTimePhrases)) return Asked::time;
  if (holds(words, kNumberPhrases)) return Asked::number;
  if (holds(words, kPersonPhrases) && !holds(words, kNotPersonPhrases)) return Asked::person;
  if (holds(words, kPlacePhrases) || text::lower_case(question).find("où") != std::string::npos ||
      words.starts_with(" ou "))
    return Asked::place;
  if (holds(words, kReasonPhrases)) return Asked::reason;
  return Asked::anything;
}

WordSet folded_words(std::string_view text) {
  WordSet set;
  for (Word& word : words_of(text)) set.insert(std::move(word.folded));
  return set;
}

std::vector<text::Range> spans_asked_for(Asked kind, std::string_view sentence, const WordSet& question) {
  std::vector<text::Range> spans;
  if (kind == Asked::anything) return spans;
  const std::vector<Word> words = words_of(sentence);
  for (std::size_t i = 0; i < words.size();) {
    std::size_t length = 0;
    if (kind == Asked::number) length = number_at(words, i);
    if (kind == Asked::time) length = time_at(words, i);
    if (kind == Asked::person || kind == Asked::place) length = name_at(words, i);
    if (kind == Asked::reason) length = among(kConnectives, words[i].folded) ? 1 : 0;
    const bool says_more = std::any_of(words.begin() + static_cast<std::ptrdiff_t>(i),
                                       words.begin() + static_cast<std::ptrdiff_t>(i + length),
                                       [&](const Word& word) { return !question.contains(word.folded); });
    if (length > 0 && says_more) spans.push_back({words[i].range.begin, words[i + length - 1].range.end});
    i += std::max<std::size_t>(length, 1);
  }
  return spans;
}

}  // namespace renvoi::answer
