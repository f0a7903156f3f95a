// Whether a sentence that a model wrote is supported by the evidence, and by which words of it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "answer/alignment.h"
#include "answer/units.h"

namespace renvoi::answer {

// Chosen by bench/bench_support.cpp: docs/decisions/0019-support.md.
struct SupportThresholds {
  AlignmentOptions alignment{};                   // every word that weighs must be said
  float least_question_held_of_one_word = 0.34F;  // share of the question's words in the unit, for one-word statements
};

struct Support {
  std::size_t unit = 0;  // in `ranked`
  Alignment alignment;
};

// The units of one answer, read once. `evidence` and `ranked` must outlive it. Not thread-safe.
class SupportFinder {
 public:
  SupportFinder(const Evidence& evidence, std::span<const ScoredUnit> ranked, const SupportThresholds& thresholds = {});

  // The unit that says `sentence` (plain_statement.h) most nearly; nothing when none does (alignment.h), or when what
  // it puts in quotation marks is not found in that unit's document. O(words of the sentence and of all units).
  std::optional<Support> find(std::string_view sentence) const;

 private:
  struct ReadUnit {
    Said said;
    std::string heading_text;
    Said heading;
  };
  const Evidence& evidence_;
  std::span<const ScoredUnit> ranked_;
  SupportThresholds thresholds_;
  std::vector<ReadUnit> units_;
};

}  // namespace renvoi::answer
