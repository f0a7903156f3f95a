// Whether a sentence that a model wrote is supported by the evidence, and by which words of it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "answer/units.h"

namespace renvoi::answer {

// First guesses, not measured yet.
struct SupportThresholds {
  float least_cosine = 0.86F;  // of the sentence with the unit
  float least_held = 0.6F;     // share of the sentence's words, by weight, in the unit and its heading path
  float least_question_held_of_one_word = 0.34F;  // share of the question's words in the unit, for one-word statements
};

// The index in `ranked` of the unit that best supports `sentence` (without marks), or nothing. Also asked: each number
// of the sentence stands in the unit, what it puts in quotation marks is found in the document, and it denies nothing
// that the unit does not deny. Errors: those of the embedder.
Result<std::optional<std::size_t>> find_support(std::string_view sentence, const Evidence& evidence,
                                                std::span<const ScoredUnit> ranked, const TermWeights& weights,
                                                model::Embedder& embedder, std::stop_token stop,
                                                const SupportThresholds& thresholds = {});

}  // namespace renvoi::answer
