// A model is tested before it is trusted: a short probe in French and English decides whether it may generate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/embedder.h"
#include "model/generator.h"

namespace renvoi::model {

struct ProbeCase {
  std::string question;
  std::string answer;    // what the model said
  std::string expected;  // what the evidence holds, or "abstain"
  bool passed = false;
};
struct ProbeReport {
  std::string language;  // "fr" or "en"
  std::vector<ProbeCase> cases;
  std::uint32_t passed = 0;
};
struct ProbeResult {
  std::vector<ProbeReport> reports;
  bool may_generate = false;  // passed the documented share of the cases in both languages
  std::string summary;        // one line for people: "fr 2/8, en 5/8: extractive answers stay the default"
};

// Generation: answers questions over short passages that it cannot know (invented facts), must quote the right fact,
// answer in the question's language, and abstain when the passage does not hold the answer. `passed >= 3/4` in each
// language is needed. Minutes at most; deterministic.
Result<ProbeResult> probe_generator(Generator& generator);

// Embedding: pairs of sentences in French and English that mean the same must be nearer than pairs that do not.
// `may_generate` then says that it passed, by the same share.
Result<ProbeResult> probe_embedder(Embedder& embedder);

}  // namespace renvoi::model
