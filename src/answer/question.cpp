#include "answer/question.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "text/terms.h"

namespace renvoi::answer {

TermSet term_set(std::string_view text, std::string_view language) {
  TermSet set;
  for (std::string& term : text::terms(text, language)) set.insert(std::move(term));
  return set;
}

float TermWeights::weight(const std::string& term) const {
  const auto passages = static_cast<double>(snapshot_->size());
  const auto holding = std::min(static_cast<double>(snapshot_->document_frequency(term)), passages);
  return static_cast<float>(std::log(1.0 + (passages - holding + 0.5) / (holding + 0.5)));
}

float TermWeights::share_held(std::span<const std::string> wanted, const TermSet& held) const {
  float all = 0;
  float found = 0;
  for (const std::string& term : wanted) {
    const float weighs = weight(term);
    all += weighs;
    if (held.contains(term)) found += weighs;
  }
  return all > 0 ? found / all : 1.0F;
}

float cosine(std::span<const float> a, std::span<const float> b) {
  const std::size_t length = std::min(a.size(), b.size());
  return std::inner_product(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin(), 0.0F);
}

}  // namespace renvoi::answer
