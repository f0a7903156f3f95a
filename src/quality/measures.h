// Retrieval measures of one query, as trec_eval computes them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace renvoi::quality {

// Document to grade; a grade of 0 or less is not relevant.
using Judgments = std::map<std::string, int>;

// Järvelin and Kekäläinen 2002, with the grade as the gain and log2(rank + 1) as the discount (trec_eval's ndcg_cut).
// `ranking` is best first, without duplicates. 0 when nothing is relevant.
double ndcg_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments);

// The share of the relevant documents among the first k. 0 when nothing is relevant.
double recall_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments);

// 1 / the rank of the first relevant document; 0 when there is none.
double reciprocal_rank(std::span<const std::string> ranking, const Judgments& judgments);

// The smallest of `values` that at least `share` of them do not exceed (nearest rank); 0 of none.
double percentile(std::vector<double> values, double share);

// Two systems asked the same questions: is the one better, or is it chance?
struct PairedTest {
  double difference = 0;     // mean of b - a
  double low = 0, high = 0;  // 95 % interval of that mean, by bootstrap over the questions
  double p = 1;              // two-sided, of a randomisation test that swaps a and b of each question
  std::size_t questions = 0, better = 0, worse = 0;  // of b
};

// `a` and `b` by question, of one length. 10,000 rounds each; the same seed gives the same figures on every machine.
// Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
// Evaluation", CIKM 2007.
PairedTest paired_test(std::span<const double> a, std::span<const double> b, std::uint64_t seed = 1);

}  // namespace renvoi::quality
