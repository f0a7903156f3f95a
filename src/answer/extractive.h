// An answer without generation: the best sentences, quoted, each with its citation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "answer/units.h"

namespace renvoi::answer {

// The units to quote: the best one, then those not far below it that say something else; at most `most`, neighbouring
// sentences joined to one quote. The section of the best one first, and in each section as it is read. `ranked` as from
// rank_units.
std::vector<Unit> choose_units(const Evidence& evidence, std::span<const ScoredUnit> ranked, std::uint32_t most);

// The words of a document that are what the question asks for.
struct AnswerSpan {
  std::size_t document = 0;
  text::Range range;
};

// Of the best sentence, when the question asks for a number, a time, a person or a place and the sentence holds exactly
// one that the question does not, and the next best is clearly less likely. Nothing for a list or a table.
std::optional<AnswerSpan> answer_span(const Evidence& evidence, std::span<const ScoredUnit> ranked,
                                      std::string_view question);

// A quote as it is shown: trimmed, its own [n] marks made (n) so that none passes for a citation, its links and images
// made text (plain_statement.h), list items and rows
// of a table on lines of their own, `span` in bold where it is inside.
std::string shown_quote(const Evidence& evidence, const Unit& unit, const std::optional<AnswerSpan>& span = {});

}  // namespace renvoi::answer
