// The index as a page of code that anyone can believe: a map of references, scored by reading everything. And seeded
// random corpora for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "index/index.h"
#include "index/posting_blocks.h"
#include "index/quantizers.h"

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

// A document after an edit, and which passage of the one before each of its passages was, if it was one.
struct Edited {
  Document document;
  std::vector<std::optional<std::size_t>> was;
};

// The codes of a reference's passages, by ordinal.
inline std::vector<StoredCode> codes_of(const Snapshot& snapshot, ReferenceId reference) {
  std::vector<StoredCode> codes;
  for (const PassageNumber number : snapshot.passages_of(reference)) codes.push_back(snapshot.code(number).value());
  return codes;
}

// With the codes that it had for what it keeps, and vectors for the rest. `codes` must outlive them.
inline std::vector<PassageInput> inputs(const Edited& edited, const std::vector<StoredCode>& codes) {
  std::vector<PassageInput> passages = inputs(edited.document);
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (!edited.was[i].has_value()) continue;
    passages[i].vector = {};
    passages[i].code = &codes[*edited.was[i]];
  }
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

// Passages leave, come and change their place and words; vectors stay with what is kept.
inline Edited edit(std::mt19937_64& random, const Document& before, std::uint32_t dimensions) {
  Edited edited;
  Document fresh = random_document(random, dimensions, 3);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (random() % 4 == 0) continue;
    edited.document.push_back(before[i]);
    edited.was.emplace_back(i);
    if (random() % 4 == 0) edited.document.back().terms = {{"edited", 1 + static_cast<std::uint32_t>(i)}};
  }
  for (OwnedPassage& passage : fresh) {
    const std::size_t at = random() % (edited.document.size() + 1);
    edited.document.insert(edited.document.begin() + static_cast<std::ptrdiff_t>(at), std::move(passage));
    edited.was.insert(edited.was.begin() + static_cast<std::ptrdiff_t>(at), std::nullopt);
  }
  for (std::size_t i = 0; i < edited.document.size(); ++i) {
    const auto ordinal = static_cast<std::uint32_t>(i);
    edited.document[i].ordinal = ordinal;
    edited.document[i].range = {ordinal * 100, ordinal * 100 + 99};
  }
  return edited;
}

using Key = std::pair<std::uint32_t, std::uint32_t>;  // reference, ordinal

// Frequencies and lengths are those that are stored: at most 15, and in one byte (posting_blocks.h).
inline double stored_length(const OwnedPassage& passage) {
  std::uint32_t length = 0;
  for (const text::TermCount& term : passage.terms) length += term.frequency;
  return length_of_code(length_code(length));
}

inline std::map<Key, float> naive_bm25(const Model& model, const std::vector<std::string>& terms, float k1 = 0.9F,
                                       float b = 0.4F) {
  std::map<std::string, double> frequencies;
  double passages = 0;
  double total_length = 0;
  for (const auto& [reference, document] : model)
    for (const OwnedPassage& passage : document) {
      ++passages;
      total_length += stored_length(passage);
      for (const text::TermCount& term : passage.terms) ++frequencies[term.term];
    }
  std::map<Key, float> scores;
  for (const auto& [reference, document] : model)
    for (const OwnedPassage& passage : document) {
      const double length = stored_length(passage);
      double score = 0;
      for (const std::string& wanted : terms)
        for (const text::TermCount& term : passage.terms)
          if (term.term == wanted) {
            const double df = frequencies[wanted];
            const double tf = std::min(term.frequency, 15U);
            score += std::log(1 + (passages - df + 0.5) / (df + 0.5)) * tf /
                     (tf + k1 * (1 - b + b * length * passages / total_length));
          }
      if (score > 0) scores[{to_number(reference), passage.ordinal}] = static_cast<float>(score);
    }
  return scores;
}

// The similarity of the query with each passage's code: that of eight bits a dimension, as it is in the log, or that
// of six made from it, as it is in a segment. Which of the two, the snapshot may choose; it is one of them to the bit.
inline std::map<Key, float> naive_semantic(const Snapshot& snapshot, const Model& model, std::uint32_t dimensions,
                                           const std::vector<float>& query) {
  const std::string digest = identity_of(dimensions).model_digest;
  const Quantizer plain = Quantizer::plain(digest, dimensions, 8);
  const Quantizer small = Quantizer::plain(digest, dimensions, 6);
  Recoder recoder(plain, small);
  std::vector<std::byte> code(plain.code_bytes());
  std::vector<std::byte> small_code(small.code_bytes());
  std::map<Key, float> scores;
  for (const auto& [reference, document] : model) {
    const std::vector<PassageNumber> numbers = snapshot.passages_of(reference);
    EXPECT_EQ(numbers.size(), document.size());
    for (std::size_t i = 0; i < std::min(numbers.size(), document.size()); ++i) {
      plain.encode(document[i].vector, code);
      recoder.recode(code, small_code);
      const float wide = plain.similarity(plain.prepare(query), code);
      const float narrow = small.similarity(small.prepare(query), small_code);
      const float found = snapshot.similarity(query, numbers[i]);
      EXPECT_TRUE(found == wide || found == narrow) << found << ", not " << wide << " or " << narrow;
      scores[{to_number(reference), document[i].ordinal}] = found;
    }
  }
  return scores;
}

// The same of whatever codes the snapshot has, one by one; each is near the inner product of the vectors themselves.
inline std::map<Key, float> similarities(const Snapshot& snapshot, const Model& model, const std::vector<float>& query,
                                         double tolerance) {
  std::map<Key, float> scores;
  for (PassageNumber number = 0; number < snapshot.size(); ++number) {
    const PassageRecord record = snapshot.record(number);
    const Document& document = model.at(record.reference);
    const auto passage = std::find_if(document.begin(), document.end(),
                                      [&](const OwnedPassage& one) { return one.ordinal == record.ordinal; });
    double exact = 0;
    for (std::size_t i = 0; i < query.size(); ++i) exact += double{query[i]} * double{passage->vector[i]};
    const float score = snapshot.similarity(query, number);
    EXPECT_NEAR(score, exact, tolerance);
    scores[{to_number(record.reference), record.ordinal}] = score;
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

// Many asked at once, in any order and some twice, as one by one.
inline void expect_same_together(const Snapshot& snapshot, const std::vector<std::string>& terms,
                                 const std::vector<float>& query, std::mt19937_64& random) {
  std::vector<PassageNumber> passages;
  for (std::uint64_t count = random() % 100; count > 0; --count)
    passages.push_back(static_cast<PassageNumber>(random() % (snapshot.size() + 2)));
  const std::vector<float> scores = snapshot.bm25_scores(terms, passages);
  const std::vector<float> cosines = snapshot.similarities(query, passages);
  ASSERT_EQ(scores.size(), passages.size());
  ASSERT_EQ(cosines.size(), passages.size());
  for (std::size_t i = 0; i < passages.size(); ++i) {
    ASSERT_EQ(scores[i], snapshot.bm25_of(terms, passages[i])) << passages[i];
    ASSERT_EQ(cosines[i], snapshot.similarity(query, passages[i])) << passages[i];
  }
}

// Which codes an index has: of the plain quantizers, made from the vectors; or any, how far from the vectors they may
// be.
constexpr double kPlainCodes = 0;

// Everything a snapshot can be asked, against the model.
inline void expect_same(const Snapshot& snapshot, const Model& model, std::uint32_t dimensions, std::uint64_t seed,
                        double tolerance = kPlainCodes) {
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
    const std::vector<float> query = random_unit(random, dimensions);
    const auto cosines = tolerance == kPlainCodes ? naive_semantic(snapshot, model, dimensions, query)
                                                  : similarities(snapshot, model, query, tolerance);
    const std::vector<Hit> nearest = snapshot.semantic(query, k);
    ASSERT_NO_FATAL_FAILURE(expect_best(snapshot, nearest, cosines, k));
    for (const Hit& hit : nearest) ASSERT_EQ(snapshot.similarity(query, hit.passage), hit.score);
    ASSERT_NO_FATAL_FAILURE(expect_same_together(snapshot, terms, query, random));
  }
  ASSERT_TRUE(snapshot.sound().ok()) << snapshot.sound().error().describe();
}

}  // namespace renvoi::index::test
