// A document is in one tier at rest, whatever happens on its way, and never out of sight.
#include "search/tier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <random>
#include <thread>

#include "index/naive_index.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"
#include "search/collection.h"

namespace renvoi::search {
namespace {

using catalog::Reference;
using catalog::ReferenceState;
using index::test::Document;
using io::Fault;
using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 16;

const index::Identity kFull = index::test::identity_of(kDimensions);
const index::Identity kFirst = first_tier_identity(kFull, 0x1234);

Document document(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Document made;
  while (made.empty()) made = index::test::random_document(random, kDimensions);
  return made;
}

// A collection on a disk that may fail.
struct World {
  explicit World(std::optional<index::Identity> first = kFirst) { open(std::move(first)); }
  void open(std::optional<index::Identity> first = kFirst) {
    collection.reset();
    auto opened = Collection::open(files, clock, folder / "c", kFull, Collection::Mode::write, fixed_tables(first));
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    source_id = collection->catalog().add_source(source).value().id;
  }
  // The same disk in good health, as after the crash of the process.
  void restart() {
    collection.reset();
    files.set_plan({});
    healthy = std::make_unique<io::FaultyFileSystem>(*real);
    auto opened = Collection::open(*healthy, clock, folder / "c", kFull, Collection::Mode::write, fixed_tables(kFirst));
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  Reference add(const std::string& address) {
    Reference reference;
    reference.source = source_id;
    reference.address = address;
    reference.fingerprint = 7;
    reference.checked_at = 5;
    return collection->catalog().add_reference(reference, clock.now()).value();
  }
  Result<void> put(const Reference& reference, const Document& passages, Tier tier, bool upgrade = false) {
    const Collection::DocumentWrite write{reference, index::test::inputs(passages), "added", upgrade};
    return collection->put({&write, 1}, tier);
  }
  std::size_t held(Tier tier, ReferenceId id) const {
    const Snapshots both = collection->snapshots();
    return (tier == Tier::full ? both.full : both.first)->passages_of(id).size();
  }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> real = io::real_file_system();
  io::FaultyFileSystem files{*real};
  std::unique_ptr<io::FaultyFileSystem> healthy;
  ManualClock clock{1'000};
  std::unique_ptr<Collection> collection;
  SourceId source_id = SourceId::none;
};

TEST(Tiers, ADocumentIsSearchableByTheFirstUntilTheFullHasIt) {
  World world;
  const Reference reference = world.add("https://a.org/1");
  const Document made = document(1);
  ASSERT_TRUE(world.put(reference, made, Tier::first).ok());
  EXPECT_EQ(world.held(Tier::first, reference.id), made.size());
  EXPECT_EQ(world.collection->catalog().showable().value(), std::vector{reference.id});
  EXPECT_EQ(world.collection->only_in_first_tier(), std::vector{reference.id});
  world.open();
  EXPECT_EQ(world.held(Tier::first, reference.id), made.size());
  EXPECT_TRUE(world.collection->catalog().reference(reference.id)->indexed);
  ASSERT_TRUE(world.put(reference, made, Tier::full, true).ok());
  EXPECT_EQ(world.held(Tier::first, reference.id), 0U);
  EXPECT_EQ(world.held(Tier::full, reference.id), made.size());
  EXPECT_TRUE(world.collection->only_in_first_tier().empty());
  const Collection::TierStats stats = world.collection->stats();
  EXPECT_EQ(stats.full.passages, made.size());
  EXPECT_EQ(stats.first.passages, 0U);
  ASSERT_TRUE(world.collection->compact().ok());
  ASSERT_TRUE(world.collection->check().ok());
  EXPECT_EQ(world.collection->disk_use().index_bytes, world.real->disk_bytes(world.folder / "c" / "index") +
                                                          world.real->disk_bytes(world.folder / "c" / "index-first"));
}

// Whatever operation of the disk is the last: after it the document is in exactly one tier, shown, and not to be read
// again, in both directions of the move.
TEST(Tiers, ACrashAtAnyOperationOfAMoveLeavesItInExactlyOne) {
  for (const Tier to : {Tier::full, Tier::first}) {
    const Tier from = to == Tier::full ? Tier::first : Tier::full;
    std::uint64_t operations = 0;
    for (std::uint64_t at = 0; at == 0 || at <= operations; ++at) {
      for (const Fault fault : {Fault::crash_before, Fault::crash_after}) {
        World world;
        const Reference reference = world.add("https://a.org/1");
        const Document made = document(3);
        ASSERT_TRUE(world.put(reference, made, from).ok());
        const std::uint64_t before = world.files.operations();
        if (at > 0) world.files.set_plan({.at_operation = before + at, .fault = fault});
        const bool moved = world.put(reference, made, to).ok();
        if (at == 0) operations = world.files.operations() - before;
        ASSERT_NO_FATAL_FAILURE(world.restart());
        const std::size_t full = world.held(Tier::full, reference.id);
        const std::size_t first = world.held(Tier::first, reference.id);
        EXPECT_EQ(full + first, made.size()) << "at operation " << at;
        EXPECT_TRUE(full == 0 || first == 0) << "at operation " << at;
        if (moved) {
          EXPECT_EQ(to == Tier::full ? full : first, made.size()) << "at operation " << at;
        }
        EXPECT_TRUE(world.collection->catalog().reference(reference.id)->indexed) << "at operation " << at;
      }
    }
    EXPECT_GE(operations, 4U);  // two commits at least
  }
}

// A fault that passes: after it the document is still there, and the same write again succeeds.
TEST(Tiers, AMoveThatFailedCanBeTriedAgain) {
  int failed = 0;
  for (std::uint64_t at = 1; at <= 4; ++at) {
    World world;
    const Reference reference = world.add("https://a.org/1");
    const Document made = document(3);
    ASSERT_TRUE(world.put(reference, made, Tier::first).ok());
    world.files.set_plan({.at_operation = world.files.operations() + at});
    failed += world.put(reference, made, Tier::full).ok() ? 0 : 1;
    world.files.set_plan({});
    EXPECT_GE(world.held(Tier::full, reference.id) + world.held(Tier::first, reference.id), made.size());
    const Result<void> again = world.put(reference, made, Tier::full);
    ASSERT_TRUE(again.ok()) << again.error().describe();
    EXPECT_EQ(world.held(Tier::full, reference.id), made.size());
    EXPECT_EQ(world.held(Tier::first, reference.id), 0U);
  }
  EXPECT_GT(failed, 1);
}

TEST(Tiers, WhatIsGoneOrRemovedLeavesBoth) {
  World world;
  Reference first = world.add("https://a.org/first");
  Reference full = world.add("https://a.org/full");
  const Reference removed = world.add("https://a.org/removed");
  const Reference of_source = world.add("https://a.org/source");
  ASSERT_TRUE(world.put(first, document(1), Tier::first).ok());
  ASSERT_TRUE(world.put(full, document(2), Tier::full).ok());
  ASSERT_TRUE(world.put(removed, document(3), Tier::first).ok());
  ASSERT_TRUE(world.put(of_source, document(4), Tier::first).ok());
  for (Reference* each : {&first, &full}) {
    each->state = ReferenceState::gone;
    ASSERT_TRUE(world.collection->update_state(*each, "GONE").ok());
  }
  ASSERT_TRUE(world.collection->remove_reference(removed.id, "asked").ok());
  EXPECT_EQ(world.collection->snapshots().full->size(), 0U);
  EXPECT_EQ(world.collection->only_in_first_tier(), std::vector{of_source.id});
  ASSERT_TRUE(world.collection->remove_source(world.source_id).ok());
  EXPECT_EQ(world.collection->snapshots().first->size(), 0U);
}

// A crash after the catalogue was told and before the index was: at the next opening it leaves the first tier, too.
TEST(Tiers, WhatTheCatalogueHoldsAsGoneLeavesTheFirstTierWhenOpened) {
  World world;
  Reference reference = world.add("https://a.org/1");
  ASSERT_TRUE(world.put(reference, document(1), Tier::first).ok());
  reference.state = ReferenceState::gone;
  ASSERT_TRUE(world.collection->catalog().update_reference(reference, 5, "GONE").ok());
  world.open();
  EXPECT_EQ(world.held(Tier::first, reference.id), 0U);
}

TEST(Tiers, AnUpgradeComesTooLateForWhatIsGoneAndKeepsWhatTheCatalogueLearnt) {
  World world;
  const Reference gone = world.add("https://a.org/gone");
  const Reference removed = world.add("https://a.org/removed");
  const Reference suspect = world.add("https://a.org/suspect");
  for (const Reference& each : {gone, removed, suspect}) ASSERT_TRUE(world.put(each, document(1), Tier::first).ok());
  Reference found = gone;
  found.state = ReferenceState::gone;
  ASSERT_TRUE(world.collection->update_state(found, "GONE").ok());
  ASSERT_TRUE(world.collection->remove_reference(removed.id, "asked").ok());
  found = world.collection->catalog().reference(suspect.id).value();
  found.state = ReferenceState::suspect;
  found.checked_at += 100;
  ASSERT_TRUE(world.collection->update_state(found, "LIVE -> SUSPECT").ok());
  std::vector<Collection::DocumentWrite> writes;
  const Document made = document(1);
  for (const Reference& each : {gone, removed, suspect})
    writes.push_back({each, index::test::inputs(made), "added", true});
  ASSERT_TRUE(world.collection->put(writes).ok());
  EXPECT_EQ(world.collection->snapshots().full->references(), std::vector{suspect.id});
  EXPECT_EQ(world.collection->catalog().reference(suspect.id)->state, ReferenceState::suspect);
  EXPECT_EQ(world.collection->catalog().reference(gone.id)->state, ReferenceState::gone);
}

// Vectors of two tables are never mixed: the first tier is begun anew, and what it held is read again.
TEST(Tiers, AnotherTableBeginsTheFirstTierAnew) {
  World world;
  const Reference waiting = world.add("https://a.org/waiting");
  const Reference done = world.add("https://a.org/done");
  ASSERT_TRUE(world.put(waiting, document(1), Tier::first).ok());
  ASSERT_TRUE(world.put(done, document(2), Tier::full).ok());
  const auto reader_of_another =
      Collection::open(*world.real, world.clock, world.folder / "c", kFull, Collection::Mode::read,
                       fixed_tables(first_tier_identity(kFull, 0x1234, 1)));
  ASSERT_TRUE(reader_of_another.ok());
  EXPECT_EQ((*reader_of_another)->snapshots().first, nullptr);
  world.open(first_tier_identity(kFull, 0x1234, 1));
  EXPECT_EQ(world.collection->snapshots().first_size(), 0U);
  EXPECT_FALSE(world.collection->catalog().reference(waiting.id)->indexed);
  EXPECT_EQ(world.collection->catalog().reference(waiting.id)->fingerprint, 0U);
  EXPECT_TRUE(world.collection->catalog().reference(done.id)->indexed);
  ASSERT_TRUE(world.put(waiting, document(1), Tier::first).ok());
  world.open(std::nullopt);  // the table is no more
  EXPECT_EQ(world.collection->snapshots().first, nullptr);
  EXPECT_FALSE(world.collection->catalog().reference(waiting.id)->indexed);
  EXPECT_EQ(world.put(waiting, document(1), Tier::first).error().code, ErrorCode::invalid);
  EXPECT_EQ(world.real->disk_bytes(world.folder / "c" / "index-first"), 0U);
}

// Not a wrong answer, and not the end: all of it can be made again.
TEST(Tiers, ADamagedFirstTierIsBegunAnew) {
  World world;
  const Reference waiting = world.add("https://a.org/waiting");
  ASSERT_TRUE(world.put(waiting, document(1), Tier::first).ok());
  ASSERT_TRUE(world.collection->compact().ok());
  const auto folder = world.folder / "c" / "index-first";
  world.collection.reset();
  for (const std::string& name : world.real->list(folder).value()) {
    if (name == "lock") continue;
    ASSERT_TRUE(world.real->replace(folder / name, std::as_bytes(std::span("damaged", 7))).ok());
  }
  world.open();
  EXPECT_EQ(world.collection->snapshots().first_size(), 0U);
  EXPECT_FALSE(world.collection->catalog().reference(waiting.id)->indexed);
  EXPECT_TRUE(world.put(waiting, document(1), Tier::first).ok());
}

// While documents move to and fro, every look finds every one of them.
TEST(Tiers, ALookNeverMissesADocumentThatMoves) {
  World world;
  const Reference reference = world.add("https://a.org/1");
  const Document made = document(3);
  ASSERT_TRUE(world.put(reference, made, Tier::first).ok());
  const auto reader = Collection::open(*world.real, world.clock, world.folder / "c", kFull, Collection::Mode::read,
                                       fixed_tables(kFirst))
                          .value();
  std::atomic<bool> ended = false;
  std::atomic<int> missed = 0, looks = 0;
  const auto look = [&](Collection& collection) {
    while (!ended) {
      if (!collection.refresh().ok()) ++missed;
      const Snapshots both = collection.snapshots();
      const std::size_t first = both.first == nullptr ? 0 : both.first->passages_of(reference.id).size();
      if (first == 0 && both.full->passages_of(reference.id).empty()) ++missed;
      ++looks;
    }
  };
  {
    const std::jthread inside([&] { look(*world.collection); });
    const std::jthread outside([&] { look(*reader); });
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(world.put(reference, made, i % 2 == 0 ? Tier::full : Tier::first).ok());
    ended = true;
  }
  EXPECT_EQ(missed, 0);
  EXPECT_GT(looks, 10);
}

}  // namespace
}  // namespace renvoi::search
