#include "text/function_words.h"

#include <algorithm>
#include <array>

namespace renvoi::text {
namespace {

constexpr std::array<std::string_view, 155> kFrench = {
    "a",       "afin",    "ai",    "ainsi",    "alors", "as",      "au",      "aucun",  "aucune", "aura",   "aurait",
    "auront",  "aussi",   "autre", "autres",   "aux",   "avaient", "avait",   "avec",   "avez",   "avoir",  "avons",
    "ayant",   "c",       "car",   "ce",       "ceci",  "cela",    "celle",   "celles", "celui",  "ces",    "cet",
    "cette",   "ceux",    "ci",    "combien",  "comme", "comment", "d",       "dans",   "de",     "depuis", "des",
    "doit",    "doivent", "donc",  "dont",     "du",    "elle",    "elles",   "en",     "entre",  "es",     "est",
    "et",      "eu",      "eux",   "fait",     "faut",  "furent",  "fut",     "ici",    "il",     "ils",    "j",
    "je",      "l",       "la",    "le",       "les",   "leur",    "leurs",   "lors",   "lui",    "là",     "m",
    "ma",      "mais",    "me",    "mes",      "moi",   "mon",     "même",    "mêmes",  "n",      "ne",     "ni",
    "nos",     "notre",   "nous",  "on",       "ont",   "ou",      "où",      "par",    "parce",  "pas",    "peut",
    "peuvent", "plus",    "pour",  "pourquoi", "puis",  "qu",      "quand",   "que",    "quel",   "quelle", "quelles",
    "quels",   "qui",     "quoi",  "s",        "sa",    "sans",    "se",      "selon",  "sera",   "serait", "seront",
    "ses",     "si",      "soit",  "son",      "sont",  "sous",    "suis",    "sur",    "t",      "ta",     "te",
    "tes",     "toi",     "ton",   "tous",     "tout",  "toute",   "toutes",  "tu",     "un",     "une",    "vers",
    "vos",     "votre",   "vous",  "y",        "à",     "ça",      "étaient", "était",  "étant",  "été",    "êtes",
    "être"};
constexpr std::array<std::string_view, 126> kEnglish = {
    "a",      "about",  "after", "again",   "all",   "also",   "am",     "an",    "and",     "any",   "are",
    "as",     "at",     "be",    "because", "been",  "before", "being",  "both",  "but",     "by",    "can",
    "could",  "did",    "do",    "does",    "doing", "each",   "either", "for",   "from",    "had",   "has",
    "have",   "having", "he",    "her",     "here",  "hers",   "him",    "his",   "how",     "i",     "if",
    "in",     "into",   "is",    "it",      "its",   "just",   "many",   "may",   "me",      "might", "more",
    "most",   "much",   "must",  "my",      "no",    "nor",    "not",    "of",    "on",      "only",  "or",
    "other",  "our",    "ours",  "own",     "s",     "same",   "shall",  "she",   "should",  "so",    "some",
    "such",   "t",      "than",  "that",    "the",   "their",  "theirs", "them",  "then",    "there", "these",
    "they",   "this",   "those", "through", "to",    "too",    "upon",   "us",    "very",    "was",   "we",
    "were",   "what",   "when",  "where",   "which", "while",  "who",    "whom",  "whose",   "why",   "will",
    "with",   "would",  "you",   "your",    "yours", "during", "ever",   "every", "however", "let",   "since",
    "though", "unless", "until", "whether", "yet"};

template <std::size_t size>
constexpr auto sorted(std::array<std::string_view, size> words) {
  std::sort(words.begin(), words.end());
  return words;
}
constexpr auto kSortedFrench = sorted(kFrench);
constexpr auto kSortedEnglish = sorted(kEnglish);

}  // namespace

bool is_function_word(std::string_view word, std::string_view language) {
  if (language == "fr") return std::binary_search(kSortedFrench.begin(), kSortedFrench.end(), word);
  if (language == "en") return std::binary_search(kSortedEnglish.begin(), kSortedEnglish.end(), word);
  return false;
}

}  // namespace renvoi::text
