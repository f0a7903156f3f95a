#include "quality/measures.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <utility>
#include <vector>

namespace renvoi::quality {
namespace {

double discounted(int grade, std::size_t rank_from_0) {
  return static_cast<double>(grade) / std::log2(static_cast<double>(rank_from_0) + 2.0);
}

}  // namespace

double ndcg_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments) {
  double gain = 0;
  for (std::size_t rank = 0; rank < std::min(k, ranking.size()); ++rank) {
    const auto judged = judgments.find(ranking[rank]);
    if (judged != judgments.end() && judged->second > 0) gain += discounted(judged->second, rank);
  }
  std::vector<int> grades;
  for (const auto& [document, grade] : judgments) {
    if (grade > 0) grades.push_back(grade);
  }
  std::sort(grades.begin(), grades.end(), std::greater<>());
  double ideal = 0;
  for (std::size_t rank = 0; rank < std::min(k, grades.size()); ++rank) ideal += discounted(grades[rank], rank);
  return ideal > 0 ? gain / ideal : 0;
}

double recall_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments) {
  std::size_t relevant = 0;
  for (const auto& [document, grade] : judgments) relevant += grade > 0 ? 1 : 0;
  if (relevant == 0) return 0;
  std::size_t found = 0;
  for (std::size_t rank = 0; rank < std::min(k, ranking.size()); ++rank) {
    const auto judged = judgments.find(ranking[rank]);
    if (judged != judgments.end() && judged->second > 0) ++found;
  }
  return static_cast<double>(found) / static_cast<double>(relevant);
}

double reciprocal_rank(std::span<const std::string> ranking, const Judgments& judgments) {
  for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
    const auto judged = judgments.find(ranking[rank]);
    if (judged != judgments.end() && judged->second > 0) return 1.0 / static_cast<double>(rank + 1);
  }
  return 0;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::clamp(rank, 1.0, static_cast<double>(values.size()))) - 1];
}

PairedTest paired_test(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
  constexpr std::size_t kRounds = 10'000;
  PairedTest test;
  test.questions = std::min(a.size(), b.size());
  if (test.questions == 0) return test;
  std::vector<double> differences;
  double sum = 0;
  for (std::size_t i = 0; i < test.questions; ++i) {
    differences.push_back(b[i] - a[i]);
    sum += differences.back();
    test.better += b[i] > a[i] ? 1 : 0;
    test.worse += b[i] < a[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(test.questions);
  test.difference = sum / count;
  std::mt19937_64 chance(seed);  // its numbers are the standard's; those of std distributions are not
  std::size_t as_far = 0;
  std::vector<double> means;
  for (std::size_t round = 0; round < kRounds; ++round) {
    double swapped = 0, drawn = 0;
    for (const double difference : differences) {
      const std::uint64_t random = chance();
      swapped += (random & 1U) != 0 ? difference : -difference;
      drawn += differences[(random >> 1U) % test.questions];
    }
    as_far += std::abs(swapped) >= std::abs(sum) * (1 - 1e-12) ? 1 : 0;
    means.push_back(drawn / count);
  }
  test.p = static_cast<double>(as_far + 1) / static_cast<double>(kRounds + 1);
  test.low = percentile(means, 0.025);
  test.high = percentile(std::move(means), 0.975);
  return test;
}

}  // namespace renvoi::quality
