// Whether a sentence says nothing but what another says, by its words in their order. A pure decision, strict on
// purpose: it is asked of what a model wrote, and what it does not see is withheld, where what it lets through is shown
// as fact. A vector of the sentence would not do: "was built in 1912" and "was built in 1913" are as near as two
// sentences can be (docs/decisions/0019-support.md).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "answer/statement_words.h"

namespace renvoi::answer {

enum class Misfit : std::uint8_t {
  none,      // every word that weighs stands there, in this order, and nothing between them turns it
  no_words,  // it says nothing, or asks
  words,     // a word that the evidence does not say, or not in this order
  names,     // the same of a name
  numbers,   // the same of a number, with its sign and its unit sign
  turned,    // a "not", "must", "more", "unless" that stands on one side only
  roles,     // who does it to whom: a "by", a "was", an "of" that stands on one side only
  joined,    // words of two clauses, or of two members of a list, made one statement
  cut,       // begins or ends inside of an expression, or before what restricts it
};
std::string_view to_string(Misfit misfit);

struct AlignmentOptions {
  float least_held = 1.0F;  // share of the sentence's content words that stand in the evidence; names and numbers must
};

struct Alignment {
  Misfit misfit = Misfit::no_words;
  std::uint32_t weighing = 0;  // words of the sentence that weigh
  std::uint32_t aligned = 0;   // of those, that stand in the evidence in this order
  std::uint32_t skipped = 0;   // words of the evidence left out between the first and the last that are aligned
};

// A text with its words, read once and compared often. `text` must outlive it.
struct Said {
  std::string_view text;
  std::vector<StatementWord> words;
};
Said read_said(std::string_view text, std::string_view language);

// `heading`: the titles above `evidence`. Its words may stand in the sentence before the first that is aligned, or for
// a pronoun: "The hive of Varen was built in 1912" of "It was built in 1912". O(words of the two, multiplied).
Alignment align(const Said& sentence, const Said& evidence, const Said& heading, const AlignmentOptions& options = {});

}  // namespace renvoi::answer
