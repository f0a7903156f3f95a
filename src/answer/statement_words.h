// The words of a statement, each with what it does there: what a sentence says can be compared with what another says
// only when "may" is not taken for "must", nor "by Roth" for "Roth". French and English. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/range.h"

namespace renvoi::answer {

enum class WordKind : std::uint8_t {
  glue,         // articles, pronouns and the like: little changes when one is added or left out
  being,        // forms of to be: with or without one, a verb is passive or active
  preposition,  // governs what follows
  coordinator,  // and, but, while: another clause or another member begins
  bearing,      // turns the meaning: negations, modals, quantities, conditions, hedges, before and after
  content,      // any other word
  name,         // a capital inside of a sentence
  number,       // in digits or in words
};

// What a bearing word does to what stands beside it.
enum class Turn : std::uint8_t { none, denies, conditions, hedges, other };

struct StatementWord {
  text::Range range;   // in the text
  std::string key;     // two words with one key say the same: a stem, a number in ASCII digits
  std::string folded;  // names are compared by this: Merlin is not Merlini
  WordKind kind = WordKind::content;
  Turn turn = Turn::none;    // of a bearing word
  bool after_break = false;  // punctuation that parts clauses stands before it: , ; : ( ) a dash, a line break
  bool possessive = false;   // "the king's": the next word is what is meant
};

// In order. `language` as for text::terms. O(|text|).
std::vector<StatementWord> statement_words(std::string_view text, std::string_view language);

bool same_word(const StatementWord& a, const StatementWord& b);

// Says something by itself, and must be said by the evidence too.
inline bool weighs(WordKind kind) {
  return kind == WordKind::content || kind == WordKind::name || kind == WordKind::number;
}

}  // namespace renvoi::answer
