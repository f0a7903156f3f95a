#include "search/fusion.h"

#include <algorithm>
#include <cstddef>

namespace renvoi::search {

std::vector<float> scale_min_max(std::span<const float> scores) {
  std::vector<float> scaled(scores.size(), 0.0F);
  if (scores.empty()) return scaled;
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  const float spread = *high - *low;
  if (!(spread > 0)) return scaled;
  for (std::size_t i = 0; i < scores.size(); ++i) scaled[i] = (scores[i] - *low) / spread;
  return scaled;
}

std::vector<float> fuse(std::span<const PartScores> candidates, const FusionOptions& options) {
  std::vector<float> semantic(candidates.size());
  std::vector<float> bm25(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    semantic[i] = candidates[i].semantic;
    bm25[i] = candidates[i].bm25;
  }
  std::vector<float> fused = scale_min_max(semantic);
  const std::vector<float> lexical = scale_min_max(bm25);
  for (std::size_t i = 0; i < fused.size(); ++i) {
    fused[i] = options.semantic_weight * fused[i] + (1.0F - options.semantic_weight) * lexical[i];
  }
  return fused;
}

}  // namespace renvoi::search
