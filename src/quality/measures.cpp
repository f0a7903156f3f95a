#include "quality/measures.h"

#include <algorithm>
#include <cmath>
#include <functional>
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

}  // namespace renvoi::quality
