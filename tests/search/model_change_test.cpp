// A change of model beside a serving index: every document is in the index at every moment, in the one model's or in
// the other's, and in the new one's at the end, whatever happens on the way.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "index/naive_index.h"
#include "index/named_files.h"
#include "io/faulty_file_system.h"
#include "io/relocate.h"
#include "io/temporary_folder.h"
#include "search/backup.h"
#include "search/check.h"
#include "search/collection.h"
#include "search/next_index.h"
#include "search/repair.h"

namespace renvoi::search {
namespace {

using catalog::Reference;
using catalog::ReferenceState;
using index::test::Document;
using io::Fault;
using renvoi::test::TemporaryFolder;

const index::Identity kA = index::test::identity_of(16);
const index::Identity kB{"00cc22dd", 24, 1};
const index::Identity kFirstOfA = first_tier_identity(kA, 0x1234);
const ModelChange kToB{kB, {}};
constexpr std::int64_t kDay_s = 86'400;

// Passages of a document's version, the same by both models but for their vectors and a bit of their fingerprints, so
// that it can be told which index a passage is from.
constexpr std::uint64_t kOfB = std::uint64_t{1} << 63;
Document document(std::uint64_t number, std::uint64_t version, const index::Identity& model) {
  std::mt19937_64 random(number * 100 + version);
  Document made;
  while (made.empty()) made = index::test::random_document(random, kA.dimensions);
  for (index::test::OwnedPassage& passage : made) {
    passage.fingerprint = (model == kB ? kOfB : 0) | number << 32 | version;
    if (model != kA) passage.vector = index::test::random_unit(random, model.dimensions);
  }
  return made;
}

struct World {
  World() { open(); }
  void open(std::optional<ModelChange> change = {}, const index::Identity& identity = kA) {
    collection.reset();
    auto opened = try_to_open(change, identity);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
  }
  Result<std::unique_ptr<Collection>> try_to_open(std::optional<ModelChange> change, const index::Identity& identity,
                                                  Collection::Mode mode = Collection::Mode::write) {
    std::optional<index::Identity> first;
    if (identity == kA) first = kFirstOfA;
    return Collection::open(files, clock, folder / "c", identity, mode, fixed_tables(first), std::move(change));
  }
  // What Engine does: what the index is bound to decides.
  Result<std::unique_ptr<Collection>> open_as_it_is() {
    const auto manifest = index::current_manifest(*real, folder / "c" / "index");
    const bool switched = manifest.ok() && manifest->identity == kB;
    return switched ? try_to_open({}, kB) : try_to_open(kToB, kA);
  }
  Reference reference(std::uint64_t number, std::uint64_t version = 1) {
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    Reference wanted;
    wanted.source = collection->catalog().add_source(source).value().id;
    wanted.address = "https://a.org/" + std::to_string(number);
    wanted = collection->catalog().add_reference(wanted, clock.now()).value();
    wanted.fingerprint = version;
    wanted.checked_at = clock.now();
    return wanted;
  }
  Result<void> put(std::uint64_t number, std::uint64_t version = 1, Tier tier = Tier::full) {
    const Document passages = document(number, version, collection->identity());
    const Collection::DocumentWrite write{reference(number, version), index::test::inputs(passages), "changed"};
    return collection->put({&write, 1}, tier);
  }
  Result<void> put_next(std::uint64_t number, std::uint64_t version = 1) {
    const Document passages = document(number, version, kB);
    const Collection::DocumentWrite write{reference(number, version), index::test::inputs(passages), ""};
    return collection->put_next({&write, 1});
  }
  // A sweep: what waits, in the version that the catalogue has.
  Result<void> sweep() {
    for (const ReferenceId id : collection->waiting_for_next()) {
      RENVOI_TRY(const Reference known, collection->catalog().reference(id));
      RENVOI_CHECK(put_next(std::stoull(known.address.substr(14)), known.fingerprint));
    }
    return {};
  }
  ReferenceId id(std::uint64_t number) { return reference(number).id; }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> real = io::real_file_system();
  io::FaultyFileSystem files{*real};
  ManualClock clock{1'000'000};
  std::unique_ptr<Collection> collection;
};

// Of every passage that is shown, the version; fails when they are not all of the model that the look is bound to.
std::map<std::uint64_t, std::uint64_t> versions(const Snapshots& both) {
  std::map<std::uint64_t, std::uint64_t> found;
  for (const auto& snapshot : {both.first, both.full}) {
    if (snapshot == nullptr) continue;
    for (index::PassageNumber number = 0; number < snapshot->size(); ++number) {
      const std::uint64_t fingerprint = snapshot->record(number).fingerprint;
      EXPECT_EQ((fingerprint & kOfB) != 0, both.identity == kB) << "a passage of the other model";
      found[(fingerprint & ~kOfB) >> 32] = fingerprint & 0xFFFFFFFFU;
    }
  }
  return found;
}

TEST(ModelChange, TheNextIndexTakesTheOthersPlaceWhenItHasEverything) {
  World world;
  for (std::uint64_t number = 1; number <= 5; ++number)
    ASSERT_TRUE(world.put(number, 1, number <= 2 ? Tier::first : Tier::full).ok());
  EXPECT_FALSE(world.collection->change().has_value());
  EXPECT_EQ(world.collection->put_next({}).error().code, ErrorCode::invalid);
  world.open(kToB);
  EXPECT_EQ(world.collection->waiting_for_next().size(), 5U);
  for (const std::uint64_t number : {1, 3, 4}) ASSERT_TRUE(world.put_next(number).ok());
  const auto change = world.collection->change();
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->to, kB);
  EXPECT_EQ(change->documents_done, 3U);
  EXPECT_EQ(change->documents_waiting, 2U);
  EXPECT_GT(world.collection->disk_use().next_bytes, 0U);
  EXPECT_FALSE(world.collection->switch_to_next().value());
  EXPECT_EQ(world.collection->identity(), kA);
  // Who looks before the switch keeps what he has.
  const Snapshots before = world.collection->snapshots();
  ASSERT_TRUE(world.sweep().ok());
  const Result<bool> switched = world.collection->switch_to_next();
  ASSERT_TRUE(switched.ok()) << switched.error().describe();
  EXPECT_TRUE(*switched);
  EXPECT_EQ(versions(before).size(), 5U);
  EXPECT_EQ(before.full->semantic(std::vector<float>(kA.dimensions, 0.25F), 5).size(),
            std::min<std::uint64_t>(5, before.full->size()));
  const Snapshots after = world.collection->snapshots();
  EXPECT_EQ(after.identity, kB);
  EXPECT_EQ(versions(after).size(), 5U);
  EXPECT_EQ(after.full->references().size(), 5U);
  EXPECT_EQ(after.full->semantic(std::vector<float>(kB.dimensions, 0.2F), 1).size(), 1U);
  EXPECT_FALSE(world.collection->change().has_value());
  EXPECT_FALSE(world.real->exists(world.folder / "c" / "index-next"));
  EXPECT_EQ(world.collection->disk_use().next_bytes, 0U);
  ASSERT_TRUE(world.put(6).ok());  // life goes on
  ASSERT_TRUE(world.collection->compact().ok());
  ASSERT_TRUE(world.collection->check().ok());
  world.open({}, kB);
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 6U);
  for (const Reference& each : world.collection->catalog().references().value()) EXPECT_TRUE(each.indexed);
  EXPECT_EQ(world.try_to_open({}, kA).error().code, ErrorCode::conflict);
}

TEST(ModelChange, WhatIsNewChangedOrGoneMeanwhileIsInBothOrInNeither) {
  World world;
  for (std::uint64_t number = 1; number <= 4; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.sweep().ok());
  EXPECT_TRUE(world.collection->waiting_for_next().empty());
  ASSERT_TRUE(world.put(1, 2).ok());
  ASSERT_TRUE(world.put(5).ok());
  EXPECT_EQ(world.collection->waiting_for_next(), (std::vector{world.id(1), world.id(5)}));
  Reference gone = world.collection->catalog().reference(world.id(2)).value();
  gone.state = ReferenceState::gone;
  ASSERT_TRUE(world.collection->update_state(gone, "GONE").ok());
  ASSERT_TRUE(world.collection->remove_reference(world.id(3), "asked").ok());
  // A sweep that read it before it changed, or before it went, comes too late.
  ASSERT_TRUE(world.put_next(1, 1).ok());
  ASSERT_TRUE(world.put_next(2).ok());
  EXPECT_EQ(world.collection->change()->documents_done, 1U);
  EXPECT_FALSE(world.collection->switch_to_next().value());
  ASSERT_TRUE(world.sweep().ok());
  ASSERT_TRUE(world.collection->switch_to_next().value());
  EXPECT_EQ(versions(world.collection->snapshots()), (std::map<std::uint64_t, std::uint64_t>{{1, 2}, {4, 1}, {5, 1}}));
}

// What cannot be read does not hold the change up for ever, and is not lost: it is read when it can be again.
TEST(ModelChange, WhatCannotBeReadLeavesAndIsReadAgain) {
  World world;
  for (std::uint64_t number = 1; number <= 5; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.put_next(1).ok());
  const auto set = [&](std::uint64_t number, ReferenceState state) {
    Reference reference = world.collection->catalog().reference(world.id(number)).value();
    reference.state = state;
    reference.first_failure_at = world.clock.now();
    reference.next_check_at = world.clock.now() + 77;
    ASSERT_TRUE(world.collection->update_state(reference, "").ok());
  };
  set(2, ReferenceState::suspect);
  set(3, ReferenceState::host_down);
  EXPECT_FALSE(world.collection->switch_to_next().value());
  ASSERT_TRUE(world.put_next(5).ok());
  world.clock.advance(kDay_s - 1);
  EXPECT_FALSE(world.collection->switch_to_next().value());
  world.clock.advance(1);
  // Document 4 is LIVE, of the same host, and was not asked for since that is down.
  Reference asked = world.collection->catalog().reference(world.id(4)).value();
  asked.checked_at = world.clock.now();
  ASSERT_TRUE(world.collection->update_state(asked, "").ok());
  EXPECT_FALSE(world.collection->switch_to_next().value());
  EXPECT_TRUE(world.collection->switch_to_next(std::vector{world.id(4)}).value());
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 2U);
  for (const std::uint64_t number : {2, 3, 4}) {
    const Reference left = world.collection->catalog().reference(world.id(number)).value();
    EXPECT_FALSE(left.indexed);
    EXPECT_EQ(left.fingerprint, 0U);
    EXPECT_EQ(left.next_check_at == 0, number == 4) << "is asked when it is due";
  }
}

TEST(ModelChange, AHostThatIsLongDownHoldsNothingUp) {
  World world;
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.put_next(1).ok());
  world.clock.advance(10);
  Reference down = world.collection->catalog().reference(world.id(2)).value();
  down.state = ReferenceState::host_down;
  down.first_failure_at = world.clock.now();
  ASSERT_TRUE(world.collection->update_state(down, "").ok());
  world.clock.advance(kDay_s);
  EXPECT_TRUE(world.collection->switch_to_next().value());
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 1U);
}

TEST(ModelChange, ReturningDropsTheHalfMadeIndexAndAnotherModelBeginsAnew) {
  World world;
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.put_next(1).ok());
  world.open(kToB);
  EXPECT_EQ(world.collection->change()->documents_done, 1U);  // gone on with
  index::Identity other = kB;
  other.extractor_version = 2;
  world.open(ModelChange{other, {}});
  EXPECT_EQ(world.collection->change()->documents_done, 0U);
  ASSERT_TRUE(world.put_next(1).ok());
  world.open();
  EXPECT_FALSE(world.collection->change().has_value());
  EXPECT_FALSE(world.real->exists(world.folder / "c" / "index-next"));
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 3U);
}

// A change with everything that may happen in it. Stops at the first error.
Result<void> change_all(World& world) {
  RENVOI_TRY(world.collection, world.open_as_it_is());
  RENVOI_CHECK(world.put_next(1));
  RENVOI_CHECK(world.put_next(2));
  RENVOI_CHECK(world.put(2, 2));
  RENVOI_CHECK(world.collection->remove_reference(world.id(3), "asked"));
  RENVOI_CHECK(world.put(5));
  RENVOI_CHECK(world.sweep());
  RENVOI_TRY(const bool switched, world.collection->switch_to_next());
  EXPECT_TRUE(switched);
  return world.put(6);
}

// Whatever operation of the disk is the last one: what was acknowledged is there, of one model, and the change goes on.
TEST(ModelChange, ACrashAtAnyOperationLosesNothingAndTheChangeGoesOn) {
  std::uint64_t operations = 0, before_switch = 0, after_switch = 0;
  for (std::uint64_t at = 0; at == 0 || at <= operations; ++at) {
    for (const Fault fault : {Fault::crash_before, Fault::crash_after}) {
      SCOPED_TRACE("operation " + std::to_string(at));
      World world;
      for (std::uint64_t number = 1; number <= 4; ++number)
        ASSERT_TRUE(world.put(number, 1, number == 4 ? Tier::first : Tier::full).ok());
      world.collection.reset();
      const std::uint64_t before = world.files.operations();
      if (at > 0) world.files.set_plan({.at_operation = before + at, .fault = fault});
      const Result<void> done = change_all(world);
      if (at == 0) {
        ASSERT_TRUE(done.ok()) << done.error().describe();
        operations = world.files.operations() - before;
        continue;
      }
      world.collection.reset();
      io::FaultyFileSystem healthy(*world.real);
      // Beside the crash's traces a reader sees the one or the other.
      const auto manifest = index::current_manifest(healthy, world.folder / "c" / "index");
      ASSERT_TRUE(manifest.ok()) << manifest.error().describe();
      ++(manifest->identity == kB ? after_switch : before_switch);
      const auto reader =
          Collection::open(healthy, world.clock, world.folder / "c", manifest->identity, Collection::Mode::read,
                           fixed_tables(manifest->identity == kA ? std::optional(kFirstOfA) : std::nullopt));
      ASSERT_TRUE(reader.ok()) << reader.error().describe();
      for (const std::uint64_t number : {1, 2, 4})
        EXPECT_TRUE(versions((*reader)->snapshots()).contains(number)) << number;
      // The process again, on a disk in good health.
      world.files.set_plan({});
      World again;
      again.collection.reset();
      std::filesystem::remove_all(again.folder / "c");
      std::filesystem::copy(world.folder / "c", again.folder / "c", std::filesystem::copy_options::recursive);
      auto opened = again.open_as_it_is();
      ASSERT_TRUE(opened.ok()) << opened.error().describe();
      again.collection = std::move(opened).value();
      if (again.collection->identity() == kA) {
        ASSERT_TRUE(again.put(2, 2).ok());
        ASSERT_TRUE(again.sweep().ok());
        const Result<bool> switched = again.collection->switch_to_next();
        ASSERT_TRUE(switched.ok()) << switched.error().describe();
        EXPECT_TRUE(*switched);
      }
      const auto shown = versions(again.collection->snapshots());
      EXPECT_EQ(shown.at(1), 1U);
      EXPECT_EQ(shown.at(2), 2U);
      EXPECT_EQ(shown.at(4), 1U);
      EXPECT_FALSE(again.real->exists(again.folder / "c" / "index-next"));
      for (const Reference& each : again.collection->catalog().references().value()) {
        if (!each.indexed) continue;
        EXPECT_EQ(again.collection->snapshots().full->passages_of(each.id).size(), each.passages) << each.address;
      }
      EXPECT_TRUE(again.collection->check().ok());
    }
  }
  EXPECT_GT(operations, 20U);
  EXPECT_GT(before_switch, 20U);
  EXPECT_GT(after_switch, 4U);  // the switch is not the last operation
}

// A fault that passes: the collection serves on, by the one model or the other, and the switch can be made again.
TEST(ModelChange, ASwitchThatFailedServesOnAndCanBeMadeAgain) {
  int failed = 0;
  for (std::uint64_t at = 1; at <= 8; ++at) {
    for (const Fault fault : {Fault::error_before, Fault::error_after}) {
      World world;
      for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
      world.open(kToB);
      ASSERT_TRUE(world.sweep().ok());
      world.files.set_plan({.at_operation = world.files.operations() + at, .fault = fault});
      const Result<bool> switched = world.collection->switch_to_next();
      world.files.set_plan({});
      EXPECT_EQ(versions(world.collection->snapshots()).size(), 3U);
      if (switched.ok()) continue;
      ++failed;
      if (const Result<void> written = world.put(4); !written.ok()) {
        EXPECT_NE(written.error().message.find("open it again"), std::string::npos) << written.error().message;
        world.collection.reset();
        world.collection = world.open_as_it_is().value();
      }
      if (world.collection->identity() == kA) {
        ASSERT_TRUE(world.sweep().ok());
        const Result<bool> again = world.collection->switch_to_next();
        ASSERT_TRUE(again.ok()) << again.error().describe();
        EXPECT_TRUE(*again);
      }
      EXPECT_GE(versions(world.collection->snapshots()).size(), 3U);
    }
  }
  EXPECT_GT(failed, 3);
}

// Readers in this and other processes: at every moment all documents, and never two models in one look.
TEST(ModelChange, ReadersFollowTheSwitchAndNeverSeeAMixture) {
  World world;
  constexpr std::uint64_t kDocuments = 20;
  for (std::uint64_t number = 1; number <= kDocuments; ++number)
    ASSERT_TRUE(world.put(number, 1, number % 4 == 0 ? Tier::first : Tier::full).ok());
  world.open(kToB);
  const auto open_reader = [&](std::optional<ModelChange> change) {
    return Collection::open(*world.real, world.clock, world.folder / "c", kA, Collection::Mode::read,
                            fixed_tables(kFirstOfA), change)
        .value();
  };
  const auto outside = open_reader(kToB), unaware = open_reader({});
  EXPECT_EQ(outside->waiting_for_next().size(), kDocuments);
  std::atomic<bool> ended = false;
  std::atomic<int> wrong = 0, of_a = 0, of_b = 0;
  const auto look = [&](Collection& collection) {
    while (!ended) {
      if (!collection.refresh().ok()) ++wrong;
      const Snapshots both = collection.snapshots();
      if (versions(both).size() != kDocuments) ++wrong;
      ++(both.identity == kB ? of_b : of_a);
    }
  };
  {
    const std::jthread inside([&] { look(*world.collection); });
    const std::jthread other([&] { look(*outside); });
    for (std::uint64_t number = 1; number <= kDocuments; ++number) EXPECT_TRUE(world.put(number, 2).ok());
    EXPECT_TRUE(world.sweep().ok());
    EXPECT_TRUE(world.collection->switch_to_next().value());
    while (of_b < 20 && wrong == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(world.put(3, 3).ok());
    ended = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(of_a, 10);
  ASSERT_TRUE(outside->refresh().ok());
  EXPECT_EQ(outside->identity(), kB);
  EXPECT_EQ(versions(outside->snapshots()).at(3), 3U);
  // One that was not told of the other model says so, and shows what it has.
  EXPECT_EQ(unaware->refresh().error().code, ErrorCode::conflict);
  EXPECT_EQ(versions(unaware->snapshots()).size(), kDocuments);
  // And one that opens with what it knew a moment ago follows, or is refused.
  EXPECT_EQ(open_reader(kToB)->identity(), kB);
  EXPECT_EQ(world.try_to_open({}, kA, Collection::Mode::read).error().code, ErrorCode::conflict);
}

TEST(ModelChange, WhereNamesCannotBeSwappedRenamesDoItAndAKilledOneIsFinished) {
  for (const bool killed : {false, true}) {
    World world;
    ASSERT_TRUE(world.put(1).ok());
    world.open(kToB);
    ASSERT_TRUE(world.sweep().ok());
    world.collection.reset();
    const auto folder = world.folder / "c";
    if (killed) {
      ASSERT_TRUE(io::rename_new(folder / "index", folder / "index-old").ok());
    } else {
      ASSERT_TRUE(swap_in_next_index(*world.real, folder, SwapBy::renames).ok());
    }
    EXPECT_TRUE(world.real->exists(folder / "index-old"));
    world.open({}, kB);
    EXPECT_EQ(versions(world.collection->snapshots()).size(), 1U);
    EXPECT_FALSE(world.real->exists(folder / "index-old"));
    EXPECT_FALSE(world.real->exists(folder / "index-next"));
  }
}

TEST(ModelChange, WhatRepairHasSetAsideSurvivesTheSwitch) {
  World world;
  ASSERT_TRUE(world.put(1).ok());
  const auto kept = world.folder / "c" / "index" / "damaged-2026" / "segment";
  std::filesystem::create_directories(kept.parent_path());
  std::ofstream(kept) << "evidence";
  world.open(kToB);
  ASSERT_TRUE(world.sweep().ok());
  ASSERT_TRUE(world.collection->switch_to_next().value());
  EXPECT_TRUE(std::filesystem::exists(kept));
  EXPECT_FALSE(world.real->exists(world.folder / "c" / "index-next"));
}

std::filesystem::path a_file_with_content(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("segment-")) return entry.path();
  return folder / "manifest";
}

void damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  stream.write("damaged!", 8);
}

TEST(ModelChange, ADamagedNextIndexIsBegunAnewAndTheOtherServes) {
  World world;
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.sweep().ok());
  world.collection.reset();
  damage(a_file_with_content(world.folder / "c" / "index-next"));
  world.open(kToB);
  EXPECT_EQ(world.collection->change()->documents_done, 0U);
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 3U);
}

TEST(ModelChange, CheckAndRepairKnowTheNextIndex) {
  World world;
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.put_next(1).ok());
  ASSERT_TRUE(world.put_next(2).ok());
  CheckOptions options;
  options.patience = std::chrono::milliseconds(300);
  const auto check = [&] { return check_collection(*world.real, world.folder / "c", options).value(); };
  EXPECT_TRUE(check().problems.empty());  // what it lacks is no problem
  EXPECT_GT(check().next_passages, 0U);
  const auto repair = [&] { return repair_collection(*world.real, world.clock, world.folder / "c", {}); };
  // What the catalogue does not know is one.
  ASSERT_TRUE(world.collection->catalog().remove_reference(world.id(1), 5, "behind the index's back").ok());
  const CheckReport stray = check();
  ASSERT_EQ(stray.problems.size(), 2U);
  EXPECT_EQ(stray.problems[0].part, Part::cross_reference);
  EXPECT_NE(stray.problems[1].what.find("index-next"), std::string::npos) << stray.problems[1].what;
  world.collection.reset();
  ASSERT_TRUE(repair().ok());
  EXPECT_TRUE(check().problems.empty());
  world.open(kToB);
  EXPECT_EQ(world.collection->change()->documents_done, 1U) << "a repair keeps what is sound of it";
  world.collection.reset();
  damage(world.folder / "c" / "index-next" / "manifest");
  const CheckReport damaged = check();
  ASSERT_EQ(damaged.problems.size(), 1U);
  EXPECT_EQ(damaged.problems[0].where, world.folder / "c" / "index-next");
  EXPECT_NE(damaged.problems[0].advice.find("nothing is lost"), std::string::npos);
  const auto repaired = repair();
  ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
  EXPECT_EQ(repaired->repaired.size(), 1U);
  EXPECT_TRUE(check().problems.empty());
  world.open(kToB);
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 2U);
}

// Whenever the switch comes, it is not taken for damage.
TEST(ModelChange, ACheckThatMeetsTheSwitchBeginsAnew) {
  for (const std::string_view stage : {"catalogue", "index", "cross-references"}) {
    World world;
    for (std::uint64_t number = 1; number <= 9; ++number) ASSERT_TRUE(world.put(number).ok());
    world.open(kToB);
    ASSERT_TRUE(world.collection->compact().ok());
    ASSERT_TRUE(world.sweep().ok());
    CheckOptions options;
    options.patience = std::chrono::milliseconds(300);
    options.on_progress = [&](std::string_view now, std::uint64_t, std::uint64_t, std::string_view) {
      if (now != stage || !world.collection->change()) return;
      EXPECT_TRUE(world.collection->switch_to_next().value());
    };
    const Result<CheckReport> report = check_collection(*world.real, world.folder / "c", options);
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_EQ(report->identity, kB);
    EXPECT_TRUE(report->problems.empty()) << report->problems[0].what;
  }
}

TEST(ModelChange, ASnapshotThatMeetsTheSwitchIsOfOneIndexOnly) {
  World world;
  for (std::uint64_t number = 1; number <= 9; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.collection->compact().ok());
  ASSERT_TRUE(world.sweep().ok());
  const auto switch_while_linking = [&](std::string_view now, std::uint64_t, std::uint64_t, std::string_view) {
    if (now != "index" || !world.collection->change()) return;
    EXPECT_TRUE(world.collection->switch_to_next().value());
    EXPECT_TRUE(world.collection->compact().ok());
  };
  const auto made =
      make_snapshot(*world.real, world.clock, world.folder / "c", world.folder / "kept", switch_while_linking);
  ASSERT_TRUE(made.ok()) << made.error().describe();
  EXPECT_FALSE(world.collection->change().has_value());
  EXPECT_EQ(made->list.identity, kB);
  const auto restored =
      restore_snapshot(*world.real, world.clock, world.folder / "kept", world.folder / "other", Existing::refuse);
  ASSERT_TRUE(restored.ok()) << restored.error().describe();
  EXPECT_EQ(restored->to_read_again, 0U);
  const auto opened =
      Collection::open(*world.real, world.clock, world.folder / "other", kB, Collection::Mode::write).value();
  EXPECT_EQ(versions(opened->snapshots()).size(), 9U);
}

TEST(ModelChange, ASnapshotIsOfThePresentIndexAndComesBackAsIt) {
  World world;
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(world.put(number).ok());
  world.open(kToB);
  ASSERT_TRUE(world.put_next(1).ok());
  const auto made = make_snapshot(*world.real, world.clock, world.folder / "c", world.folder / "kept");
  ASSERT_TRUE(made.ok()) << made.error().describe();
  EXPECT_EQ(made->list.identity, kA);
  ASSERT_TRUE(world.sweep().ok());
  ASSERT_TRUE(world.collection->switch_to_next().value());
  EXPECT_EQ(restore_snapshot(*world.real, world.clock, world.folder / "kept", world.folder / "c", Existing::set_aside)
                .error()
                .code,
            ErrorCode::conflict);  // it is being written
  world.collection.reset();
  const auto restored =
      restore_snapshot(*world.real, world.clock, world.folder / "kept", world.folder / "c", Existing::set_aside);
  ASSERT_TRUE(restored.ok()) << restored.error().describe();
  world.open();
  EXPECT_EQ(versions(world.collection->snapshots()).size(), 3U);
  EXPECT_FALSE(world.real->exists(world.folder / "c" / "index-next"));
}

}  // namespace
}  // namespace renvoi::search
