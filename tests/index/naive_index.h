// The index as a page of code that anyone can believe: a map of references, scored by reading everything. And seeded
// random corpora for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "index/codes.h"
#include "index/index.h"

namespace renvoi::index::test {

struct OwnedPassage {
  std::uint32_t ordinal = 0;
  text::Range range;
  std::uint64_t fingerprint = 0;
  std::vector<text::TermCount> terms;
  std::vector<float> vector;
  bool operator==(const OwnedPassage&) const = default;
};
using Document = std::vector<OwnedPassage>;
using Model = std::map<ReferenceId, Document>;

inline Identity identity_of(std::uint32_t dimensions) { return {"00aa11bb", dimensions, 1}; }

inline std::vector<PassageInput> inputs(const Document& document) {
  std::vector<PassageInput> passages;
  for (const OwnedPassage& passage : document)
    passages.push_back({passage.ordinal, passage.range, passage.fingerprint, passage.terms, passage.vector});
  return passages;
}

inline std::vector<float> random_unit(std::mt19937_64& random, std::uint32_t dimensions) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dimensions);
  double square = 0;
  for (float& value : vector) {
    value = normal(random);
    square += double{value} * double{value};
  }
  for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
  return vector;
}

// Terms as text has them: a few very common, many rare.
inline std::string random_term(std::mt19937_64& random) {
  const double u = std::uniform_real_distribution<double>(0.0, 1.0)(random);
  return "t" + std::to_string(static_cast<int>(std::pow(200.0, u)));
}

inline Document random_document(std::mt19937_64& random, std::uint32_t dimensions, std::size_t max_passages = 4) {
  Document document(random() % (max_passages + 1));
  std::uint32_t begin = 0;
  for (std::uint32_t i = 0; i < document.size(); ++i) {
    std::map<std::string, std::uint32_t> counts;
    for (std::uint64_t words = random() % 30; words > 0; --words) ++counts[random_term(random)];
    OwnedPassage& passage = document[i];
    passage.ordinal = i;
    passage.range = {begin, begin + static_cast<std::uint32_t>(random() % 500)};
    begin = passage.range.end + static_cast<std::uint32_t>(random() % 3);
    passage.fingerprint = random();
    for (const auto& [term, frequency] : counts) passage.terms.push_back({term, frequency});
    passage.vector = random_unit(random, dimensions);
  }
  return document;
}

using Key = std::pair<std::uint32_t, std::uint32_t>;  // reference, ordinal

inline std::map<Key, float> naive_bm25(const Model& model, const std::vector<std::string>& terms, float k1 = 0.9F,
                                       float b = 0.4F) {
  std::map<std::string, double> frequencies;
  double passages = 0;
  double total_length = 0;
  for (const auto& [reference, document] : model)
    for (const OwnedPassage& passage : document) {
      ++passages;
      for (const text::TermCount& term : passage.terms) {
        total_length += term.frequency;
        ++frequencies[term.term];
      }
    }
  std::map<Key, float> scores;
  for (const auto& [reference, document] : model)
    for (const OwnedPassage& passage : document) {
      double length = 0;
      for (const text::TermCount& term : passage.terms) length += term.frequency;
      double score = 0;
      for (const std::string& wanted : terms)
        for (const text::TermCount& term : passage.terms)
          if (term.term == wanted) {
            const double df = frequencies[wanted];
            score += std::log(1 + (passages - df + 0.5) / (df + 0.5)) * term.frequency /
                     (term.frequency + k1 * (1 - b + b * length * passages / total_length));
          }
      if (score > 0) scores[{to_number(reference), passage.ordinal}] = static_cast<float>(score);
    }
  return scores;
}

inline std::map<Key, float> naive_semantic(const Model& model, const Codec& codec, const std::vector<float>& query) {
  Rotation rotation(identity_of(codec.dimensions()).model_digest, codec.dimensions());
  std::vector<float> rotated = query;
  rotation.apply(rotated);
  std::map<Key, float> scores;
  for (const auto& [reference, document] : model)
    for (const OwnedPassage& passage : document) {
      std::vector<std::byte> code(codec.code_bytes());
      codec.encode(passage.vector, code);
      const std::vector<float> decoded = codec.decode(code);
      double sum = 0;
      for (std::size_t i = 0; i < decoded.size(); ++i) sum += double{decoded[i]} * double{rotated[i]};
      scores[{to_number(reference), passage.ordinal}] = static_cast<float>(sum);
    }
  return scores;
}

// The hits are the best of `expected`, in order, with their scores.
inline void expect_best(const Snapshot& snapshot, const std::vector<Hit>& hits, const std::map<Key, float>& expected,
                        std::size_t k) {
  ASSERT_EQ(hits.size(), std::min(k, expected.size()));
  std::vector<float> sorted;
  for (const auto& [key, score] : expected) sorted.push_back(score);
  std::sort(sorted.rbegin(), sorted.rend());
  std::set<PassageNumber> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const PassageRecord record = snapshot.record(hits[i].passage);
    const auto found = expected.find({to_number(record.reference), record.ordinal});
    ASSERT_NE(found, expected.end());
    ASSERT_NEAR(hits[i].score, found->second, 1e-4);
    ASSERT_NEAR(hits[i].score, sorted[i], 1e-4);
    ASSERT_TRUE(seen.insert(hits[i].passage).second);
    if (i > 0) {
      ASSERT_TRUE(hits[i - 1].score > hits[i].score ||
                  (hits[i - 1].score == hits[i].score && hits[i - 1].passage < hits[i].passage));
    }
  }
}

// Everything a snapshot can be asked, against the model.
inline void expect_same(const Snapshot& snapshot, const Model& model, const Codec& codec, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uint64_t size = 0;
  std::vector<ReferenceId> references;
  for (const auto& [reference, document] : model) {
    size += document.size();
    if (!document.empty()) references.push_back(reference);
    const std::vector<PassageNumber> numbers = snapshot.passages_of(reference);
    ASSERT_EQ(numbers.size(), document.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const PassageRecord record = snapshot.record(numbers[i]);
      ASSERT_EQ(record.reference, reference);
      ASSERT_EQ(record.ordinal, document[i].ordinal);
      ASSERT_EQ(record.range, document[i].range);
      ASSERT_EQ(record.fingerprint, document[i].fingerprint);
    }
  }
  ASSERT_EQ(snapshot.size(), size);
  ASSERT_EQ(snapshot.references(), references);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> terms;
    for (std::uint64_t count = random() % 5; count > 0; --count) terms.push_back(random_term(random));
    const std::size_t k = round == 0 ? 1'000 : 1 + random() % 10;
    const auto expected = naive_bm25(model, terms);
    const std::vector<Hit> hits = snapshot.bm25(terms, k);
    ASSERT_NO_FATAL_FAILURE(expect_best(snapshot, hits, expected, k));
    for (const Hit& hit : hits) ASSERT_EQ(snapshot.bm25_of(terms, hit.passage), hit.score);
    const std::vector<float> query = random_unit(random, codec.dimensions());
    const auto cosines = naive_semantic(model, codec, query);
    const std::vector<Hit> nearest = snapshot.semantic(query, k);
    ASSERT_NO_FATAL_FAILURE(expect_best(snapshot, nearest, cosines, k));
    for (const Hit& hit : nearest) ASSERT_EQ(snapshot.similarity(query, hit.passage), hit.score);
  }
}

}  // namespace renvoi::index::test
