// A question in the forms that ranking and checking need, and how much its words weigh.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "index/index.h"

namespace renvoi::answer {

struct Question {
  std::string text;
  std::string language;       // as text::detect_language
  std::vector<float> vector;  // in the role of a query
};

using TermSet = std::unordered_set<std::string>;
TermSet term_set(std::string_view text, std::string_view language);

// How much of `wanted` is in `held`, 0 to 1, each term by its inverse document frequency: a rare word that is missing
// says more than a common one. A term the collection does not know weighs most. 1 when nothing is wanted.
class TermWeights {
 public:
  explicit TermWeights(std::shared_ptr<const index::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
  float share_held(std::span<const std::string> wanted, const TermSet& held) const;

 private:
  float weight(const std::string& term) const;
  std::shared_ptr<const index::Snapshot> snapshot_;
};

// Of two unit vectors of the same length.
float cosine(std::span<const float> a, std::span<const float> b);

}  // namespace renvoi::answer
