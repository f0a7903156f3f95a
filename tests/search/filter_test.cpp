// A filter keeps the top k: what a search finds is what filtering an exhaustive ranking would leave, also when the
// filter keeps one reference in a thousand.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "index/naive_index.h"
#include "io/temporary_folder.h"
#include "search/search.h"
#include "search/showable_set.h"

namespace renvoi::search {
namespace {

using catalog::ReferenceState;
using index::test::Document;
using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 32;

class FixedEmbedder final : public model::Embedder {
 public:
  std::size_t dimensions() const override { return kDimensions; }
  const std::string& digest() const override { return name_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole,
                                  const model::EmbedProgress&, std::stop_token) override {
    model::Embeddings all{kDimensions, {}};
    for (std::size_t i = 0; i < texts.size(); ++i) all.values.insert(all.values.end(), vector.begin(), vector.end());
    return all;
  }
  std::vector<float> vector = std::vector<float>(kDimensions, 0.0F);

 private:
  std::string name_ = "fixed";
};

// Pages of several sources, languages, types, dates and states: of type "csv" one in a thousand.
struct World {
  explicit World(std::uint64_t seed, std::uint32_t pages) : random(seed) {
    collection =
        Collection::open(*files, clock, folder / "c", index::test::identity_of(kDimensions), Collection::Mode::write)
            .value();
    for (int i = 0; i < 5; ++i) {
      catalog::Source source;
      source.kind = catalog::SourceKind::site;
      source.address = "https://s" + std::to_string(i) + ".org/";
      sources.push_back(collection->catalog().add_source(source).value().id);
    }
    std::vector<catalog::Reference> references;
    std::vector<Document> documents;
    for (std::uint32_t i = 0; i < pages; ++i) {
      catalog::Reference page;
      page.source = sources[random() % sources.size()];
      page.address = random_address(i);
      page = collection->catalog().add_reference(page, 1).value();
      page.language = random() % 4 == 0 ? "fr" : "en";
      page.type = i % 1'000 == 7 ? "csv" : random() % 3 == 0 ? "pdf" : "html";
      page.date = random() % 5 == 0 ? 0 : 1'600'000'000 + static_cast<Timestamp>(random() % 200'000'000);
      constexpr ReferenceState kStates[] = {ReferenceState::live, ReferenceState::live, ReferenceState::moved,
                                            ReferenceState::host_down, ReferenceState::suspect};
      page.state = kStates[random() % 5];
      references.push_back(page);
      Document document;
      while (document.empty()) document = index::test::random_document(random, kDimensions, 2);
      documents.push_back(std::move(document));
    }
    for (std::size_t begin = 0; begin < references.size(); begin += 500) {
      std::vector<Collection::DocumentWrite> writes;
      for (std::size_t i = begin; i < std::min(begin + 500, references.size()); ++i)
        writes.push_back({references[i], index::test::inputs(documents[i]), ""});
      EXPECT_TRUE(collection->put(writes).ok());
    }
    EXPECT_TRUE(collection->compact().ok());
  }

  // One in a thousand is of "rare.org"; "nota.org" is not below "a.org"; a file has no host.
  std::string random_address(std::uint64_t number) {
    constexpr const char* kHosts[] = {"https://a.org", "https://www.a.org", "http://nota.org:8080", "https://b.a.org",
                                      "file://"};
    return std::string(number % 1'000 == 13 ? "https://rare.org" : kHosts[random() % 5]) + "/" + std::to_string(number);
  }
  SearchFilter random_filter() {
    SearchFilter filter;
    constexpr const char* kDomains[] = {"a.org", "rare.org", "-a.org", "www.a.org", "-nota.org", "nowhere.org"};
    for (int i = 0; i < 2; ++i)
      if (random() % 4 == 0) (void)add_domain(filter, kDomains[random() % 6]);
    if (random() % 3 == 0) filter.types = {random() % 2 == 0 ? "csv" : "pdf"};
    if (random() % 3 == 0) filter.languages = {"fr"};
    if (random() % 3 == 0) filter.sources = {sources[random() % 5], sources[random() % 5]};
    if (random() % 3 == 0) filter.states = {random() % 2 == 0 ? ReferenceState::host_down : ReferenceState::live};
    const auto day = static_cast<Day>(18'518 + static_cast<int>(random() % 2'300));
    if (random() % 3 == 0) filter.since = day;
    if (random() % 3 == 0) filter.until = day + static_cast<Day>(random() % 900);
    return filter;
  }
  std::string random_query() {
    std::string query;
    for (std::uint64_t words = 1 + random() % 4; words > 0; --words) query += index::test::random_term(random) + " ";
    return query;
  }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  ManualClock clock{1'000};
  std::unique_ptr<Collection> collection;
  std::vector<SourceId> sources;
  std::mt19937_64 random;
};

// Every passage of the index scored, those of references that the filter does not let through taken away, and then the
// rest ranked: no shortcut.
struct Naive {
  World& world;
  std::map<ReferenceId, catalog::Reference> references;
  explicit Naive(World& of) : world(of) {
    const std::vector<catalog::Reference> all = world.collection->catalog().references().value();
    for (const catalog::Reference& reference : all) references[reference.id] = reference;
  }
  // Passages, best first.
  template <typename Score>
  std::vector<std::pair<float, index::PassageNumber>> best(const SearchFilter& filter, const Score& score,
                                                           std::size_t most) {
    const auto snapshot = world.collection->snapshots().full;
    std::vector<std::pair<float, index::PassageNumber>> ranked;
    for (index::PassageNumber passage = 0; passage < snapshot->size(); ++passage) {
      if (!lets_through(filter, references.at(snapshot->record(passage).reference))) continue;
      if (const std::optional<float> found = score(passage)) ranked.emplace_back(-*found, passage);
    }
    std::sort(ranked.begin(), ranked.end());
    ranked.resize(std::min(ranked.size(), most));
    return ranked;
  }
  std::vector<std::pair<float, index::PassageNumber>> by_words(const SearchFilter& filter, const std::string& query,
                                                               std::size_t most) {
    const std::vector<std::string> terms = words_of(query);
    return best(
        filter,
        [&](index::PassageNumber passage) -> std::optional<float> {
          const float score = world.collection->snapshots().full->bm25_of(terms, passage);
          return score > 0 ? std::optional(score) : std::nullopt;
        },
        most);
  }
  std::vector<std::pair<float, index::PassageNumber>> by_meaning(const SearchFilter& filter,
                                                                 const std::vector<float>& vector, std::size_t most) {
    return best(
        filter,
        [&](index::PassageNumber passage) {
          return std::optional(world.collection->snapshots().full->similarity(vector, passage));
        },
        most);
  }
  static std::vector<std::string> words_of(const std::string& query) {
    std::vector<std::string> words;
    std::set<std::string> seen;
    for (std::size_t begin = 0; begin < query.size();) {
      const std::size_t end = query.find(' ', begin);
      const std::string word = query.substr(begin, end - begin);
      if (seen.insert(word).second) words.push_back(word);
      begin = end + 1;
    }
    return words;
  }
};

std::vector<std::pair<std::uint32_t, std::uint32_t>> keys(const std::vector<SearchHit>& hits) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> keys;
  for (const SearchHit& hit : hits) keys.emplace_back(to_number(hit.reference.id), hit.ordinal);
  return keys;
}

TEST(FilteredSearch, IsTheExhaustiveRankingFiltered) {
  World world(7, 3'000);
  Naive naive(world);
  FixedEmbedder embedder;
  Searcher searcher(*world.collection, embedder);
  const auto snapshot = world.collection->snapshots().full;
  const auto key = [&](index::PassageNumber passage) {
    const index::PassageRecord record = snapshot->record(passage);
    return std::pair(to_number(record.reference), record.ordinal);
  };
  int narrow = 0, empty = 0;
  double same = 0, asked = 0, same_of_all = 0, asked_of_all = 0;
  for (int round = 0; round < 120; ++round) {
    SearchFilter filter = world.random_filter();
    if (round % 6 == 0) filter = {.types = {"csv"}};  // one in a thousand
    SearchRequest request;
    request.query = world.random_query();
    request.limit = 10;
    request.passages_per_reference = 0;
    request.filter = filter;
    embedder.vector = index::test::random_unit(world.random, kDimensions);

    request.mode = SearchMode::bm25;
    const auto words = searcher.search(request);
    ASSERT_TRUE(words.ok()) << words.error().describe();
    const auto expected_words = naive.by_words(filter, request.query, 10);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> expected;
    for (const auto& [score, passage] : expected_words) expected.push_back(key(passage));
    EXPECT_EQ(keys(words->hits), expected) << "bm25, round " << round;

    // Flat codes: all are scanned by some of their bits, 200 ranked by all. A filter that leaves fewer is exact, one
    // that leaves more loses no more than no filter does.
    request.mode = SearchMode::semantic;
    const auto meaning = searcher.search(request);
    ASSERT_TRUE(meaning.ok()) << meaning.error().describe();
    const auto expected_meaning = naive.by_meaning(filter, embedder.vector, 10);
    expected.clear();
    for (const auto& [score, passage] : expected_meaning) expected.push_back(key(passage));
    EXPECT_EQ(meaning->hits.size(), expected.size());
    const auto left = naive.by_meaning(filter, embedder.vector, 1'000'000).size();
    if (left <= 200) {
      EXPECT_EQ(keys(meaning->hits), expected) << "semantic, round " << round;
      ++narrow;
    }
    empty += left == 0 ? 1 : 0;
    for (const auto& each : keys(meaning->hits))
      same += std::find(expected.begin(), expected.end(), each) != expected.end() ? 1 : 0;
    asked += static_cast<double>(expected.size());
    request.filter = {};
    const auto of_all = naive.by_meaning({}, embedder.vector, 10);
    const auto all = searcher.search(request);
    ASSERT_TRUE(all.ok());
    const auto all_keys = keys(all->hits);
    for (const auto& [score, passage] : of_all)
      same_of_all += std::find(all_keys.begin(), all_keys.end(), key(passage)) != all_keys.end() ? 1 : 0;
    asked_of_all += 10;
    request.filter = filter;

    // Hybrid: both parts' best 200, each with both scores, fused.
    request.mode = SearchMode::hybrid;
    const auto both = searcher.search(request);
    ASSERT_TRUE(both.ok());
    if (left > 200) continue;  // elsewhere the candidates of meaning may differ by one
    std::set<index::PassageNumber> candidates;
    for (const auto& part :
         {naive.by_meaning(filter, embedder.vector, 200), naive.by_words(filter, request.query, 200)})
      for (const auto& [score, passage] : part) candidates.insert(passage);
    const std::vector<std::string> terms = Naive::words_of(request.query);
    std::vector<PartScores> parts;
    for (const index::PassageNumber passage : candidates)
      parts.push_back({snapshot->similarity(embedder.vector, passage), snapshot->bm25_of(terms, passage), Tier::full});
    const std::vector<float> fused = fuse(parts);
    std::vector<std::pair<float, index::PassageNumber>> ranked;
    std::size_t at = 0;
    for (const index::PassageNumber passage : candidates) ranked.emplace_back(-fused[at++], passage);
    std::sort(ranked.begin(), ranked.end());
    ranked.resize(std::min<std::size_t>(ranked.size(), 10));
    expected.clear();
    for (const auto& [score, passage] : ranked) expected.push_back(key(passage));
    EXPECT_EQ(keys(both->hits), expected) << "hybrid, round " << round;
  }
  EXPECT_GT(narrow, 30);
  EXPECT_LT(empty, 60);
  EXPECT_GE(same / asked, same_of_all / asked_of_all - 0.01);
  EXPECT_GE(same / asked, 0.97);
}

// The same over cells, of which a search without a filter looks at the nearest only: whatever a filter leaves, and
// wherever it lies, as much is found as where all is looked at. `index` alone: the catalogue says nothing about it.
TEST(FilteredSearch, CellsLoseNothingToAFilter) {
  const TemporaryFolder folder{TemporaryFolder::On::memory};
  const auto files = io::real_file_system();
  constexpr std::uint32_t kPassages = 60'000;
  const auto open = [&](const char* name, std::size_t cells_from) {
    return index::Index::open(*files, folder / name, index::test::identity_of(kDimensions), index::Index::Mode::write,
                              {.cells_from = cells_from})
        .value();
  };
  const auto in_cells = open("cells", 1'000), flat = open("flat", 1'000'000);
  std::mt19937_64 random(3);
  // Clustered, as meanings are: in a random cloud all cells are equally near.
  std::vector<std::vector<float>> centres;
  for (int i = 0; i < 60; ++i) centres.push_back(index::test::random_unit(random, kDimensions));
  const auto near = [&](const std::vector<float>& centre) {
    std::vector<float> vector = index::test::random_unit(random, kDimensions);
    double square = 0;
    for (std::size_t i = 0; i < kDimensions; ++i) {
      vector[i] = centre[i] + 0.5F * vector[i];
      square += double{vector[i]} * double{vector[i]};
    }
    for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    return vector;
  };
  std::vector<std::size_t> cluster_of(kPassages + 1);
  for (std::uint32_t i = 1; i <= kPassages; ++i) {
    cluster_of[i] = random() % centres.size();
    const std::vector<float> vector = near(centres[cluster_of[i]]);
    const index::PassageInput passage{0, {0, 1}, i, {}, vector};
    for (const auto& index : {in_cells.get(), flat.get()}) {
      ASSERT_TRUE(index->put(static_cast<ReferenceId>(i), {&passage, 1}).ok());
      if (i % 10'000 == 0) {
        ASSERT_TRUE(index->commit().ok());
      }
    }
  }
  for (const auto& index : {in_cells.get(), flat.get()}) ASSERT_TRUE(index->compact().ok());
  const auto snapshot = in_cells->snapshot(), all_of_it = flat->snapshot();
  ASSERT_EQ(snapshot->size(), kPassages);
  struct Case {
    const char* name;
    std::function<bool(std::uint32_t)> accepts;
  };
  const std::vector<Case> cases{
      {"one in a thousand", [](std::uint32_t i) { return i % 1'000 == 3; }},
      {"one in a hundred", [](std::uint32_t i) { return i % 100 == 3; }},
      {"one in twelve", [](std::uint32_t i) { return i % 12 == 3; }},
      {"half", [](std::uint32_t i) { return i % 2 == 1; }},
      {"all", [](std::uint32_t) { return true; }},
      // Far from the query all together, or near: what a filter by source or type does to meanings.
      {"two clusters", [&](std::uint32_t i) { return cluster_of[i] < 2; }},
      {"ten clusters", [&](std::uint32_t i) { return cluster_of[i] < 10; }},
      {"all but ten clusters", [&](std::uint32_t i) { return cluster_of[i] >= 10; }},
      {"half the clusters", [&](std::uint32_t i) { return cluster_of[i] % 2 == 0; }},
  };
  for (const Case& each : cases) {
    double found = 0, all = 0;
    for (int round = 0; round < 60; ++round) {
      const std::vector<float> query = near(centres[random() % (round % 2 == 0 ? 10 : centres.size())]);
      const auto accept = [&](ReferenceId id) { return each.accepts(to_number(id)); };
      std::set<std::uint64_t> expected;
      const auto wanted = all_of_it->semantic(query, 50, accept);
      ASSERT_EQ(wanted.size(), 50U);
      for (std::size_t i = 0; i < 10; ++i) expected.insert(all_of_it->record(wanted[i].passage).fingerprint);
      const auto hits = snapshot->semantic(query, 50, accept);
      ASSERT_EQ(hits.size(), 50U) << each.name;
      for (const index::Hit& hit : hits) {
        const index::PassageRecord record = snapshot->record(hit.passage);
        EXPECT_TRUE(accept(record.reference));
        found += expected.contains(record.fingerprint) ? 1 : 0;
      }
      all += 10;
    }
    EXPECT_GE(found / all, 0.99) << each.name;
    RecordProperty(each.name, std::to_string(found / all));
  }
}

// --- what search keeps in memory
// ----------------------------------------------------------------------------------------

ReferenceFacts random_facts(std::mt19937_64& random) {
  return {static_cast<SourceId>(random() % 9), static_cast<Day>(random() % 20'000),
          static_cast<std::uint16_t>(random() % 5), static_cast<std::uint8_t>(random() % 4), ReferenceState::live};
}

TEST(ReferenceTable, AgreesWithAMapWhateverChanges) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::map<ReferenceId, ReferenceFacts> map;
    ReferenceTable table;
    const std::uint32_t numbers = seed % 2 == 0 ? 3'000 : 100'000;
    for (std::uint32_t i = 1; i < numbers;
         i += 1 + static_cast<std::uint32_t>(random() % (seed % 5 == 0 ? 9'000 : 3))) {
      map[static_cast<ReferenceId>(i)] = random_facts(random);
      table.append(static_cast<ReferenceId>(i), map[static_cast<ReferenceId>(i)]);
    }
    for (int round = 0; round < 20; ++round) {
      const ReferenceTable before = table;
      const std::map<ReferenceId, ReferenceFacts> map_before = map;
      std::map<ReferenceId, std::optional<ReferenceFacts>> changes;
      for (std::uint64_t n = random() % 400; n > 0; --n) {
        const auto id = static_cast<ReferenceId>(random() % (numbers + 9'000));
        changes[id] = random() % 2 == 0 ? std::nullopt : std::optional(random_facts(random));
      }
      for (const auto& [id, facts] : changes) {
        if (facts) {
          map[id] = *facts;
        } else {
          map.erase(id);
        }
      }
      table = table.with(std::vector<ReferenceTable::Change>(changes.begin(), changes.end()));
      ASSERT_EQ(table.size(), map.size());
      const auto same = [](const ReferenceTable& a, const std::map<ReferenceId, ReferenceFacts>& b) {
        std::map<ReferenceId, ReferenceFacts> read;
        a.for_each([&](ReferenceId id, const ReferenceFacts& facts) { read[id] = facts; });
        return read == b;
      };
      ASSERT_TRUE(same(table, map)) << "seed " << seed;
      ASSERT_TRUE(same(before, map_before)) << "a table that was shared has changed, seed " << seed;
      for (std::uint32_t i = 0; i < numbers + 10'000; i += 1 + static_cast<std::uint32_t>(random() % 50)) {
        const auto found = map.find(static_cast<ReferenceId>(i));
        const ReferenceFacts* facts = table.find(static_cast<ReferenceId>(i));
        ASSERT_EQ(facts != nullptr, found != map.end()) << i;
        if (facts != nullptr) {
          ASSERT_EQ(*facts, found->second);
        }
      }
    }
  }
}

// Through changes, also those of another process, and removal of a source: the set is what filtering every row gives.
TEST(ShowableCache, IsWhatFilteringEveryRowGives) {
  World world(5, 400);
  const auto reader = catalog::Catalog::open(world.folder / "c/catalog.db", catalog::Catalog::Mode::read).value();
  ShowableCache here(world.collection->catalog()), there(*reader);
  for (int round = 0; round < 60; ++round) {
    std::vector<catalog::Reference> references = world.collection->catalog().references().value();
    if (round % 20 == 19) {
      ASSERT_TRUE(world.collection->remove_source(references.front().source).ok());
    } else {
      for (int i = 0; i < 5; ++i) {
        catalog::Reference& changed = references[world.random() % references.size()];
        changed.state = static_cast<ReferenceState>(world.random() % 6);
        changed.language = world.random() % 2 == 0 ? "fr" : "l" + std::to_string(world.random() % 9);
        changed.type = world.random() % 2 == 0 ? "pdf" : "html";
        changed.date = static_cast<Timestamp>(world.random() % 1'800'000'000);
        if (world.random() % 2 == 0)
          changed.address = world.random_address(10'000'000 + world.random() % 1'000'000'000);
        ASSERT_TRUE(world.collection->update_state(changed, "").ok());
      }
    }
    references = world.collection->catalog().references().value();
    for (int i = 0; i < 10; ++i) {
      const SearchFilter filter = i == 0 ? SearchFilter{} : world.random_filter();
      const auto one = here.get(filter).value(), other = there.get(filter).value();
      std::size_t matching = 0;
      for (const catalog::Reference& reference : references) {
        const bool expected = lets_through(filter, reference);
        matching += expected ? 1 : 0;
        ASSERT_EQ(one->contains(reference.id), expected) << "round " << round;
        ASSERT_EQ(other->contains(reference.id), expected) << "round " << round;
      }
      if (i == 0) {
        EXPECT_EQ(here.showable().value()->table.size(), matching);
      }
    }
    EXPECT_EQ(here.languages().value(), there.languages().value());
  }
}

TEST(SearchFilter, WhatCanNeverBeShownOrMeetIsRefused) {
  EXPECT_TRUE(check(SearchFilter{}).ok());
  EXPECT_TRUE(check(SearchFilter{.since = 5, .until = 5}).ok());
  EXPECT_EQ(check(SearchFilter{.since = 6, .until = 5}).error().code, ErrorCode::invalid);
  EXPECT_EQ(check(SearchFilter{.states = {ReferenceState::gone}}).error().code, ErrorCode::invalid);
  EXPECT_EQ(check(SearchFilter{.types = std::vector<std::string>(1'001, "a")}).error().code, ErrorCode::invalid);
  EXPECT_EQ(check(SearchFilter{.domains = std::vector<std::string>(1'001, "a")}).error().code, ErrorCode::invalid);
}

TEST(SearchFilter, DomainsAreNamesOfHosts) {
  SearchFilter filter;
  for (const char* text : {"Example.org", "-sub.example.org", "https://docs.example.org/", "bücher.example", "[::1]"}) {
    EXPECT_EQ(add_domain(filter, text), std::string_view(text) != "[::1]") << text;
  }
  EXPECT_EQ(filter.domains, (std::vector<std::string>{"example.org", "docs.example.org", "xn--bcher-kva.example"}));
  EXPECT_EQ(filter.excluded_domains, std::vector<std::string>{"sub.example.org"});
  const SearchFilter before = filter;
  for (const char* text :
       {"", "-", "--", "a b", "example.org/path", "user@example.org", "example.org:80", "?", "http://", "\xff"})
    EXPECT_FALSE(add_domain(filter, text)) << text;
  EXPECT_EQ(filter, before);
}

TEST(SearchFilter, AHostIsWithinADomainThatItEndsIn) {
  SearchFilter only, without;
  ASSERT_TRUE(add_domain(only, "a.org") && add_domain(without, "-a.org"));
  for (const auto& [address, within] : {std::pair{"https://a.org/x", true},
                                        {"https://b.a.org:8443/x?y", true},
                                        {"http://nota.org/", false},
                                        {"https://a.org.evil.example/a.org", false},
                                        {"file:///a.org", false},
                                        {"", false}}) {
    EXPECT_EQ(lets_host_through(only, host_of(address)), within) << address;
    EXPECT_EQ(lets_host_through(without, host_of(address)), !within) << address;
  }
  EXPECT_EQ(host_of("https://[::1]:8080/x"), "[::1]");
}

}  // namespace
}  // namespace renvoi::search
