#include "search/fusion.h"

#include <algorithm>
#include <cstddef>

namespace renvoi::search {

float fitted_weight(float held_out_cosine, const FusionOptions& options) {
  constexpr float poor = 0.6F, good = 0.75F;
  const float share = std::clamp((held_out_cosine - poor) / (good - poor), 0.0F, 1.0F);
  return options.least_fitted_weight + share * (options.most_fitted_weight - options.least_fitted_weight);
}

float weight_by_spread(std::span<const PartScores> candidates, float cosine_temperature, const FusionOptions& options) {
  if (candidates.empty()) return 0;
  const auto spread = [&](auto score) {
    const auto [low, high] = std::minmax_element(candidates.begin(), candidates.end(),
                                                 [&](const auto& a, const auto& b) { return score(a) < score(b); });
    return score(*high) - score(*low);
  };
  const float meaning = spread([](const PartScores& parts) { return parts.semantic; }) / cosine_temperature;
  const float words = spread([](const PartScores& parts) { return parts.bm25; }) * options.bm25_log_odds;
  return meaning + words > 0 ? meaning / (meaning + words) : 0;
}

std::vector<float> scale_min_max(std::span<const float> scores) {
  std::vector<float> scaled(scores.size(), 0.0F);
  if (scores.empty()) return scaled;
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  const float spread = *high - *low;
  if (!(spread > 0)) return scaled;
  for (std::size_t i = 0; i < scores.size(); ++i) scaled[i] = (scores[i] - *low) / spread;
  return scaled;
}

std::vector<float> scale_by_tier(std::span<const PartScores> candidates) {
  std::vector<float> scaled(candidates.size());
  for (const Tier tier : {Tier::full, Tier::first}) {
    std::vector<float> own;
    for (const PartScores& candidate : candidates)
      if (candidate.tier == tier) own.push_back(candidate.semantic);
    const std::vector<float> scaled_own = scale_min_max(own);
    for (std::size_t i = 0, next = 0; i < candidates.size(); ++i)
      if (candidates[i].tier == tier) scaled[i] = scaled_own[next++];
  }
  return scaled;
}

std::vector<float> fuse(std::span<const PartScores> candidates, const FusionOptions& options) {
  std::vector<float> bm25(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) bm25[i] = candidates[i].bm25;
  std::vector<float> fused = scale_by_tier(candidates);
  const std::vector<float> lexical = scale_min_max(bm25);
  for (std::size_t i = 0; i < fused.size(); ++i) {
    const float weight = candidates[i].tier == Tier::full ? options.semantic_weight : options.first_tier_weight;
    fused[i] = weight * fused[i] + (1.0F - weight) * lexical[i];
  }
  return fused;
}

}  // namespace renvoi::search
