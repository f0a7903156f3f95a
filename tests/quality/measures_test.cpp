#include "quality/measures.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace renvoi::quality {
namespace {

using Ranking = std::vector<std::string>;

// By hand: DCG = 1/log2(2) + 3/log2(4) = 1 + 1.5 = 2.5; ideal = 3/log2(2) + 2/log2(3) + 1/log2(4) = 4.761860.
TEST(Ndcg, IsTheHandComputedValueForGradedJudgments) {
  const Judgments judgments{{"a", 1}, {"b", 3}, {"c", 2}, {"d", 0}};
  EXPECT_NEAR(ndcg_at(10, Ranking{"a", "d", "b"}, judgments), 2.5 / 4.7618595, 1e-6);
}

TEST(Ndcg, IsOneForTheIdealOrderAndZeroWithoutRelevantDocuments) {
  const Judgments judgments{{"a", 1}, {"b", 3}, {"c", 2}};
  EXPECT_DOUBLE_EQ(ndcg_at(10, Ranking{"b", "c", "a"}, judgments), 1.0);
  EXPECT_EQ(ndcg_at(10, Ranking{"x", "y"}, judgments), 0.0);
  EXPECT_EQ(ndcg_at(10, Ranking{}, judgments), 0.0);
  EXPECT_EQ(ndcg_at(10, Ranking{"a"}, Judgments{{"a", 0}, {"b", -1}}), 0.0);
}

// The relevant document at rank 3 of 2: outside; of 3: 1/log2(4) = .5.
TEST(Ndcg, ReadsOnlyTheFirstK) {
  const Judgments judgments{{"a", 1}};
  EXPECT_EQ(ndcg_at(2, Ranking{"x", "y", "a"}, judgments), 0.0);
  EXPECT_NEAR(ndcg_at(3, Ranking{"x", "y", "a"}, judgments), 0.5, 1e-12);
}

// More relevant documents than k: the ideal is cut at k too, so that a full page of relevant documents is 1.
TEST(Ndcg, IdealIsCutAtKToo) {
  const Judgments judgments{{"a", 1}, {"b", 1}, {"c", 1}};
  EXPECT_DOUBLE_EQ(ndcg_at(2, Ranking{"c", "a"}, judgments), 1.0);
}

TEST(Recall, IsTheShareOfTheRelevantFound) {
  const Judgments judgments{{"a", 1}, {"b", 3}, {"c", 0}};
  EXPECT_DOUBLE_EQ(recall_at(100, Ranking{"c", "b"}, judgments), 0.5);
  EXPECT_DOUBLE_EQ(recall_at(1, Ranking{"c", "b"}, judgments), 0.0);
  EXPECT_DOUBLE_EQ(recall_at(100, Ranking{"a", "b"}, judgments), 1.0);
}

}  // namespace
}  // namespace renvoi::quality
