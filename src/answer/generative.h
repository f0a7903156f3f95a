// An answer that a model wrote, of which only what the evidence supports is kept.
#pragma once

#include <functional>
#include <string>

#include "answer/answer.h"
#include "answer/time_limit.h"
#include "answer/units.h"

namespace renvoi::answer {

// Takes a sentence and the unit that supports it; gives false to end the generation.
using OnSupported = std::function<bool(std::string sentence, const Unit& support)>;

struct GenerativeOutcome {
  bool said_no_answer = false;                   // the model says that the evidence does not hold it
  std::uint32_t supported = 0, unsupported = 0;  // sentences
  std::uint32_t prompt_tokens = 0, completion_tokens = 0;
};

struct GenerativeInput {
  const Evidence& evidence;
  const Question& question;
  std::span<const ScoredUnit> ranked;
  const TermWeights& weights;
  model::Embedder& embedder;
  model::Generator& generator;
};

// Generates, checks each sentence as soon as it is whole, and passes on those that are supported, without marks and web
// addresses. Errors: those of generator and embedder; none when something was supported before it failed.
Result<GenerativeOutcome> generate_checked(const GenerativeInput& input, const TimeLimit& limit,
                                           const OnSupported& on_supported);

}  // namespace renvoi::answer
