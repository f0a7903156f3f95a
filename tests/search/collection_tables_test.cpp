// Generations of tables: which is the newest, which made the first tier, and that no crash mixes them.
#include "search/collection_tables.h"

#include <gtest/gtest.h>

#include <random>

#include "index/naive_index.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"
#include "model/table_support.h"
#include "search/collection.h"
#include "search/search.h"

namespace renvoi::search {
namespace {

using io::Fault;
using model::RandomTable;
using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 16;
constexpr std::uint32_t kTokens = 300;
const index::Identity kFull{RandomTable::digest, kDimensions, 1};

model::FittedRows rows_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  model::FittedRows rows;
  for (std::uint32_t token = 0; token < kTokens; token += 2) rows.tokens.push_back(token);
  rows.rows = model::random_numbers(rows.tokens.size() * kDimensions, random);
  rows.mean = model::random_numbers(kDimensions, random);
  rows.report.passages = 500;
  rows.report.score = 0.7;
  return rows;
}

index::test::Document document(std::uint64_t seed, std::uint32_t dimensions = kDimensions) {
  std::mt19937_64 random(seed);
  index::test::Document made;
  while (made.empty()) made = index::test::random_document(random, kDimensions);
  for (index::test::OwnedPassage& passage : made)
    if (dimensions != kDimensions) passage.vector = index::test::random_unit(random, dimensions);
  return made;
}

struct World {
  World() { write_base(1); }
  void write_base(std::uint64_t seed) {
    const std::string bytes = RandomTable(kTokens, kDimensions, seed).bytes();
    ASSERT_TRUE(real->replace(folder / "base", std::as_bytes(std::span(bytes))).ok());
  }
  std::shared_ptr<CollectionTables> make_tables(io::FileSystem& files) {
    return std::make_shared<CollectionTables>(files, folder / "base", folder / "c" / "fitted", kFull,
                                              std::make_shared<model::NumberTokenizer>(), std::chrono::milliseconds(0));
  }
  void open(io::FileSystem& files) {
    collection.reset();
    tables = make_tables(files);
    auto opened = Collection::open(files, clock, folder / "c", kFull, Collection::Mode::write, tables);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  catalog::Reference add(const std::string& address) {
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    catalog::Reference reference;
    reference.source = collection->catalog().add_source(source).value().id;
    reference.address = address;
    reference.fingerprint = 7;
    return collection->catalog().add_reference(reference, clock.now()).value();
  }
  Result<void> put(const catalog::Reference& reference, Tier tier, const TierTable* made_by = nullptr) {
    const index::test::Document made = document(to_number(reference.id));
    const Collection::DocumentWrite write{reference, index::test::inputs(made), "added"};
    return collection->put({&write, 1}, tier, made_by);
  }
  Result<void> publish(std::uint64_t seed) { return tables->publish(rows_of(seed), tables->base()); }
  // What the first tier's own manifest says must be what its table says.
  void expect_no_mixture() {
    const Snapshots now = collection->snapshots();
    ASSERT_NE(now.first, nullptr);
    ASSERT_NE(now.first_table, nullptr);
    auto opened =
        index::Index::open(*real, folder / "c" / "index-first", now.first_table->identity, index::Index::Mode::read);
    EXPECT_TRUE(opened.ok()) << opened.error().describe();  // `conflict` where it is of another table
  }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> real = io::real_file_system();
  ManualClock clock{1'000};
  std::shared_ptr<CollectionTables> tables;
  std::unique_ptr<Collection> collection;
};

TEST(CollectionTables, TheFirstTierKeepsItsTableUntilItIsEmptyAndThenTakesTheNewest) {
  World world;
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  const auto base = world.collection->first_tier_table().value();
  ASSERT_NE(base, nullptr);
  EXPECT_FALSE(base->held_out_cosine);
  const catalog::Reference waiting = world.add("https://a.org/1");
  ASSERT_TRUE(world.put(waiting, Tier::first, base.get()).ok());
  ASSERT_TRUE(world.publish(1).ok());
  const auto newest = world.tables->newest();
  EXPECT_NEAR(newest->held_out_cosine.value(), 0.7F, 1e-6);
  EXPECT_NE(newest->identity.model_digest, base->identity.model_digest);
  // Not empty: it stays with the base, in this process and the next, and vectors of another are refused.
  EXPECT_EQ(world.collection->first_tier_table().value()->identity, base->identity);
  const catalog::Reference other = world.add("https://a.org/2");
  EXPECT_EQ(world.put(other, Tier::first, newest.get()).error().code, ErrorCode::conflict);
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  EXPECT_EQ(world.collection->snapshots().first_table->identity, base->identity);
  EXPECT_EQ(world.collection->only_in_first_tier(), std::vector{waiting.id});
  world.expect_no_mixture();
  // Empty: the next documents begin it anew.
  ASSERT_TRUE(world.put(waiting, Tier::full).ok());
  EXPECT_EQ(world.collection->first_tier_table().value()->identity, newest->identity);
  ASSERT_TRUE(world.put(other, Tier::first, newest.get()).ok());
  world.expect_no_mixture();
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  EXPECT_EQ(world.collection->snapshots().first_table->identity, newest->identity);
  EXPECT_EQ(world.collection->only_in_first_tier(), std::vector{other.id});
}

TEST(CollectionTables, WhatNobodyUsesIsRemovedAndWhatTheFirstTierIsOfIsKept) {
  World world;
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  ASSERT_TRUE(world.publish(1).ok());
  const auto first = world.collection->first_tier_table().value();
  ASSERT_TRUE(world.put(world.add("https://a.org/1"), Tier::first, first.get()).ok());
  for (const std::uint64_t seed : {2, 3, 4}) {
    ASSERT_TRUE(world.publish(seed).ok());
    ASSERT_TRUE(world.collection->first_tier_table().ok());
  }
  EXPECT_EQ(world.real->list(world.folder / "c" / "fitted").value(),
            (std::vector<std::string>{"table-1.fit", "table-4.fit"}));
  EXPECT_EQ(world.collection->first_tier_table().value()->identity, first->identity);
}

// Whatever operation is the last, while a table is published and the first tier follows it: afterwards the first tier
// is of one table that is there, an acknowledged document is in it, and the newest is the old or the new one, whole.
TEST(CollectionTables, ACrashAtAnyOperationLeavesOneTableForEachPart) {
  std::uint64_t operations = 0;
  for (std::uint64_t at = 0; at == 0 || at <= operations; ++at) {
    for (const Fault fault : {Fault::crash_before, Fault::crash_after}) {
      SCOPED_TRACE("operation " + std::to_string(at));
      World world;
      io::FaultyFileSystem files(*world.real);
      ASSERT_NO_FATAL_FAILURE(world.open(files));
      const catalog::Reference moved = world.add("https://a.org/1");
      const catalog::Reference added = world.add("https://a.org/2");
      ASSERT_TRUE(world.put(moved, Tier::first, world.collection->first_tier_table().value().get()).ok());
      const std::uint64_t before = files.operations();
      if (at > 0) files.set_plan({.at_operation = before + at, .fault = fault});
      bool acknowledged = false;
      const bool published = world.publish(1).ok();
      if (world.put(moved, Tier::full).ok())
        if (const auto table = world.collection->first_tier_table(); table.ok() && *table != nullptr)
          acknowledged = world.put(added, Tier::first, table->get()).ok();
      if (at == 0) {
        operations = files.operations() - before;
        EXPECT_TRUE(acknowledged);
      }
      world.collection.reset();
      ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
      world.expect_no_mixture();
      const bool is_fitted = world.tables->newest()->held_out_cosine.has_value();
      if (published) {
        EXPECT_TRUE(is_fitted);
      }
      const Snapshots now = world.collection->snapshots();
      EXPECT_FALSE(now.full->passages_of(moved.id).empty() && now.first->passages_of(moved.id).empty());
      if (acknowledged) {
        EXPECT_FALSE(now.first->passages_of(added.id).empty());
        EXPECT_TRUE(now.first_table->held_out_cosine.has_value());
      }
    }
  }
  EXPECT_GE(operations, 8U);
}

TEST(CollectionTables, ADamagedTableIsPassedOverAndTheBaseIsUsed) {
  World world;
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  ASSERT_TRUE(world.publish(1).ok());
  const auto file = world.folder / "c" / "fitted" / "table-1.fit";
  const std::string whole = model::read_bytes(file);
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    std::string bytes = whole;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    if (i % 4 == 0) bytes.resize(at);
    ASSERT_TRUE(world.real->replace(file, std::as_bytes(std::span(bytes))).ok());
    EXPECT_FALSE(world.make_tables(*world.real)->newest()->held_out_cosine) << "byte " << at;
    EXPECT_FALSE(check_fitted_file(*world.real, file).ok()) << "byte " << at;
  }
  ASSERT_TRUE(world.real->replace(file, std::as_bytes(std::span(whole))).ok());
  EXPECT_TRUE(world.make_tables(*world.real)->newest()->held_out_cosine);
}

// As `renvoi model distil` beside a server does it.
TEST(CollectionTables, ABaseTableThatIsMadeMeanwhileIsTakenWithoutARestart) {
  World world;
  ASSERT_TRUE(world.real->remove(world.folder / "base").ok());
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  EXPECT_FALSE(world.collection->has_first_tier());
  EXPECT_EQ(world.collection->first_tier_table().value(), nullptr);
  world.write_base(1);
  const auto first = world.collection->first_tier_table().value();
  ASSERT_NE(first, nullptr);
  const catalog::Reference waiting = world.add("https://a.org/1");
  ASSERT_TRUE(world.put(waiting, Tier::first, first.get()).ok());
  ASSERT_TRUE(world.publish(1).ok());
  const auto rows = rows_of(2);
  const auto old_base = world.tables->base();
  world.write_base(2);
  // The fitted table was of the old base; the first tier is too, and stays searchable by it.
  EXPECT_FALSE(world.tables->newest()->held_out_cosine);
  EXPECT_EQ(world.collection->first_tier_table().value()->identity, first->identity);
  EXPECT_EQ(world.tables->find(first->identity.model_digest), first);
  EXPECT_EQ(world.tables->publish(rows, old_base).error().code, ErrorCode::conflict);
  ASSERT_TRUE(world.put(waiting, Tier::full).ok());
  EXPECT_EQ(world.collection->first_tier_table().value()->identity, world.tables->newest()->identity);
}

// A reader in another process follows both.
TEST(CollectionTables, AReaderTakesTheTableThatTheFirstTierIsOf) {
  World world;
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  const auto base = world.collection->first_tier_table().value();
  const catalog::Reference one = world.add("https://a.org/1");
  ASSERT_TRUE(world.put(one, Tier::first, base.get()).ok());
  const auto reader = Collection::open(*world.real, world.clock, world.folder / "c", kFull, Collection::Mode::read,
                                       world.make_tables(*world.real))
                          .value();
  EXPECT_EQ(reader->snapshots().first_table->identity, base->identity);
  ASSERT_TRUE(world.publish(1).ok());
  ASSERT_TRUE(world.put(one, Tier::full).ok());
  const auto fitted = world.collection->first_tier_table().value();
  const catalog::Reference two = world.add("https://a.org/2");
  ASSERT_TRUE(world.put(two, Tier::first, fitted.get()).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader->refresh().ok());
  const Snapshots now = reader->snapshots();
  ASSERT_NE(now.first, nullptr);
  EXPECT_EQ(now.first_table->identity, fitted->identity);
  EXPECT_EQ(now.first->references(), std::vector{two.id});
}

// An encoder that says how long a query would wait.
class WaitingEmbedder final : public model::Embedder {
 public:
  explicit WaitingEmbedder(const index::Identity& of = kFull) : dimensions_(of.dimensions), name_(of.model_digest) {}
  std::size_t dimensions() const override { return dimensions_; }
  const std::string& digest() const override { return name_; }
  const std::string& name() const override { return name_; }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole,
                                  const model::EmbedProgress&, std::stop_token) override {
    model::Embeddings all{dimensions_, std::vector<float>(texts.size() * dimensions_, 0.25F)};
    return all;
  }
  std::chrono::milliseconds expected_wait() const override { return wait; }
  std::chrono::milliseconds wait{0};

 private:
  const std::size_t dimensions_;
  const std::string name_;
};

TEST(QueryByTable, WhenAskedToBeFastOrTheEncoderIsBusyAndTheResponseSaysSo) {
  World world;
  ASSERT_NO_FATAL_FAILURE(world.open(*world.real));
  ASSERT_TRUE(world.put(world.add("https://a.org/1"), Tier::full).ok());
  WaitingEmbedder encoder;
  Searcher searcher(*world.collection, encoder);
  SearchRequest request;
  request.query = "4 8 15";
  const auto by = [&] { return searcher.search(request).value().query_by; };
  EXPECT_EQ(by(), QueryBy::encoder);
  EXPECT_FALSE(searcher.search(request)->query_vector.empty());
  encoder.wait = std::chrono::milliseconds(150);
  EXPECT_EQ(by(), QueryBy::encoder);
  encoder.wait = std::chrono::milliseconds(151);
  EXPECT_EQ(by(), QueryBy::table);
  EXPECT_TRUE(searcher.search(request)->query_vector.empty());
  encoder.wait = {};
  request.fast = true;
  EXPECT_EQ(by(), QueryBy::table);
  request.mode = SearchMode::bm25;
  EXPECT_EQ(by(), QueryBy::words);
  // Without a table whoever is not in a hurry waits for the encoder.
  ASSERT_TRUE(world.real->remove(world.folder / "base").ok());
  request.mode = SearchMode::hybrid;
  EXPECT_EQ(by(), QueryBy::words);
  request.fast = false;
  encoder.wait = std::chrono::seconds(9);
  EXPECT_EQ(by(), QueryBy::encoder);
  const QueryCounts counts = searcher.counts();
  EXPECT_EQ(counts.encoder, 4U);
  EXPECT_EQ(counts.table, 3U);
  EXPECT_EQ(counts.words, 2U);
}

// The next model's index takes the place of the present one's, and its tables with it.
struct ChangeWorld : World {
  const index::Identity next{"00bb", 24, 1};
  std::shared_ptr<CollectionTables> make_next_tables() {
    return std::make_shared<CollectionTables>(*real, folder / "next-base", folder / "c" / "fitted", next,
                                              std::make_shared<model::NumberTokenizer>(), std::chrono::milliseconds(0));
  }
  void distil_next() {
    const std::string bytes = RandomTable(kTokens, next.dimensions, 5).bytes(next.model_digest);
    ASSERT_TRUE(real->replace(folder / "next-base", std::as_bytes(std::span(bytes))).ok());
  }
  void open_for_change() {
    collection.reset();
    tables = make_tables(*real);
    next_tables = make_next_tables();
    auto opened = Collection::open(*real, clock, folder / "c", kFull, Collection::Mode::write, tables,
                                   ModelChange{next, next_tables});
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  void open_changed() {
    collection.reset();
    next_tables = make_next_tables();
    auto opened = Collection::open(*real, clock, folder / "c", next, Collection::Mode::write, next_tables);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  void sweep() {
    for (const ReferenceId id : collection->waiting_for_next()) {
      const index::test::Document made = document(to_number(id), next.dimensions);
      const Collection::DocumentWrite write{collection->catalog().reference(id).value(), index::test::inputs(made), ""};
      ASSERT_TRUE(collection->put_next({&write, 1}).ok());
    }
  }
  std::vector<std::string> fitted_files() {
    std::vector<std::string> names = real->list(folder / "c" / "fitted").value();
    std::sort(names.begin(), names.end());
    return names;
  }
  std::shared_ptr<CollectionTables> next_tables;
};

TEST(CollectionTables, AfterAChangeOfTheModelThoseOfTheNewOneCountAndFittedOnesOfTheOldOneAreGone) {
  ChangeWorld world;
  ASSERT_NO_FATAL_FAILURE(world.distil_next());
  ASSERT_NO_FATAL_FAILURE(world.open_for_change());
  ASSERT_TRUE(world.publish(1).ok());
  const auto fitted = world.collection->first_tier_table().value();
  ASSERT_TRUE(fitted->held_out_cosine);
  ASSERT_TRUE(world.put(world.add("https://a.org/1"), Tier::full).ok());
  ASSERT_TRUE(world.put(world.add("https://a.org/2"), Tier::first, fitted.get()).ok());
  WaitingEmbedder old_encoder, new_encoder(world.next);
  Searcher searcher(*world.collection, old_encoder);
  searcher.add_model(new_encoder);
  SearchRequest fast;
  fast.query = "4 8 15";
  fast.fast = true;
  EXPECT_EQ(searcher.search(fast)->query_by, QueryBy::table);
  EXPECT_EQ(searcher.search(fast)->embedder, &old_encoder);
  // Meanwhile the tables are those of the model that answers; the next model's leave them alone.
  EXPECT_EQ(world.next_tables->newest()->held_out_cosine, std::nullopt);
  EXPECT_EQ(world.collection->snapshots().tables, world.tables);
  EXPECT_EQ(world.fitted_files(), std::vector<std::string>{"table-1.fit"});

  ASSERT_NO_FATAL_FAILURE(world.sweep());
  const Snapshots before = world.collection->snapshots();
  ASSERT_TRUE(world.collection->switch_to_next().value());
  EXPECT_EQ(world.collection->tables(), world.next_tables);
  EXPECT_EQ(world.collection->snapshots().tables, world.next_tables);
  EXPECT_TRUE(world.fitted_files().empty());
  const auto base = world.collection->first_tier_table().value();
  ASSERT_NE(base, nullptr);
  EXPECT_EQ(base->identity.dimensions, world.next.dimensions);
  world.expect_no_mixture();
  // A look from before the switch keeps what it needs.
  EXPECT_EQ(before.identity, kFull);
  ASSERT_NE(before.tables->newest(), nullptr);
  EXPECT_EQ(before.tables->newest()->identity.dimensions, kDimensions);
  const auto found = searcher.search(fast);
  ASSERT_TRUE(found.ok()) << found.error().describe();
  EXPECT_EQ(found->query_by, QueryBy::table);
  EXPECT_EQ(found->embedder, &new_encoder);
  EXPECT_EQ(found->hits.size(), 2U);
  fast.fast = false;
  EXPECT_EQ(searcher.search(fast)->query_vector.size(), world.next.dimensions);
}

TEST(CollectionTables, AFittedTableThatACrashLeftOfTheOldModelIsRemovedByTheNextWriter) {
  for (const bool distilled : {true, false}) {
    ChangeWorld world;
    if (distilled) {
      ASSERT_NO_FATAL_FAILURE(world.distil_next());
    }
    ASSERT_NO_FATAL_FAILURE(world.open_for_change());
    ASSERT_TRUE(world.publish(1).ok());
    const std::string old = world.real->read(world.folder / "c" / "fitted" / "table-1.fit", 1 << 20).value();
    ASSERT_TRUE(world.put(world.add("https://a.org/1"), Tier::full).ok());
    ASSERT_NO_FATAL_FAILURE(world.sweep());
    ASSERT_TRUE(world.collection->switch_to_next().value());
    EXPECT_TRUE(world.fitted_files().empty());
    ASSERT_TRUE(world.real->replace(world.folder / "c" / "fitted" / "table-3.fit", std::as_bytes(std::span(old))).ok());
    // What is damaged is not touched: it is for renvoi repair.
    ASSERT_TRUE(world.real->replace(world.folder / "c" / "fitted" / "table-2.fit", {}).ok());
    ASSERT_NO_FATAL_FAILURE(world.open_changed());
    EXPECT_EQ(world.fitted_files(), std::vector<std::string>{"table-2.fit"});
    EXPECT_EQ(world.collection->has_first_tier(), distilled);
  }
}

}  // namespace
}  // namespace renvoi::search
