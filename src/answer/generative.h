// An answer that a model wrote, of which only what the evidence supports is shown as fact.
#pragma once

#include <functional>
#include <string>

#include "answer/answer.h"
#include "answer/time_limit.h"
#include "answer/units.h"

namespace renvoi::answer {

// Takes a sentence, made plain (plain_statement.h), and the unit that supports it, null when none does; gives false to
// end the generation.
using OnSentence = std::function<bool(const std::string& sentence, const Unit* support)>;

struct GenerativeOutcome {
  bool said_no_answer = false;                   // the model says that the evidence does not hold it
  std::uint32_t supported = 0, unsupported = 0;  // sentences
  std::uint32_t repeated = 0;                    // said before, and passed over
  std::uint32_t prompt_tokens = 0, completion_tokens = 0;
};

struct GenerativeInput {
  const Evidence& evidence;
  const Question& question;
  std::span<const ScoredUnit> ranked;
  model::Generator& generator;
};

// Generates, checks each sentence as soon as it is whole, and passes it on with what supports it. A sentence that
// speaks to an assistant (instruction_like.h) is not passed on at all. Nothing is generated, and nothing passed on,
// when no evidence may be in a prompt. Errors: those of the generator; none when something was supported before it
// failed.
Result<GenerativeOutcome> generate_checked(const GenerativeInput& input, const TimeLimit& limit,
                                           const OnSentence& on_sentence);

}  // namespace renvoi::answer
