// A generator is tested before it is trusted: short questions over invented facts that it cannot know, in French and
// English, some without an answer, by the same prompt and the same checks as any answer. Deterministic but for the
// generator.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/generator.h"

namespace renvoi::answer {

// Changes with the questions, the prompt or the checks: a result of another version says nothing.
inline constexpr std::uint32_t kProbeVersion = 1;

struct ProbeCase {
  std::string language;  // "fr" or "en"
  std::string question;
  std::string expected;  // alternatives with "|" between; "" when the evidence does not hold it
  std::string wrote;     // what the generator wrote, at most 500 bytes
  std::string shown;     // what of it the checks let through
  std::string problem;   // "" when it passed
};

struct ProbeReport {
  std::vector<ProbeCase> cases;
  std::uint32_t answers = 0, answers_held = 0;   // questions that have one; shown with the right fact and no wrong one
  std::uint32_t without = 0, refused = 0;        // questions that have none; nothing was claimed
  std::uint32_t supported = 0, unsupported = 0;  // sentences it wrote
  std::uint32_t repeated = 0, wrong_language = 0;  // sentences said twice; answers in another language than asked
  bool trusted = false;
  std::string summary;  // one line for people
};

// Trusted: in each language three quarters of the answers held and of the refusals made, four fifths of all sentences
// supported, at most one repeated and at most one in the wrong language. 16 questions, fewer when it cannot pass any
// more. Errors: those of the generator.
Result<ProbeReport> probe_generator(model::Generator& generator, std::stop_token stop = {});

}  // namespace renvoi::answer
