// What can be quoted: whole sentences, and lists and tables with the sentence that introduces them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "answer/evidence.h"
#include "answer/question.h"
#include "answer/unit_signs.h"

namespace renvoi::answer {

struct Unit {
  std::size_t document = 0;  // in Evidence::documents
  std::size_t passage = 0;   // in EvidenceDocument::passages
  text::Range range;         // in the document's text
  bool is_list = false;      // a list or a table, with what introduces it
};

// Of every passage, in order, but for what is kept out (screen.h). Headings are not quoted: they say what a text is
// about, not what it says.
std::vector<Unit> units(const Evidence& evidence);

// The headings above a unit, a newline, its text: what it says, and of what.
std::string unit_input(const Evidence& evidence, const Unit& unit);

struct ScoredUnit {
  Unit unit;
  std::vector<float> vector;  // in the role of a passage, of the unit with its heading path
  float cosine = 0;           // with the question
  float held = 0;             // share of the question's words in the unit and its heading path
  float score = 0;            // what units are ranked by: log-odds, up to a constant of the question
  UnitSigns signs;            // what it is made of
};

// The unit after the one before it in the document; the first after the document's title. `in_order`: by document and
// place.
std::string unit_in_text(const Evidence& evidence, std::span<const Unit> in_order, std::size_t i);

// Best first. At most 64 units are encoded under their headings, those of the best passages and of most shared words,
// and the best 24 of them once more in their text. Errors: those of the embedder.
Result<std::vector<ScoredUnit>> rank_units(const Evidence& evidence, const Question& question,
                                           const TermWeights& weights, model::Embedder& embedder, std::stop_token stop);

}  // namespace renvoi::answer
