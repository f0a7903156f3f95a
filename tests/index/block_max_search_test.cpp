#include "index/block_max_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace renvoi::index {
namespace {

// A segment and its lists, as a writer would make them.
struct Corpus {
  std::vector<std::uint8_t> lengths;
  std::vector<std::uint64_t> live;
  std::vector<std::vector<Posting>> postings;  // by term
  std::vector<std::string> lists;
  BlockMaxSegment segment() const { return {lengths, live}; }
  bool is_live(std::uint32_t passage) const { return live.empty() || (live[passage / 64] >> (passage % 64) & 1) != 0; }
};

struct Shape {
  std::uint32_t passages = 2'000;
  std::uint32_t terms = 30;
  double least_density = 1e-3;  // of the rarest term; the commonest is in two thirds
  bool equal_lengths = false;   // and frequencies: many ties
  unsigned dead_percent = 0;
};

Corpus random_corpus(std::uint64_t seed, const Shape& shape) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  Corpus corpus;
  corpus.lengths.resize(shape.passages);
  for (std::uint8_t& length : corpus.lengths)
    length = static_cast<std::uint8_t>(shape.equal_lengths ? 50 : 20 + random() % 150);
  corpus.postings.resize(shape.terms);
  for (std::uint32_t term = 0; term < shape.terms; ++term) {
    const double rank = static_cast<double>(term) / shape.terms;
    const double density = std::exp(std::log(0.66) * (1 - rank) + std::log(shape.least_density) * rank);
    bool burst = false;
    for (std::uint32_t passage = 0; passage < shape.passages; ++passage) {
      burst = uniform(random) < (burst ? std::max(density, 0.3) : density);
      if (!burst) continue;
      std::uint32_t frequency = 1;
      while (!shape.equal_lengths && frequency < 20 && uniform(random) < 0.25) ++frequency;
      corpus.postings[term].push_back({passage, frequency});
    }
  }
  const PostingBlockWriter writer(corpus.lengths);
  for (const auto& list : corpus.postings) {
    io::ByteWriter out;
    writer.write(out, list);
    corpus.lists.push_back(out.take());
  }
  if (shape.dead_percent > 0) {
    corpus.live.resize((shape.passages + 63) / 64);
    for (std::uint32_t passage = 0; passage < shape.passages; ++passage)
      if (random() % 100 >= shape.dead_percent) corpus.live[passage / 64] |= std::uint64_t{1} << (passage % 64);
  }
  return corpus;
}

struct Query {
  std::vector<std::uint32_t> numbers;
  std::vector<BlockMaxTerm> terms;
};

Query random_query(std::uint64_t seed, const Corpus& corpus) {
  std::mt19937_64 random(seed);
  Query query;
  for (std::uint64_t count = 1 + random() % 8; count > 0; --count) {
    const auto term = static_cast<std::uint32_t>(random() % corpus.postings.size());
    const auto df = static_cast<double>(corpus.postings[term].size());
    const double idf = std::log(1.0 + (static_cast<double>(corpus.lengths.size()) - df + 0.5) / (df + 0.5));
    query.numbers.push_back(term);
    query.terms.push_back({corpus.lists[term], static_cast<std::uint32_t>(corpus.postings[term].size()),
                           static_cast<float>(idf * static_cast<double>(1 + random() % 2))});
  }
  return query;
}

// The definition: every posting of every term, in the order of the query.
std::map<std::uint32_t, float> score_everything(const Corpus& corpus, const Query& query, const Bm25Curve& curve) {
  std::map<std::uint32_t, float> scores;
  for (std::size_t i = 0; i < query.terms.size(); ++i)
    for (const Posting& posting : corpus.postings[query.numbers[i]])
      scores[posting.passage] += curve.score(query.terms[i].weight, std::min(posting.frequency, kMaxFrequency),
                                             corpus.lengths[posting.passage]);
  return scores;
}

template <typename Wanted>
std::vector<Hit> best_of(const std::map<std::uint32_t, float>& scores, std::size_t k, const Wanted& wanted) {
  std::vector<Hit> hits;
  for (const auto& [passage, score] : scores)
    if (wanted(passage, score)) hits.push_back({passage, score});
  std::sort(hits.begin(), hits.end(),
            [](const Hit& a, const Hit& b) { return a.score != b.score ? a.score > b.score : a.passage < b.passage; });
  if (hits.size() > k) hits.resize(k);
  return hits;
}

Bm25Curve random_curve(std::mt19937_64& random) {
  if (random() % 2 == 0) return Bm25Curve::make({}, 80).value();
  const Bm25Parameters parameters{std::uniform_real_distribution<float>(0, 2.5F)(random),
                                  std::uniform_real_distribution<float>(0, 1)(random)};
  return Bm25Curve::make(parameters, static_cast<float>(10 + random() % 300)).value();
}

void expect_exact(std::uint64_t seed, const Shape& shape, int queries) {
  const Corpus corpus = random_corpus(seed, shape);
  std::mt19937_64 random(seed + 1);
  for (int i = 0; i < queries; ++i) {
    const Query query = random_query(random(), corpus);
    const Bm25Curve curve = random_curve(random);
    const auto scores = score_everything(corpus, query, curve);
    const std::size_t k = i % 3 == 0 ? 1 + random() % 1'000 : 1 + random() % 20;
    const auto live = [&](std::uint32_t passage, float) { return corpus.is_live(passage); };
    const std::vector<Hit> expected = best_of(scores, k, live);
    for (const Kernel kernel : {Kernel::portable, best_kernel()}) {
      BlockMaxOptions options;
      options.kernel = kernel;
      const auto hits = block_max_top_k(query.terms, k, corpus.segment(), curve, options);
      ASSERT_TRUE(hits.ok());
      ASSERT_EQ(*hits, expected) << "seed " << seed << " query " << i;
    }
    // From the k-th best of elsewhere: what scores less is left out, what scores as much is not.
    if (!expected.empty()) {
      BlockMaxOptions options;
      options.threshold = expected[random() % expected.size()].score;
      const auto enough = [&](std::uint32_t passage, float score) {
        return corpus.is_live(passage) && score >= options.threshold;
      };
      ASSERT_EQ(block_max_top_k(query.terms, k, corpus.segment(), curve, options).value(), best_of(scores, k, enough))
          << "seed " << seed << " query " << i;
    }
    // A filter takes nothing from the top k but what it rejects.
    const std::uint32_t divisor = 2 + static_cast<std::uint32_t>(random() % 50);
    const AcceptPassage accept = [&](std::uint32_t passage) { return passage % divisor == 0; };
    BlockMaxOptions options;
    options.accept = &accept;
    const auto accepted = [&](std::uint32_t passage, float) { return corpus.is_live(passage) && accept(passage); };
    ASSERT_EQ(block_max_top_k(query.terms, k, corpus.segment(), curve, options).value(), best_of(scores, k, accepted))
        << "seed " << seed << " query " << i;
    // And one passage by itself.
    for (int probe = 0; probe < 20; ++probe) {
      const auto passage = static_cast<std::uint32_t>(random() % (corpus.lengths.size() + 2));
      const auto found = scores.find(passage);
      ASSERT_EQ(block_score_of(query.terms, passage, corpus.segment(), curve).value(),
                found == scores.end() ? 0 : found->second);
    }
    // And many in one walk.
    std::set<std::uint32_t> some;
    for (std::uint64_t count = random() % 300; count > 0; --count)
      some.insert(static_cast<std::uint32_t>(random() % (corpus.lengths.size() + 2)));
    const std::vector<std::uint32_t> passages(some.begin(), some.end());
    std::vector<float> together(passages.size(), -1.0F);
    ASSERT_TRUE(block_scores_of(query.terms, passages, corpus.segment(), curve, together).ok());
    for (std::size_t at = 0; at < passages.size(); ++at) {
      const auto found = scores.find(passages[at]);
      ASSERT_EQ(together[at], found == scores.end() ? 0 : found->second) << "seed " << seed << " query " << i;
    }
  }
}

TEST(BlockMaxSearch, AgreesWithScoringEverything) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) ASSERT_NO_FATAL_FAILURE(expect_exact(seed, {}, 20));
}

TEST(BlockMaxSearch, AgreesOnTinySegments) {
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    ASSERT_NO_FATAL_FAILURE(
        expect_exact(seed, {.passages = 1 + static_cast<std::uint32_t>(seed % 150), .terms = 6}, 6));
}

TEST(BlockMaxSearch, AgreesOnManyGroupsOfBlocks) {
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    ASSERT_NO_FATAL_FAILURE(expect_exact(seed, {.passages = 60'000, .least_density = 1e-4}, 25));
}

TEST(BlockMaxSearch, AgreesWhereAllScoresAreEqual) {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    ASSERT_NO_FATAL_FAILURE(expect_exact(seed, {.passages = 3'000, .terms = 8, .equal_lengths = true}, 15));
}

TEST(BlockMaxSearch, TheDeadTakeNoPlace) {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    ASSERT_NO_FATAL_FAILURE(
        expect_exact(seed, {.passages = 3'000, .dead_percent = static_cast<unsigned>(seed % 3) * 45 + 5}, 15));
}

// Skipping is the point: if everything were read the search would still be exact, and useless.
TEST(BlockMaxSearch, ReadsASmallPartOfLongLists) {
  const Corpus corpus = random_corpus(7, {.passages = 200'000, .terms = 20, .least_density = 1e-4});
  const Bm25Curve curve = Bm25Curve::make({}, 80).value();
  Query query;
  std::uint64_t postings = 0;
  for (const std::uint32_t term : {2U, 8U, 14U, 19U}) {
    const auto df = static_cast<double>(corpus.postings[term].size());
    query.terms.push_back({corpus.lists[term], static_cast<std::uint32_t>(corpus.postings[term].size()),
                           static_cast<float>(std::log(1.0 + (200'000 - df + 0.5) / (df + 0.5)))});
    postings += corpus.postings[term].size();
  }
  BlockMaxStats stats;
  BlockMaxOptions options;
  options.stats = &stats;
  ASSERT_TRUE(block_max_top_k(query.terms, 10, corpus.segment(), curve, options).ok());
  EXPECT_GT(stats.postings_scored, 0U);
  EXPECT_LT(stats.postings_scored, postings / 5);
  EXPECT_LT(stats.candidates, postings / 10);
}

TEST(BlockMaxSearch, OneTopKRunsAcrossSegments) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Corpus first = random_corpus(seed, {.passages = 1'500, .terms = 10, .equal_lengths = seed % 2 == 0});
    const Corpus second = random_corpus(seed + 1'000, {.passages = 1'500, .terms = 10, .equal_lengths = seed % 2 == 0});
    const Bm25Curve curve = Bm25Curve::make({}, 60).value();
    Query here{{3, 6, 9}, {}}, there = here;
    for (const std::uint32_t term : here.numbers) {
      const auto weight = static_cast<float>(1 + term);
      here.terms.push_back({first.lists[term], static_cast<std::uint32_t>(first.postings[term].size()), weight});
      there.terms.push_back({second.lists[term], static_cast<std::uint32_t>(second.postings[term].size()), weight});
    }
    auto scores = score_everything(first, here, curve);
    for (const auto& [passage, score] : score_everything(second, there, curve)) scores[1'500 + passage] = score;
    const auto all = [](std::uint32_t, float) { return true; };
    // The second segment first: order does not matter.
    std::vector<Hit> hits = block_max_top_k(there.terms, 10, second.segment(), curve).value();
    for (Hit& hit : hits) hit.passage += 1'500;
    BlockMaxOptions options;
    options.threshold = hits.size() == 10 ? hits.back().score : 0;
    for (const Hit& hit : block_max_top_k(here.terms, 10, first.segment(), curve, options).value()) hits.push_back(hit);
    std::map<std::uint32_t, float> merged;
    for (const Hit& hit : hits) merged[hit.passage] = hit.score;
    ASSERT_EQ(best_of(merged, 10, all), best_of(scores, 10, all)) << seed;
  }
}

TEST(BlockMaxSearch, NothingAskedNothingFound) {
  const Corpus corpus = random_corpus(1, {.passages = 100, .terms = 3});
  const Bm25Curve curve = Bm25Curve::make({}, 60).value();
  const BlockMaxTerm absent{{}, 0, 1.0F};
  const BlockMaxTerm present{corpus.lists[0], static_cast<std::uint32_t>(corpus.postings[0].size()), 1.0F};
  EXPECT_TRUE(block_max_top_k({}, 10, corpus.segment(), curve).value().empty());
  EXPECT_TRUE(block_max_top_k(std::span(&absent, 1), 10, corpus.segment(), curve).value().empty());
  EXPECT_TRUE(block_max_top_k(std::span(&present, 1), 0, corpus.segment(), curve).value().empty());
  EXPECT_EQ(block_max_top_k(std::span(&present, 1), 1'000, corpus.segment(), curve).value().size(),
            corpus.postings[0].size());
}

TEST(BlockMaxSearch, DamagedListsGiveAnErrorOrPassagesInRange) {
  const Corpus corpus = random_corpus(3, {.passages = 20'000, .terms = 4});
  const Bm25Curve curve = Bm25Curve::make({}, 60).value();
  std::size_t corrupt = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string> lists = corpus.lists;
    std::vector<BlockMaxTerm> terms;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (random() % 2 == 0)
        lists[i][random() % std::min<std::size_t>(lists[i].size(), 300)] = static_cast<char>(random());
      terms.push_back({lists[i], static_cast<std::uint32_t>(corpus.postings[i].size()), static_cast<float>(1 + i)});
    }
    const auto hits = block_max_top_k(terms, 10, corpus.segment(), curve);
    if (!hits.ok()) {
      EXPECT_EQ(hits.error().code, ErrorCode::corrupt);
      ++corrupt;
      continue;
    }
    for (const Hit& hit : *hits) ASSERT_LT(hit.passage, 20'000U) << seed;
  }
  EXPECT_GT(corrupt, 200U);
}

TEST(BlockMaxSearch, SaysWhatIsWrong) {
  const Corpus corpus = random_corpus(1, {.passages = 2'000, .terms = 3});
  const Bm25Curve curve = Bm25Curve::make({}, 60).value();
  const auto size = static_cast<std::uint32_t>(corpus.postings[0].size());
  for (const float weight : {0.0F, -1.0F, NAN, INFINITY}) {
    const BlockMaxTerm term{corpus.lists[0], size, weight};
    EXPECT_EQ(block_max_top_k(std::span(&term, 1), 10, corpus.segment(), curve).error().code, ErrorCode::invalid);
    EXPECT_EQ(block_score_of(std::span(&term, 1), 5, corpus.segment(), curve).error().code, ErrorCode::invalid);
  }
  const BlockMaxTerm cut{std::string_view(corpus.lists[0]).substr(0, 20), size, 1.0F};
  EXPECT_EQ(block_max_top_k(std::span(&cut, 1), 10, corpus.segment(), curve).error().code, ErrorCode::corrupt);
  EXPECT_EQ(block_score_of(std::span(&cut, 1), 5, corpus.segment(), curve).error().code, ErrorCode::corrupt);
  const std::vector<std::uint64_t> short_bitmap(3);
  const BlockMaxTerm term{corpus.lists[0], size, 1.0F};
  EXPECT_EQ(block_max_top_k(std::span(&term, 1), 10, {corpus.lengths, short_bitmap}, curve).error().code,
            ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::index
