#include "quality/measures.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quality/evaluate_answers.h"

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

TEST(Measures, ReciprocalRankIsOfTheFirstRelevant) {
  const std::vector<std::string> ranking = {"a", "b", "c"};
  EXPECT_DOUBLE_EQ(reciprocal_rank(ranking, {{"b", 1}, {"c", 2}}), 0.5);
  EXPECT_DOUBLE_EQ(reciprocal_rank(ranking, {{"a", 0}, {"z", 1}}), 0);
}

TEST(Measures, PercentilesAreOfTheNearestRank) {
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0.5), 2);
  EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0.99), 4);
  EXPECT_DOUBLE_EQ(percentile({}, 0.5), 0);
}

TEST(PairedTest, TellsADifferenceFromChance) {
  std::vector<double> a, noise, better;
  for (int i = 0; i < 200; ++i) {
    a.push_back(i % 10 / 10.0);
    noise.push_back(a.back() + (i % 2 == 0 ? 0.1 : -0.1));
    better.push_back(a.back() + (i % 4 == 0 ? -0.05 : 0.1));
  }
  const PairedTest chance = paired_test(a, noise);
  EXPECT_NEAR(chance.difference, 0, 1e-9);
  EXPECT_GT(chance.p, 0.5);
  EXPECT_LT(chance.low, 0);
  EXPECT_GT(chance.high, 0);
  const PairedTest real = paired_test(a, better);
  EXPECT_NEAR(real.difference, 0.0625, 1e-9);
  EXPECT_LT(real.p, 0.001);
  EXPECT_GT(real.low, 0);
  EXPECT_EQ(real.better, 150U);
  EXPECT_EQ(real.worse, 50U);
  EXPECT_EQ(paired_test(a, better, 7).p, paired_test(a, better, 7).p);
  EXPECT_EQ(paired_test({}, {}).questions, 0U);
}

TEST(HoldsAnswer, AsksForWholeWordsWhateverTheirCaseAndAccents) {
  EXPECT_TRUE(holds_answer("Il y eut « Quatre » étés.", {"quatre"}));
  EXPECT_TRUE(holds_answer("En 1912, par Élodie.", {"elodie"}));
  EXPECT_FALSE(holds_answer("fourteen", {"four"}));
  EXPECT_FALSE(holds_answer("anything", {""}));
}

}  // namespace
}  // namespace renvoi::quality
