// The passages of a text that are nearest to the question, when no index says which they are.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "answer/evidence.h"

namespace renvoi::answer {

struct NearestOptions {
  std::size_t encoded = 12;  // at most, those that share most words with the question: half a second on two cores
  std::size_t kept = 2;
};

// Adds a passage unless the document has it.
void add_passage(EvidenceDocument& document, const extract::Passage& passage, float search_score, float semantic);

// Adds the nearest of `passages`. Errors: those of the embedder.
Result<void> add_nearest(EvidenceDocument& document, std::vector<extract::Passage> passages, float search_score,
                         const NearestOptions& options, model::Embedder& embedder, const Question& question,
                         const TermWeights& weights, std::stop_token stop);

}  // namespace renvoi::answer
