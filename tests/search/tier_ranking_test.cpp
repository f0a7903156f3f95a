// With documents in both tiers, a question finds what it would find with all in one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "index/naive_index.h"
#include "io/temporary_folder.h"
#include "search/search.h"

namespace renvoi::search {
namespace {

using index::test::Document;
using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 32;
constexpr std::uint32_t kDocuments = 400;

// Gives one vector whatever it is asked, and counts how often.
class FixedEmbedder final : public model::Embedder {
 public:
  std::size_t dimensions() const override { return kDimensions; }
  const std::string& digest() const override { return name_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole,
                                  const model::EmbedProgress&, std::stop_token) override {
    ++asked;
    model::Embeddings all{kDimensions, {}};
    for (std::size_t i = 0; i < texts.size(); ++i) all.values.insert(all.values.end(), vector.begin(), vector.end());
    return all;
  }
  std::vector<float> vector = std::vector<float>(kDimensions, 0.0F);
  int asked = 0;

 private:
  std::string name_ = "fixed";
};

std::vector<float> mixed(const std::vector<float>& a, const std::vector<float>& b, float share) {
  std::vector<float> sum(kDimensions);
  double square = 0;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    sum[i] = share * a[i] + (1 - share) * b[i];
    square += double{sum[i]} * double{sum[i]};
  }
  for (float& value : sum) value = static_cast<float>(value / std::sqrt(square));
  return sum;
}

// Documents of one passage with vectors of both tiers: the encoder's crowd around one direction (as those of e5 do),
// the table's are centred and less exact.
struct Corpus {
  explicit Corpus(std::uint64_t seed) : random(seed) {
    crowd = index::test::random_unit(random, kDimensions);
    while (documents.size() < kDocuments) {
      Document made = index::test::random_document(random, kDimensions, 1);
      if (made.empty() || made[0].terms.empty()) continue;
      meanings.push_back(made[0].vector);
      documents.push_back(std::move(made));
    }
  }
  Document of(std::size_t i, Tier tier) {
    Document made = documents[i];
    std::mt19937_64 noise(i);
    made[0].vector = tier == Tier::full ? mixed(crowd, meanings[i], 0.7F)
                                        : mixed(meanings[i], index::test::random_unit(noise, kDimensions), 0.7F);
    return made;
  }
  std::mt19937_64 random;
  std::vector<float> crowd;
  std::vector<std::vector<float>> meanings;
  std::vector<Document> documents;
};

struct Built {
  // The tier of document i is `tier_of(i)`.
  template <typename TierOf>
  Built(Corpus& corpus, TierOf tier_of) {
    const index::Identity full = index::test::identity_of(kDimensions);
    collection = Collection::open(*files, clock, folder / "c", full, Collection::Mode::write,
                                  fixed_tables(first_tier_identity(full, 1), table))
                     .value();
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    const SourceId id = collection->catalog().add_source(source).value().id;
    std::vector<Document> kept;
    std::vector<catalog::Reference> references;
    for (std::size_t i = 0; i < corpus.documents.size(); ++i) {
      catalog::Reference reference;
      reference.source = id;
      reference.address = "https://a.org/" + std::to_string(i);
      reference.language = "en";
      references.push_back(collection->catalog().add_reference(reference, 1).value());
      kept.push_back(corpus.of(i, tier_of(i)));
    }
    for (const Tier tier : {Tier::full, Tier::first}) {
      std::vector<Collection::DocumentWrite> writes;
      for (std::size_t i = 0; i < kept.size(); ++i)
        if (tier_of(i) == tier) writes.push_back({references[i], index::test::inputs(kept[i]), "added"});
      EXPECT_TRUE(collection->put(writes, tier).ok());
    }
  }
  std::vector<SearchHit> hits(const std::string& query, SearchMode mode, bool fast = false, std::uint32_t limit = 10) {
    SearcherOptions options;
    options.fusion.first_tier_weight = 0.3F;
    Searcher searcher(*collection, encoder, options);
    SearchRequest request;
    request.query = query;
    request.mode = mode;
    request.limit = limit;
    request.fast = fast;
    const auto response = searcher.search(request);
    EXPECT_TRUE(response.ok()) << response.error().describe();
    return response->hits;
  }
  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  ManualClock clock{1'000};
  std::unique_ptr<Collection> collection;
  FixedEmbedder encoder;
  std::shared_ptr<FixedEmbedder> table = std::make_shared<FixedEmbedder>();
};

std::set<std::string> addresses(const std::vector<SearchHit>& hits) {
  std::set<std::string> all;
  for (const SearchHit& hit : hits) all.insert(hit.reference.address);
  return all;
}

double shared(const std::vector<SearchHit>& a, const std::vector<SearchHit>& b) {
  const std::set<std::string> in_a = addresses(a);
  double both = 0;
  for (const std::string& address : addresses(b)) both += in_a.contains(address) ? 1 : 0;
  return both / static_cast<double>(std::max<std::size_t>(1, in_a.size()));
}

Tier by_parity(std::size_t i) { return i % 2 == 0 ? Tier::full : Tier::first; }
// The words of the language are not spread evenly: the first tier has the documents that hold t5.
Tier by_term(const Corpus& corpus, std::size_t i) {
  for (const text::TermCount& term : corpus.documents[i][0].terms)
    if (term.term == "t5") return Tier::first;
  return Tier::full;
}

// Whichever way documents are divided, BM25 is that of one index but for the average length: scores within a twentieth
// when they are divided evenly, within a seventh when the long ones are in one tier. Each tier's own scores would be
// off by as much as a term is rarer in one than in both: here all of the first tier holds t5, which then says nothing.
TEST(TierRanking, WordsWeighWhatTheyWeighInOneIndex) {
  Corpus corpus(1);
  Built whole(corpus, [](std::size_t) { return Tier::full; });
  Built evenly(corpus, by_parity);
  Built unevenly(corpus, [&](std::size_t i) { return by_term(corpus, i); });
  ASSERT_GT(unevenly.collection->snapshots().first_size(), 20U);
  ASSERT_GT(unevenly.collection->snapshots().full->size(), 20U);
  for (const std::string query : {"t5", "t5 t9", "t3 t5 t40 t77", "t120 t6", "t5 t5 t11"}) {
    const auto expected = whole.hits(query, SearchMode::bm25, false, 200);
    std::map<std::string, float> scores;
    for (const SearchHit& hit : expected) scores[hit.reference.address] = hit.bm25;
    for (Built* divided : {&evenly, &unevenly}) {
      const auto found = divided->hits(query, SearchMode::bm25, false, 200);
      EXPECT_EQ(found.size(), expected.size()) << query;
      for (const SearchHit& hit : found) {
        ASSERT_TRUE(scores.contains(hit.reference.address)) << query;
        const float score = scores[hit.reference.address];
        EXPECT_NEAR(hit.bm25, score, (divided == &evenly ? 0.05F : 0.15F) * score)
            << query << ' ' << hit.reference.address;
      }
    }
  }
}

// Half the documents in each tier: most of the best ten are those of one index, in words and meaning together, and what
// was looked for is found as often.
TEST(TierRanking, HalfInEachTierIsNearlyAsAllInOne) {
  Corpus corpus(2);
  Built whole(corpus, [](std::size_t) { return Tier::full; });
  Built half(corpus, by_parity);
  double same = 0, found_whole = 0, found_half = 0;
  constexpr int kQueries = 60;
  for (int q = 0; q < kQueries; ++q) {
    const std::size_t wanted = static_cast<std::size_t>(q) * 5 % kDocuments;
    // About one document: its rarest words, and a vector near its meaning.
    std::string query;
    for (const text::TermCount& term : corpus.documents[wanted][0].terms)
      if (term.term.size() >= 3) query += term.term + " ";
    if (query.empty()) query = corpus.documents[wanted][0].terms[0].term;
    const std::vector<float> meaning =
        mixed(corpus.meanings[wanted], index::test::random_unit(corpus.random, kDimensions), 0.6F);
    for (Built* built : {&whole, &half}) {
      built->encoder.vector = mixed(corpus.crowd, meaning, 0.7F);
      built->table->vector = meaning;
    }
    const auto expected = whole.hits(query, SearchMode::hybrid);
    const auto got = half.hits(query, SearchMode::hybrid);
    same += shared(expected, got) / kQueries;
    const std::string address = "https://a.org/" + std::to_string(wanted);
    found_whole += !expected.empty() && expected[0].reference.address == address ? 1 : 0;
    found_half += !got.empty() && got[0].reference.address == address ? 1 : 0;
  }
  RecordProperty("shared_of_ten", std::to_string(same));
  EXPECT_GT(same, 0.6);
  EXPECT_GT(found_whole, 0.8 * kQueries);
  EXPECT_GE(found_half, 0.95 * found_whole);
}

TEST(TierRanking, OnlyTheEmbedderOfATierThatHoldsSomethingIsAsked) {
  Corpus corpus(3);
  Built full(corpus, [](std::size_t) { return Tier::full; });
  Built first(corpus, [](std::size_t) { return Tier::first; });
  Built half(corpus, by_parity);
  for (Built* built : {&full, &first, &half}) built->encoder.vector = built->table->vector = corpus.meanings[0];
  EXPECT_EQ(full.hits("t5", SearchMode::hybrid).size(), 10U);
  EXPECT_EQ(first.hits("t5", SearchMode::hybrid).size(), 10U);
  EXPECT_EQ(half.hits("t5", SearchMode::hybrid).size(), 10U);
  EXPECT_EQ(half.hits("t5", SearchMode::hybrid, true).size(), 10U);
  EXPECT_EQ(full.encoder.asked, 1);
  EXPECT_EQ(full.table->asked, 0);
  EXPECT_EQ(first.encoder.asked, 0);
  EXPECT_EQ(first.table->asked, 1);
  EXPECT_EQ(half.encoder.asked, 1);  // not for --fast
  EXPECT_EQ(half.table->asked, 3);   // once for each tier
  for (const bool fast : {false, true}) {
    std::set<Tier> tiers;
    for (const SearchHit& hit : half.hits("t5", SearchMode::semantic, fast)) tiers.insert(hit.tier);
    EXPECT_EQ(tiers.size(), 2U);
  }
}

// Scaled within each tier, whatever the range of its cosines.
TEST(TierRanking, CosinesOfOneTierAreNotTheOthers) {
  const std::vector<PartScores> candidates{
      {0.80F, 10, Tier::full}, {0.90F, 0, Tier::full}, {-0.2F, 5, Tier::first}, {0.4F, 0, Tier::first}};
  const std::vector<float> fused = fuse(candidates, {.semantic_weight = 0.5F, .first_tier_weight = 0.2F});
  EXPECT_NEAR(fused[0], 0.5, 1e-5);  // 0 and 1
  EXPECT_NEAR(fused[1], 0.5, 1e-5);  // 1 and 0
  EXPECT_NEAR(fused[2], 0.4, 1e-5);  // 0 and .5
  EXPECT_NEAR(fused[3], 0.2, 1e-5);  // 1 and 0
}

}  // namespace
}  // namespace renvoi::search
