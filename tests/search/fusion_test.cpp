#include "search/fusion.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace renvoi::search
