#include "answer/follow_up.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "text/function_words.h"
#include "text/normalize.h"
#include "text/words.h"

namespace renvoi::answer {
namespace {

constexpr std::size_t kMostEarlier = 8;
constexpr std::size_t kFewestWords = 2;   // that say something, of a question that stands alone
constexpr std::size_t kWordsOfANoun = 2;  // before a pronoun: then what it stands for may be among them
constexpr std::size_t kMostCarriedBytes = 600;
constexpr std::size_t kLongestFollowUpBytes = 1'000;

constexpr std::array<std::string_view, 20> kContinues = {
    "and ",          "and,",          "what about ", "how about ",   "also ",         "or ",      "but ",
    "same question", "then ",         "why not",     "et ",          "et,",           "ou bien ", "mais ",
    "aussi ",        "meme question", "alors ",      "pourquoi pas", "qu'en est-il ", "or,"};
constexpr std::array<std::string_view, 37> kPronouns = {
    "it",     "its",  "they", "them",  "their",    "theirs",   "he",     "him",   "his",   "she",
    "her",    "hers", "this", "those", "these",    "there",    "itself", "il",    "elle",  "ils",
    "elles",  "lui",  "leur", "leurs", "son",      "sa",       "ses",    "celui", "celle", "ceux",
    "celles", "cela", "ca",   "eux",   "celui-ci", "celle-ci", "ci"};
// "Is it possible", "faut-il", "y a-t-il": nothing is meant by these pronouns.
constexpr std::array<std::string_view, 28> kImpersonal = {" is it possible",    " is it necessary",
                                                          " is it true",        " is it allowed",
                                                          " is it legal",       " is it mandatory",
                                                          " it takes ",         " does it take",
                                                          " does it cost",      " is there ",
                                                          " are there ",        " was there ",
                                                          " were there ",       " there is ",
                                                          " there are ",        " do i have it",
                                                          " faut il",           " y a t il",
                                                          " y avait il",        " est il possible",
                                                          " est il necessaire", " est il obligatoire",
                                                          " est il permis",     " est il autorise",
                                                          " il faut",           " il y a ",
                                                          " s agit il",         " doit il y "};
constexpr std::array<std::string_view, 16> kAsks = {"who",   "what",    "when",    "where",   "why",   "how",
                                                    "which", "whose",   "quel",    "quelle",  "quels", "quelles",
                                                    "qui",   "comment", "combien", "pourquoi"};

struct Spoken {
  std::string shown, folded;
  bool says_something = false;
  bool names = false;  // a capital inside of the question
};

std::vector<Spoken> spoken(std::string_view question) {
  std::vector<Spoken> words;
  for (const text::Word& found : text::split_words(question)) {
    std::string_view raw = text::slice(question, found.range);
    const std::size_t apostrophe = text::apostrophe_at(raw);
    if (apostrophe != std::string_view::npos && apostrophe <= 2)  // l'eau, d'une, qu'il
      raw.remove_prefix(apostrophe + (raw[apostrophe] == '\'' ? 1 : 3));
    if (raw.empty()) continue;
    const std::string lower = text::lower_case(raw);
    Spoken word{std::string(raw), text::fold(raw)};
    const bool function = text::is_function_word(lower, "en") || text::is_function_word(lower, "fr");
    const bool asks = std::find(kAsks.begin(), kAsks.end(), word.folded) != kAsks.end();
    word.says_something =
        !function && !asks && (word.folded.size() > 1 || (word.folded[0] >= '0' && word.folded[0] <= '9'));
    word.names = word.says_something && !words.empty() && text::lower_case(raw) != raw;
    words.push_back(std::move(word));
  }
  return words;
}

bool is_impersonal(const std::vector<Spoken>& words) {
  std::string all = " ";
  for (const Spoken& word : words) all += word.folded + " ";
  return std::any_of(kImpersonal.begin(), kImpersonal.end(),
                     [&](std::string_view phrase) { return all.find(phrase) != std::string::npos; });
}

}  // namespace

bool leans_on_earlier(std::string_view question) {
  const std::string folded = text::fold(text::normalize_for_quotes(question));
  if (std::any_of(kContinues.begin(), kContinues.end(),
                  [&](std::string_view begin) { return folded.starts_with(begin); }))
    return true;
  const std::vector<Spoken> words = spoken(question);
  const bool impersonal = is_impersonal(words);
  std::size_t said = 0;
  for (const Spoken& word : words) {
    const bool pronoun = std::find(kPronouns.begin(), kPronouns.end(), word.folded) != kPronouns.end();
    if (pronoun && !impersonal && said < kWordsOfANoun) return true;
    said += word.names ? kWordsOfANoun : word.says_something ? 1 : 0;
  }
  return said < kFewestWords;
}

std::string stand_alone_question(std::string_view question, std::span<const std::string> earlier) {
  if (earlier.empty() || question.size() > kLongestFollowUpBytes || !leans_on_earlier(question))
    return std::string(question);
  if (earlier.size() > kMostEarlier) earlier = earlier.last(kMostEarlier);
  std::size_t first = earlier.size() - 1;
  while (first > 0 && leans_on_earlier(earlier[first])) --first;
  std::vector<std::string> held;
  for (const Spoken& word : spoken(question)) held.push_back(word.folded);
  std::string carried;
  for (const std::string& before : earlier.subspan(first)) {
    for (const Spoken& word : spoken(before)) {
      if (!word.says_something || std::find(held.begin(), held.end(), word.folded) != held.end()) continue;
      if (carried.size() + word.shown.size() > kMostCarriedBytes) break;
      held.push_back(word.folded);
      carried += " " + word.shown;
    }
  }
  return std::string(question) + carried;
}

}  // namespace renvoi::answer
