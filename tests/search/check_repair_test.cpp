// check finds what is wrong, repair puts it right and keeps the rest: every file damaged, everywhere.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "io/faulty_file_system.h"
#include "search/check.h"
#include "search/keep_support.h"
#include "search/repair.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
using renvoi::test::TemporaryFolder;
using test::kDimensions;
using ::testing::HasSubstr;

bool is_sound_page(std::string_view bytes) { return bytes.starts_with("page ") && bytes.ends_with(" end"); }

class KeepTest : public ::testing::Test {
 protected:
  // Two segments (one with dead passages), a log with additions, a change and a removal, and a page in the cache.
  void SetUp() override {
    auto collection = test::open_collection(*files, clock, folder / "good");
    const SourceId source = test::source_of(*collection);
    for (std::uint64_t number = 1; number <= 6; ++number) ASSERT_TRUE(test::put(*collection, source, number, 0).ok());
    ASSERT_TRUE(collection->index().compact().ok());
    for (std::uint64_t number = 7; number <= 12; ++number) ASSERT_TRUE(test::put(*collection, source, number, 0).ok());
    ASSERT_TRUE(test::put(*collection, source, 3, 1).ok());
    ASSERT_TRUE(test::put(*collection, source, 9, 1).ok());
    const auto removed = collection->catalog().find_reference(test::address_of(5)).value();
    ASSERT_TRUE(collection->remove_reference(removed->id, "asked").ok());
    whole = test::versions_of(*collection);
    ASSERT_EQ(whole.size(), 11U);
    collection.reset();
    fs::create_directory(folder / "good" / "cache");
    test::write_file(folder / "good" / "cache" / "1.page", "page of one end");
  }

  fs::path copy() {
    const fs::path bad = folder / "bad";
    fs::remove_all(bad);
    fs::copy(folder / "good", bad, fs::copy_options::recursive);
    return bad;
  }
  Result<CheckReport> check(const fs::path& collection) {
    CheckOptions options;
    options.cached_page_is_sound = is_sound_page;
    options.patience = std::chrono::milliseconds(0);
    return check_collection(*files, collection, options);
  }
  Result<RepairReport> repair(const fs::path& collection) {
    RepairOptions options;
    options.cached_page_is_sound = is_sound_page;
    options.identity = [] { return Result<index::Identity>(index::test::identity_of(kDimensions)); };
    return repair_collection(*files, clock, collection, options);
  }
  // Whatever is left is as it was, or marked to be read again; in the index nothing is older than in the catalogue.
  void expect_right(const fs::path& collection, const std::string& trace) {
    auto opened = test::open_collection(*files, clock, collection);
    ASSERT_NE(opened, nullptr);
    const test::Versions left = test::versions_of(*opened);
    ASSERT_EQ(left.size(), whole.size()) << trace;
    for (const auto& [number, versions] : left) {
      if (versions.first == -1) continue;
      EXPECT_EQ(versions, whole.at(number)) << trace << ": document " << number;
    }
  }
  std::vector<std::string> names(const fs::path& collection) { return files->list(collection / "index").value(); }
  std::string name_of(std::string_view beginning, int which = 0) {
    std::vector<std::string> found = names(folder / "good");
    std::erase_if(found, [&](const std::string& name) { return !name.starts_with(beginning); });
    return found.at(static_cast<std::size_t>(which));
  }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  ManualClock clock{1'700'000'000};
  test::Versions whole;
};

TEST_F(KeepTest, ASoundCollectionIsSoundAndHasNothingToRepair) {
  const auto report = check(folder / "good");
  ASSERT_TRUE(report.ok()) << report.error().describe();
  EXPECT_TRUE(report->problems.empty());
  EXPECT_EQ(report->references, 11U);
  EXPECT_GT(report->passages, 11U);
  EXPECT_EQ(report->cached_pages, 1U);
  EXPECT_EQ(report->identity, index::test::identity_of(kDimensions));
  const auto before = test::files_under(folder / "good" / "index");
  const auto repaired = repair(folder / "good");
  ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
  EXPECT_TRUE(repaired->repaired.empty());
  EXPECT_FALSE(repaired->set_aside.has_value());
  auto after = test::files_under(folder / "good" / "index");
  after["lock"] = before.at("lock");
  EXPECT_EQ(after, before);
}

TEST_F(KeepTest, NothingIsNotFoundAndIsNotMade) {
  EXPECT_EQ(check(folder / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(repair(folder / "none").error().code, ErrorCode::not_found);
  EXPECT_FALSE(files->exists(folder / "none"));
}

// A byte anywhere in any file of the index: check tells and names the file, repair makes it sound, what is left is
// right.
TEST_F(KeepTest, AFlippedBitInTheIndexIsToldAndRepaired) {
  std::mt19937_64 random(5);
  std::size_t told = 0, kept_something = 0;
  for (const std::string& name : names(folder / "good")) {
    if (name == "lock") continue;
    const std::size_t size = fs::file_size(folder / "good" / "index" / name);
    for (int i = 0; i < 40; ++i) {
      const std::size_t at = i == 0 ? 0 : i == 1 ? size - 1 : random() % size;
      const std::string trace = name + " byte " + std::to_string(at) + " of " + std::to_string(size);
      SCOPED_TRACE(trace);
      const fs::path bad = copy();
      std::string bytes = test::read_file(bad / "index" / name);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      test::write_file(bad / "index" / name, bytes);
      const auto found = check(bad);
      ASSERT_TRUE(found.ok()) << found.error().describe();
      if (found->problems.empty()) {  // the last mark of the log, or what pads a section, carries nothing
        ASSERT_NO_FATAL_FAILURE(expect_right(bad, trace));
        continue;
      }
      ++told;
      EXPECT_THAT(found->problems[0].where.string(), HasSubstr(name));
      EXPECT_FALSE(found->problems[0].advice.empty());
      const auto repaired = repair(bad);
      ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
      ASSERT_TRUE(repaired->set_aside.has_value());
      EXPECT_EQ(test::read_file(*repaired->set_aside / name), bytes) << "set aside, not deleted";
      const auto again = check(bad);
      ASSERT_TRUE(again.ok()) << again.error().describe();
      EXPECT_TRUE(again->problems.empty()) << again->problems[0].what;
      const auto twice = repair(bad);
      ASSERT_TRUE(twice.ok());
      EXPECT_TRUE(twice->repaired.empty());
      ASSERT_NO_FATAL_FAILURE(expect_right(bad, trace));
      kept_something += again->passages > 0 ? 1U : 0U;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(told, 100U);
  EXPECT_GT(kept_something, 70U) << "only a damaged manifest may cost everything";
}

TEST_F(KeepTest, ADamagedSegmentCostsItsOwnPassagesOnly) {
  const fs::path bad = copy();
  const std::string name = name_of("segment-");
  std::string bytes = test::read_file(bad / "index" / name);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  test::write_file(bad / "index" / name, bytes);
  const auto repaired = repair(bad);
  ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
  EXPECT_EQ(repaired->to_read_again, 4U);  // 1 to 6 without the removed one and the one whose new version is in the log
  const test::Versions left = test::versions_of(*test::open_collection(*files, clock, bad));
  for (const std::uint64_t number : {3U, 7U, 8U, 9U, 10U, 11U, 12U})
    EXPECT_EQ(left.at(number), whole.at(number)) << number;
  for (const std::uint64_t number : {1U, 2U, 4U, 6U}) EXPECT_EQ(left.at(number), std::pair(-1L, -1L)) << number;
}

// One damaged commit of the log costs that commit; those behind it stay. What may have been in it is read again.
TEST_F(KeepTest, ADamagedCommitInTheLogCostsThatCommitOnly) {
  const fs::path bad = copy();
  const std::string name = name_of("log-");
  std::string bytes = test::read_file(bad / "index" / name);
  const std::size_t at = bytes.find("RNVL", 40);  // the first record is whole, this is its mark; then the second
  const std::size_t second = bytes.find("RNVL", at + 4);
  bytes[second + 60] = static_cast<char>(bytes[second + 60] ^ 4);  // in the batch that holds document 8
  test::write_file(bad / "index" / name, bytes);
  const auto repaired = repair(bad);
  ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
  const test::Versions left = test::versions_of(*test::open_collection(*files, clock, bad));
  EXPECT_EQ(left.at(8), std::pair(-1L, -1L));
  for (const std::uint64_t number : {1U, 2U, 4U, 6U, 7U, 10U, 11U, 12U})
    EXPECT_EQ(left.at(number), whole.at(number)) << number;
  // They changed once, so their newest version may have been lost: it was not, but that cannot be known.
  EXPECT_EQ(left.at(3), std::pair(-1L, 1L));
  EXPECT_EQ(left.at(9), std::pair(-1L, 1L));
  EXPECT_EQ(repaired->to_read_again, 3U);
}

// The trap: a lost commit held a new version with as many passages as the old one has.
TEST_F(KeepTest, ALostChangeThatKeptTheNumberOfPassagesIsReadAgain) {
  const fs::path bad = copy();
  std::uint64_t version = 2;  // of document 7, as many passages as version 0
  while (test::document_of(7, version).size() != test::document_of(7, 0).size()) ++version;
  {
    auto collection = test::open_collection(*files, clock, bad);
    const SourceId source = test::source_of(*collection);
    ASSERT_TRUE(collection->index().compact().ok());
    ASSERT_TRUE(test::put(*collection, source, 7, version).ok());
    ASSERT_TRUE(test::put(*collection, source, 20, 0).ok());
  }
  std::vector<std::string> found = names(bad);
  std::erase_if(found, [](const std::string& name) { return !name.starts_with("log-"); });
  ASSERT_EQ(found.size(), 1U);
  std::string bytes = test::read_file(bad / "index" / found[0]);
  bytes[100] = static_cast<char>(bytes[100] ^ 4);
  test::write_file(bad / "index" / found[0], bytes);
  ASSERT_TRUE(repair(bad).ok());
  const test::Versions left = test::versions_of(*test::open_collection(*files, clock, bad));
  EXPECT_EQ(left.at(7).first, -1) << "the index has version 0, the catalogue must not call it current";
  EXPECT_EQ(left.at(20), std::pair(0L, 0L));
}

TEST_F(KeepTest, MissingFilesAreToldAndRepaired) {
  for (const std::string& name : {name_of("segment-"), name_of("log-"), std::string("manifest")}) {
    SCOPED_TRACE(name);
    const fs::path bad = copy();
    fs::remove(bad / "index" / name);
    const auto found = check(bad);
    ASSERT_TRUE(found.ok()) << found.error().describe();
    EXPECT_FALSE(found->problems.empty());
    const auto repaired = repair(bad);
    ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
    EXPECT_GT(repaired->to_read_again, 0U);
    EXPECT_TRUE(check(bad)->problems.empty());
    ASSERT_NO_FATAL_FAILURE(expect_right(bad, name));
  }
  const fs::path bad = copy();
  fs::remove_all(bad / "index");
  EXPECT_FALSE(check(bad)->problems.empty());
  EXPECT_EQ(repair(bad)->to_read_again, 11U);
  EXPECT_TRUE(check(bad)->problems.empty());
}

TEST_F(KeepTest, WhatTheTwoDoNotAgreeOnIsToldWithItsAddressAndReconciled) {
  const fs::path bad = copy();
  {
    auto index =
        index::Index::open(*files, bad / "index", index::test::identity_of(kDimensions), index::Index::Mode::write)
            .value();
    const auto catalog = catalog::Catalog::open(bad / "catalog.db", catalog::Catalog::Mode::write).value();
    const auto id = [&](std::uint64_t number) { return catalog->find_reference(test::address_of(number)).value()->id; };
    ASSERT_TRUE(index->remove(id(1)).ok());                                                          // missing
    ASSERT_TRUE(index->put(ReferenceId{900}, index::test::inputs(test::document_of(900, 0))).ok());  // unknown
    auto longer = test::document_of(2, 0);
    longer.push_back(longer.back());
    ++longer.back().ordinal;
    ASSERT_TRUE(index->put(id(2), index::test::inputs(longer)).ok());  // another number
    ASSERT_TRUE(index->commit().ok());
    auto gone = catalog->reference(id(4)).value();
    gone.state = catalog::ReferenceState::gone;  // gone
    ASSERT_TRUE(catalog->update_reference(gone, 5, "GONE").ok());
  }
  const auto found = check(bad);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->problems.size(), 4U);
  EXPECT_THAT(found->problems[0].what, HasSubstr(test::address_of(1)));
  EXPECT_THAT(found->problems[1].what, HasSubstr(test::address_of(2)));
  EXPECT_THAT(found->problems[2].what, HasSubstr("GONE"));
  EXPECT_THAT(found->problems[3].what, HasSubstr("900"));
  for (const Problem& problem : found->problems) EXPECT_EQ(problem.part, Part::cross_reference);
  const auto repaired = repair(bad);
  ASSERT_TRUE(repaired.ok());
  EXPECT_EQ(repaired->to_read_again, 2U);
  EXPECT_EQ(repaired->taken_out, 2U);
  EXPECT_FALSE(repaired->set_aside.has_value());
  EXPECT_TRUE(check(bad)->problems.empty());
  EXPECT_TRUE(repair(bad)->repaired.empty());
}

TEST_F(KeepTest, ADamagedPageOfTheCacheIsToldAndSetAside) {
  const fs::path bad = copy();
  test::write_file(bad / "cache" / "1.page", "pagX of one end");
  const auto found = check(bad);
  ASSERT_EQ(found->problems.size(), 1U);
  EXPECT_EQ(found->problems[0].part, Part::cache);
  EXPECT_EQ(found->problems[0].where, bad / "cache" / "1.page");
  const auto repaired = repair(bad);
  ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
  EXPECT_EQ(test::read_file(*repaired->set_aside / "cache-1.page"), "pagX of one end");
  EXPECT_TRUE(check(bad)->problems.empty());
  ASSERT_NO_FATAL_FAILURE(expect_right(bad, "cache"));
}

// SQLite has no checksums of its pages: what breaks its structure is told, what changes a value is not. Overwriting a
// page always breaks it.
TEST_F(KeepTest, ADamagedCatalogueIsToldAndRepairChangesNothing) {
  const std::size_t size = fs::file_size(folder / "good" / "catalog.db");
  ASSERT_GE(size / 4'096, 10U);
  std::size_t told = 0;
  for (std::size_t page = 0; page < size / 4'096; ++page) {
    SCOPED_TRACE("page " + std::to_string(page));
    const fs::path bad = copy();
    std::string bytes = test::read_file(bad / "catalog.db");
    for (std::size_t i = 0; i < 4'096; ++i) bytes[page * 4'096 + i] = static_cast<char>(bytes[page * 4'096 + i] ^ 0x5A);
    test::write_file(bad / "catalog.db", bytes);
    const auto found = check(bad);
    ASSERT_TRUE(found.ok()) << found.error().describe();
    ASSERT_FALSE(found->problems.empty());
    ++told;
    EXPECT_EQ(found->problems[0].part, Part::catalogue);
    const auto index_before = test::files_under(bad / "index");
    const auto repaired = repair(bad);
    EXPECT_EQ(repaired.error().code, ErrorCode::corrupt);
    EXPECT_THAT(repaired.error().message, HasSubstr("restore"));
    auto index_after = test::files_under(bad / "index");
    index_after["lock"] = index_before.at("lock");
    EXPECT_EQ(index_after, index_before);
  }
  EXPECT_GE(told, 10U);
}

// A writer that was killed leaves SQLite's log behind; a damaged frame in it would cut what follows, in silence.
TEST_F(KeepTest, ADamagedWriteAheadLogIsToldAndRepairKeepsWhatIsBeforeTheDamage) {
  const fs::path live = copy();
  auto collection = test::open_collection(*files, clock, live);
  const SourceId source = test::source_of(*collection);
  for (std::uint64_t number = 30; number < 36; ++number) ASSERT_TRUE(test::put(*collection, source, number, 0).ok());
  const fs::path killed = folder / "killed";
  const std::size_t size = fs::file_size(live / "catalog.db-wal");
  const std::size_t frames = (size - 32) / (4'096 + 24);
  ASSERT_GE(frames, 10U);
  const auto copy_killed = [&] {
    fs::remove_all(killed);
    fs::copy(live, killed, fs::copy_options::recursive);
    fs::remove(killed / "catalog.db-shm");
  };
  copy_killed();
  EXPECT_TRUE(check(killed)->problems.empty());
  std::mt19937_64 random(8);
  for (int i = 0; i < 50; ++i) {
    copy_killed();
    std::string bytes = test::read_file(killed / "catalog.db-wal");
    const std::size_t at = i < 32 ? static_cast<std::size_t>(i) : 32 + random() % ((frames - 8) * (4'096 + 24));
    SCOPED_TRACE("byte " + std::to_string(at) + " of " + std::to_string(bytes.size()));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    test::write_file(killed / "catalog.db-wal", bytes);
    const auto found = check(killed);
    ASSERT_TRUE(found.ok()) << found.error().describe();
    ASSERT_EQ(found->problems.size(), 1U);
    EXPECT_THAT(found->problems[0].what, HasSubstr("catalog.db-wal"));
    EXPECT_EQ(test::read_file(killed / "catalog.db-wal"), bytes) << "check must not cut it";
    const auto repaired = repair(killed);
    ASSERT_TRUE(repaired.ok()) << repaired.error().describe();
    EXPECT_EQ(test::read_file(*repaired->set_aside / "catalog.db-wal"), bytes);
    const auto again = check(killed);
    ASSERT_TRUE(again.ok()) << again.error().describe();
    ASSERT_TRUE(again->problems.empty()) << again->problems[0].what;
    EXPECT_TRUE(repair(killed)->repaired.empty());
    const test::Versions left = test::versions_of(*test::open_collection(*files, clock, killed));
    for (const auto& [number, versions] : whole) EXPECT_EQ(left.at(number), versions);
  }
}

// Stopped at any operation of a file, nothing is deleted, and the next repair goes through.
TEST_F(KeepTest, ARepairThatWasStoppedAnywhereIsRunAgain) {
  const std::vector<std::string> damaged = {name_of("segment-"), name_of("log-")};
  std::uint64_t stopped = 0;
  for (std::uint64_t at = 1;; ++at) {
    SCOPED_TRACE("operation " + std::to_string(at));
    const fs::path bad = copy();
    std::map<std::string, std::string> bytes;
    for (const std::string& name : damaged) {
      bytes[name] = test::read_file(bad / "index" / name);
      bytes[name][bytes[name].size() / 3] = static_cast<char>(bytes[name][bytes[name].size() / 3] ^ 1);
      test::write_file(bad / "index" / name, bytes[name]);
    }
    io::FaultyFileSystem faulty(*files, {.at_operation = at, .fault = io::Fault::crash_after});
    RepairOptions options;
    options.cached_page_is_sound = is_sound_page;
    const auto first = repair_collection(faulty, clock, bad, options);
    const auto second = repair(bad);
    ASSERT_TRUE(second.ok()) << second.error().describe();
    EXPECT_TRUE(check(bad)->problems.empty());
    EXPECT_TRUE(repair(bad)->repaired.empty());
    ASSERT_NO_FATAL_FAILURE(expect_right(bad, "stopped"));
    const auto all = test::files_under(bad / "index");
    for (const auto& [name, content] : bytes)
      EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                              [&](const auto& file) {
                                return file.first.starts_with("damaged-") && file.first.ends_with(name) &&
                                       file.second == content;
                              }))
          << name << " was deleted";
    if (first.ok()) break;
    ++stopped;
  }
  EXPECT_GT(stopped, 20U);
}

TEST_F(KeepTest, RepairNeedsTheLockAndCheckDoesNot) {
  const auto collection = test::open_collection(*files, clock, folder / "good");
  EXPECT_EQ(repair(folder / "good").error().code, ErrorCode::conflict);
  EXPECT_TRUE(check(folder / "good")->problems.empty());
}

// Beside a writer that never rests, whose every write is in one of the two first, nothing wrong is told.
TEST_F(KeepTest, CheckBesideABusyWriterFindsNothing) {
  const fs::path live = copy();
  std::atomic<bool> stop = false;
  std::atomic<int> writes = 0;
  std::thread writer([&] {
    auto collection = test::open_collection(*files, clock, live);
    const SourceId source = test::source_of(*collection);
    for (std::uint64_t i = 0; !stop; ++i) {
      EXPECT_TRUE(test::put(*collection, source, i % 25, 100 + i).ok());
      if (i % 7 == 0) {
        const auto reference = collection->catalog().find_reference(test::address_of((i * 3) % 25)).value();
        if (reference) {
          EXPECT_TRUE(collection->remove_reference(reference->id, "asked").ok());
        }
      }
      if (i % 10 == 0) {
        EXPECT_TRUE(collection->index().compact().ok());
      }
      ++writes;
    }
  });
  CheckOptions options;
  options.cached_page_is_sound = is_sound_page;
  for (int i = 0; i < 15 || writes < 100; ++i) {
    const auto found = check_collection(*files, live, options);
    EXPECT_TRUE(found.ok()) << found.error().describe();
    if (found.ok() && !found->problems.empty()) ADD_FAILURE() << found->problems[0].what;
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace renvoi::search
