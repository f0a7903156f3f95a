#include "search/fusion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include <vector>

namespace renvoi::search {
namespace {

// By hand: cosines .9 .8 .7 scale to 1 .5 0; BM25 0 5 10 to 0 .5 1; half of each.
TEST(Fusion, IsTheMeanOfTheScaledScores) {
  const std::vector<PartScores> candidates{{0.9F, 0}, {0.8F, 5}, {0.7F, 10}};
  const std::vector<float> fused = fuse(candidates, {.semantic_weight = 0.5F});
  ASSERT_EQ(fused.size(), 3U);
  EXPECT_NEAR(fused[0], 0.5, 1e-6);
  EXPECT_NEAR(fused[1], 0.5, 1e-6);
  EXPECT_NEAR(fused[2], 0.5, 1e-6);
}

// By hand: cosines .80 .90 .85 -> 0 1 .5; BM25 4 2 0 -> 1 .5 0; weights .75 and .25.
TEST(Fusion, GivesEachPartItsWeight) {
  const std::vector<PartScores> candidates{{0.80F, 4}, {0.90F, 2}, {0.85F, 0}};
  const std::vector<float> fused = fuse(candidates, {.semantic_weight = 0.75F});
  EXPECT_NEAR(fused[0], 0.25, 1e-5);
  EXPECT_NEAR(fused[1], 0.875, 1e-5);
  EXPECT_NEAR(fused[2], 0.375, 1e-5);
}

// A question without a term the index knows leaves the order to the semantic part.
TEST(Fusion, APartThatSaysNothingChangesNoOrder) {
  const std::vector<PartScores> candidates{{0.7F, 0}, {0.9F, 0}, {0.8F, 0}};
  const std::vector<float> fused = fuse(candidates);
  EXPECT_GT(fused[1], fused[2]);
  EXPECT_GT(fused[2], fused[0]);
}

TEST(Fusion, OfNothingIsNothingAndOfOneIsFinite) {
  EXPECT_TRUE(fuse({}).empty());
  EXPECT_EQ(fuse(std::vector<PartScores>{{0.5F, 3}}), std::vector<float>{0.0F});
  EXPECT_TRUE(scale_min_max({}).empty());
}

// Adding log-odds ranks as the weight does: cosine / temperature + bm25_log_odds x BM25.
TEST(Fusion, AWeightBySpreadRanksByTheSumOfLogOdds) {
  std::mt19937 random(7);
  const auto between = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 10'000) / 10'000.0F;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<PartScores> parts;
    for (int i = 0; i < 30; ++i) parts.push_back({between(0.7F, 0.9F), between(0, 12)});
    FusionOptions options;
    options.semantic_weight = weight_by_spread(parts, 0.01F, options);
    const std::vector<float> fused = fuse(parts, options);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto log_odds = [&](const PartScores& each) { return each.semantic / 0.01F + 0.55F * each.bm25; };
      const float difference = log_odds(parts[i]) - log_odds(parts[0]);
      if (std::abs(difference) > 1e-2F) {
        EXPECT_EQ(fused[i] > fused[0], difference > 0);
      }
    }
  }
}

TEST(Fusion, WordsThatTellNothingApartHaveNoWeight) {
  EXPECT_EQ(weight_by_spread(std::vector<PartScores>{{0.8F, 2}, {0.9F, 2}}, 0.01F), 1.0F);
  EXPECT_EQ(weight_by_spread(std::vector<PartScores>{{0.8F, 2}, {0.8F, 3}}, 0.01F), 0.0F);
  EXPECT_EQ(weight_by_spread(std::vector<PartScores>{{0.8F, 2}}, 0.01F), 0.0F);
  EXPECT_EQ(weight_by_spread({}, 0.01F), 0.0F);
}

}  // namespace
}  // namespace renvoi::search
