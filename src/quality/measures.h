// Retrieval measures of one query, as trec_eval computes them. Pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace renvoi::quality {

// Document to grade; a grade of 0 or less is not relevant.
using Judgments = std::map<std::string, int>;

// Järvelin and Kekäläinen 2002, with the grade as the gain and log2(rank + 1) as the discount (trec_eval's ndcg_cut).
// `ranking` is best first, without duplicates. 0 when nothing is relevant.
double ndcg_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments);

// The share of the relevant documents among the first k. 0 when nothing is relevant.
double recall_at(std::size_t k, std::span<const std::string> ranking, const Judgments& judgments);

}  // namespace renvoi::quality
