// The passages and queries that the benches of BM25 run on: those of BEIR folders as ingest::prepare makes them, and a
// large collection resampled from their sentences.
//
// The large one: passages of about 200 tokens, each made of runs of one to three consecutive sentences that begin at a
// sentence drawn at random from all: the frequencies of terms, their lengths and what stands together in a few
// sentences are real; that passages of one document resemble each other is lost, as is the growth of the vocabulary.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "quality/beir.h"
#include "text/terms.h"

namespace renvoi::bench {

using Counts = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // term, frequency

constexpr std::uint32_t kTargetTokens = 200;
constexpr std::size_t kQueriesOfASet = 1'000;

struct Sentence {
  Counts terms;
  std::uint32_t tokens = 0;
};

struct Query {
  std::vector<std::uint32_t> terms;  // distinct, in the order of their strings
};

struct TextCollection {
  std::vector<Counts> passages;
  std::vector<Sentence> sentences;
  std::map<std::string, std::vector<Query>> queries;  // by set; of 2 to 5 terms, kQueriesOfASet at most
  std::vector<std::string> names;                     // of the terms
  std::unordered_map<std::string, std::uint32_t> numbers;

  void add_set(const std::string& name, const quality::BeirSet& set);

  std::uint32_t number(const std::string& term);
  Counts numbered(const std::vector<text::TermCount>& terms);
};

// One passage of the large collection, its terms in increasing order. Draws from collection.sentences.
Counts resample(const TextCollection& collection, std::mt19937_64& random);

}  // namespace renvoi::bench
