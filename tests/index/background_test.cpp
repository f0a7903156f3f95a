// Merges beside commits, with the real thread: whatever arrives while one runs, the index answers as a map would.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "../io/hooked_file_system.h"
#include "../io/temporary_folder.h"
#include "index/index.h"
#include "index/named_files.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using renvoi::test::Change;
using renvoi::test::HookedFileSystem;
using renvoi::test::TemporaryFolder;
using test::Document;
using test::Model;

constexpr std::uint32_t kDimensions = 24;
constexpr double kRoughlyFittedCodes = 0.4;

class BackgroundTest : public ::testing::Test {
 protected:
  std::unique_ptr<Index> open(io::FileSystem& over, Index::Mode mode = Index::Mode::write) {
    auto opened = Index::open(over, folder / "index", test::identity_of(kDimensions), mode, options);
    EXPECT_TRUE(opened.ok()) << opened.error().describe();
    return opened.ok() ? std::move(opened).value() : nullptr;
  }
  static void put(Index& index, Model& model, std::uint32_t reference, Document document) {
    const auto id = static_cast<ReferenceId>(reference);
    ASSERT_TRUE(index.put(id, test::inputs(document)).ok());
    model[id] = std::move(document);
  }
  static void remove(Index& index, Model& model, std::uint32_t reference) {
    ASSERT_TRUE(index.remove(static_cast<ReferenceId>(reference)).ok());
    model.erase(static_cast<ReferenceId>(reference));
  }
  void expect_only_named_files() {
    const Manifest manifest = current_manifest(*files, folder / "index").value();
    const std::vector<std::string> named = immutable_files(manifest);
    std::set<std::string> expected(named.begin(), named.end());
    expected.insert({"lock", "manifest", log_file_name(manifest.log_number)});
    const std::vector<std::string> found = files->list(folder / "index").value();
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
  }
  // Until there is something of a segment that no manifest names.
  void wait_for_unfinished_segment() {
    for (int i = 0; i < 30'000; ++i) {
      const std::vector<std::string> names = immutable_files(current_manifest(*files, folder / "index").value());
      for (const std::string& name : files->list(folder / "index").value())
        if (name.starts_with("segment-") && std::find(names.begin(), names.end(), name) == names.end() &&
            files->disk_bytes(folder / "index" / name) > 0)
          return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    FAIL() << "no segment is begun";
  }
  // References 1 to 60 in one segment, closed. When 45 of them are removed, it is due to be written anew.
  void write_one_segment(Model& model, std::mt19937_64& random) {
    options.flush_log_bytes = 3'000;
    const auto index = open(*files);
    for (std::uint32_t reference = 1; reference <= 60; ++reference) {
      put(*index, model, reference, test::random_document(random, kDimensions));
      ASSERT_TRUE(index->commit().ok());
    }
    ASSERT_TRUE(index->compact().ok());
  }
  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  IndexOptions options;
};

// Commits, removals, roll-backs, compactions and openings at random, while the log becomes a segment every few commits
// and merges take long; another thread compacts now and then, a third asks.
TEST_F(BackgroundTest, AfterAnyHistoryBesideMergesItAnswersAsTheNaiveOne) {
  int most_segments = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const bool own_codes = seed % 3 == 2;
    options = {};
    if (seed % 3 == 1) options.cells_from = 10;
    if (own_codes) options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 25, .cells_from = 10};
    options.flush_log_bytes = 6'000;
    options.most_log_bytes = seed % 2 == 0 ? 20'000 : 1'000'000;
    options.background_bytes_per_second = 300'000;
    const double tolerance = own_codes ? kRoughlyFittedCodes : test::kPlainCodes;
    std::filesystem::remove_all(folder / "index");
    std::mt19937_64 random(seed);
    auto index = open(*files);
    Model model;
    for (int life = 0; life < 3; ++life) {
      std::atomic<bool> done = false;
      std::jthread others([&] {
        std::mt19937_64 dice(seed);
        const std::vector<std::string> terms = {"t1", "t2"};
        while (!done) {
          const auto snapshot = index->snapshot();
          for (const Hit& hit : snapshot->bm25(terms, 5)) (void)snapshot->record(hit.passage);
          (void)index->stats();
          if (dice() % 60 == 0) {
            EXPECT_TRUE(index->compact().ok());
          }
          if (dice() % 60 == 0) {
            EXPECT_TRUE(index->check().ok());
          }
        }
      });
      for (int step = 0; step < 150; ++step) {
        Model next = model;
        for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
          const auto reference = static_cast<std::uint32_t>(1 + random() % 60);
          if (random() % 3 == 0)
            remove(*index, next, reference);
          else
            put(*index, next, reference, test::random_document(random, kDimensions));
        }
        if (random() % 10 == 0) {
          index->rollback();
          continue;
        }
        ASSERT_TRUE(index->commit().ok());
        model = std::move(next);
        most_segments = std::max(most_segments, static_cast<int>(index->stats().segments));
        if (step % 10 == 0) {
          ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, random(), tolerance));
        }
      }
      done = true;
      others.join();
      if (life == 1) {
        ASSERT_TRUE(index->settle().ok());
      }
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, random(), tolerance));
      index.reset();
      expect_only_named_files();
      index = open(*files);
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, random(), tolerance));
      ASSERT_TRUE(index->check().ok()) << index->check().error().describe();
    }
    ASSERT_TRUE(index->settle().ok());
    EXPECT_LE(index->stats().segments, 8U);
    ASSERT_TRUE(index->compact().ok());
    EXPECT_EQ(index->stats().dead_passages, 0U);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, random(), tolerance));
  }
  EXPECT_GT(most_segments, 2);
}

// At each change that a rewrite makes to the disk, in turn, something arrives: a removal of what is being merged, a
// replacement, something new, and a log so long that it must be written before the merge goes on.
TEST_F(BackgroundTest, WhatArrivesAtAnyStepOfARewriteIsInItsResult) {
  for (const bool background : {true, false})
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("at change " + std::to_string(at) + (background ? " in the background" : " in the commit"));
      options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 30, .cells_from = 20};
      options.background = background;
      options.flush_log_bytes = 1'000;
      std::filesystem::remove_all(folder / "index");
      std::unique_ptr<Index> index;
      Model model;
      std::mt19937_64 random(3);
      std::mt19937_64 dice(at);
      std::uint64_t changes = 0;
      bool arrives = false;
      std::set<std::string> published;
      int removed_unpublished = 0;
      const auto arrive = [&](Change change, const std::filesystem::path& path) -> Result<void> {
        if (const auto manifest = current_manifest(*files, folder / "index"); manifest.ok())
          for (const std::string& name : immutable_files(*manifest)) published.insert(name);
        if (change == Change::remove && path.filename().string().starts_with("segment-"))
          removed_unpublished += published.contains(path.filename().string()) ? 0 : 1;
        if (!arrives || !renvoi::test::is_of_rewrite(change, path) || ++changes != at) return {};
        arrives = false;
        for (std::uint32_t i = 0; i < 12; ++i) {
          const auto reference = static_cast<std::uint32_t>(1 + dice() % 40);
          if (i % 2 == 0)
            remove(*index, model, reference);
          else
            put(*index, model, reference, test::random_document(dice, kDimensions, 9));
        }
        put(*index, model, 50, test::random_document(dice, kDimensions, 8));
        RENVOI_CHECK(index->commit());
        return {};
      };
      HookedFileSystem hooked(*files, arrive);
      index = open(hooked);
      for (std::uint32_t reference = 1; reference <= 40; ++reference) {
        put(*index, model, reference, test::random_document(random, kDimensions, 6));
        ASSERT_TRUE(index->commit().ok());
        ASSERT_TRUE(index->settle().ok());
      }
      // A flush, and more dead than alive: a merge.
      arrives = true;
      for (std::uint32_t reference = 41; reference <= 46; ++reference)
        put(*index, model, reference, test::random_document(random, kDimensions, 9));
      for (std::uint32_t reference = 1; reference <= 36; ++reference) remove(*index, model, reference);
      ASSERT_TRUE(index->commit().ok());
      ASSERT_TRUE(index->settle().ok());
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, at, kRoughlyFittedCodes));
      ASSERT_TRUE(index->check().ok()) << index->check().error().describe();
      const IndexStats stats = index->stats();
      EXPECT_LE(stats.segments, 8U);
      EXPECT_EQ(removed_unpublished, 0) << "a segment that was being written was taken for an orphan";
      index.reset();
      expect_only_named_files();
      index = open(*files);
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, at, kRoughlyFittedCodes));
      ASSERT_TRUE(index->compact().ok());
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, at, kRoughlyFittedCodes));
      if (arrives) {
        EXPECT_LT(stats.dead_passages, 20U) << "a merge must have been seen";
        EXPECT_GE(at, 10U) << "a flush and a merge must have been seen";
        break;
      }
    }
}

TEST_F(BackgroundTest, ClosingBreaksOffAMergeAndLeavesNothingOfIt) {
  std::mt19937_64 random(5);
  Model model;
  ASSERT_NO_FATAL_FAILURE(write_one_segment(model, random));
  // A byte a second: a merge that is begun does not come to its end.
  options.background_bytes_per_second = 1;
  std::atomic<int> created = 0;
  HookedFileSystem hooked(*files, [&](Change change, const std::filesystem::path& path) -> Result<void> {
    if (change == Change::sync && path.filename().string().starts_with("segment-")) ++created;
    return {};
  });
  auto index = open(hooked);
  for (std::uint32_t reference = 1; reference <= 45; ++reference) remove(*index, model, reference);
  ASSERT_TRUE(index->commit().ok());
  ASSERT_NO_FATAL_FAILURE(wait_for_unfinished_segment());
  // Commits are not held up by it.
  for (std::uint32_t reference = 61; reference <= 64; ++reference) {
    put(*index, model, reference, test::random_document(random, kDimensions, 2));
    ASSERT_TRUE(index->commit().ok());
  }
  EXPECT_EQ(created, 0) << "it is still being written";
  index.reset();
  expect_only_named_files();
  options.background_bytes_per_second = 0;
  index = open(*files);
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
  ASSERT_TRUE(index->settle().ok());  // begun anew
  EXPECT_LE(index->stats().dead_passages, index->stats().passages);
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 2));
}

// Closing asks while a merge has let a flush go first, so that nobody waits who could be woken.
TEST_F(BackgroundTest, ClosingBreaksOffAMergeThatHasLetAFlushGoFirst) {
  std::mt19937_64 random(8);
  Model model;
  ASSERT_NO_FATAL_FAILURE(write_one_segment(model, random));
  options.background_bytes_per_second = 1;
  std::atomic<int> begun = 0;
  HookedFileSystem hooked(*files, [&](Change change, const std::filesystem::path& path) -> Result<void> {
    if (change == Change::create && path.filename().string().starts_with("segment-") && ++begun == 2)
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return {};
  });
  auto index = open(hooked);
  for (std::uint32_t reference = 1; reference <= 45; ++reference) remove(*index, model, reference);
  ASSERT_TRUE(index->commit().ok());
  ASSERT_NO_FATAL_FAILURE(wait_for_unfinished_segment());
  for (std::uint32_t reference = 61; begun < 2; ++reference) {
    put(*index, model, reference, test::random_document(random, kDimensions));
    ASSERT_TRUE(index->commit().ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  index.reset();
  expect_only_named_files();
  index = open(*files);
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
}

// compact() does not wait for a merge's pace.
TEST_F(BackgroundTest, CompactingBreaksOffAMergeAndDoesTheWhole) {
  std::mt19937_64 random(6);
  Model model;
  ASSERT_NO_FATAL_FAILURE(write_one_segment(model, random));
  options.background_bytes_per_second = 1;
  auto index = open(*files);
  for (std::uint32_t reference = 1; reference <= 45; ++reference) remove(*index, model, reference);
  ASSERT_TRUE(index->commit().ok());
  ASSERT_NO_FATAL_FAILURE(wait_for_unfinished_segment());
  for (int round = 0; round < 3; ++round) {
    put(*index, model, 70, test::random_document(random, kDimensions));
    ASSERT_TRUE(index->commit().ok());
    ASSERT_TRUE(index->compact().ok());
    EXPECT_EQ(index->stats().segments, 1U);
    EXPECT_EQ(index->stats().dead_passages, 0U);
  }
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
}

TEST_F(BackgroundTest, ALogThatIsTooLongHoldsCommitsUntilItsSegmentIsWritten) {
  options.flush_log_bytes = 5'000;
  options.most_log_bytes = 15'000;
  options.background_bytes_per_second = 1;  // not kept to while a commit waits
  std::mt19937_64 random(7);
  Model model;
  auto index = open(*files);
  for (std::uint32_t i = 1; i <= 300; ++i) {
    put(*index, model, 1 + i % 90, test::random_document(random, kDimensions));
    const std::uint64_t before = index->stats().log_bytes;
    ASSERT_TRUE(index->commit().ok());
    const std::uint64_t batch = 4 * 1'000;  // four passages of 30 terms at most
    ASSERT_LE(index->stats().log_bytes, std::max<std::uint64_t>(before, options.most_log_bytes) + batch);
    ASSERT_LE(index->stats().log_bytes, options.most_log_bytes + batch);
  }
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
}

TEST_F(BackgroundTest, WhenItsSegmentCannotBeWrittenACommitTellsAndAcknowledgesNothing) {
  for (const bool background : {true, false}) {
    options = {};
    options.background = background;
    options.flush_log_bytes = 5'000;
    options.most_log_bytes = 15'000;
    std::filesystem::remove_all(folder / "index");
    std::atomic<bool> full = true;
    std::atomic<int> tried = 0;
    HookedFileSystem hooked(*files, [&](Change change, const std::filesystem::path& path) -> Result<void> {
      if (!full || change != Change::append || !path.filename().string().starts_with("segment-")) return {};
      ++tried;
      return Error{ErrorCode::exhausted, "no room for segments"};
    });
    std::mt19937_64 random(8);
    Model model;
    auto index = open(hooked);
    Result<void> outcome;
    std::uint32_t commits = 0;
    while (outcome.ok() && commits < 200) {
      Model next = model;
      put(*index, next, ++commits, test::random_document(random, kDimensions));
      outcome = index->commit();
      if (outcome.ok()) model = next;
    }
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::exhausted) << outcome.error().describe();
    EXPECT_GT(commits, 5U);
    EXPECT_LE(tried, 4) << "not again and again";
    EXPECT_GT(index->stats().log_bytes, options.most_log_bytes);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
    index->rollback();
    full = false;
    put(*index, model, 1, test::random_document(random, kDimensions));
    ASSERT_TRUE(index->commit().ok());
    EXPECT_LE(index->stats().log_bytes, options.most_log_bytes);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 2));
    index.reset();
    index = open(*files);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 3));
  }
}

TEST_F(BackgroundTest, WorkThatFailedIsTriedAgainLaterWithoutACommit) {
  options.flush_log_bytes = 5'000;
  std::atomic<int> tried = 0;
  HookedFileSystem hooked(*files, [&](Change change, const std::filesystem::path& path) -> Result<void> {
    if (change != Change::create || !path.filename().string().starts_with("segment-")) return {};
    return ++tried == 1 ? Result<void>(Error{ErrorCode::exhausted, "no room for a segment"}) : Result<void>();
  });
  std::mt19937_64 random(9);
  Model model;
  auto index = open(hooked);
  for (std::uint32_t i = 1; i <= 40; ++i) put(*index, model, i, test::random_document(random, kDimensions));
  ASSERT_TRUE(index->commit().ok());
  for (int i = 0; i < 3'000 && index->stats().segments == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(index->stats().segments, 1U);
  EXPECT_EQ(tried, 2);
  EXPECT_TRUE(index->check().ok());
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1));
}

// A segment that is damaged under a merge is left as it is, and said so; writing goes on.
TEST_F(BackgroundTest, DamageMetByAMergeIsToldAndTheMergeNotRepeated) {
  options.flush_log_bytes = 20'000;
  std::mt19937_64 random(10);
  Model model;
  std::atomic<int> created = 0;
  HookedFileSystem hooked(*files, [&](Change change, const std::filesystem::path& path) -> Result<void> {
    if (change == Change::create && path.filename().string().starts_with("segment-")) ++created;
    return {};
  });
  auto index = open(hooked);
  for (std::uint32_t i = 1; i <= 1'500; ++i) put(*index, model, i, test::random_document(random, kDimensions));
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->settle().ok());
  ASSERT_EQ(index->stats().segments, 1U);
  const std::string name =
      segment_file_name(current_manifest(*files, folder / "index").value().segments[0].file_number);
  index.reset();
  {
    std::fstream file(folder / "index" / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(files->disk_bytes(folder / "index" / name) / 2));  // its codes
    file.put('\x55').put('\x55').put('\x55');
  }
  const int before = created;
  auto opened = Index::open(hooked, folder / "index", test::identity_of(kDimensions), Index::Mode::write, options);
  ASSERT_TRUE(opened.ok()) << opened.error().describe() << ": what is read when opening must not be what was damaged";
  index = std::move(opened).value();
  for (std::uint32_t i = 1; i <= 1'500; ++i)
    if (i % 3 > 0) remove(*index, model, i);
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->settle().ok());
  for (std::uint32_t i = 2'000; i <= 2'010; ++i) {
    put(*index, model, i, test::random_document(random, kDimensions));
    ASSERT_TRUE(index->commit().ok());
  }
  ASSERT_TRUE(index->settle().ok());
  EXPECT_EQ(created, before) << "nothing is written from damaged bytes";
  ASSERT_FALSE(index->check().ok());
  EXPECT_EQ(index->check().error().code, ErrorCode::corrupt);
  EXPECT_NE(index->check().error().message.find(name), std::string::npos);
  EXPECT_EQ(index->snapshot()->sound().error().code, ErrorCode::corrupt);
  EXPECT_EQ(index->compact().error().code, ErrorCode::corrupt);
  EXPECT_EQ(index->snapshot()->passages_of(ReferenceId{2'005}).size(), model[ReferenceId{2'005}].size());
}

// A copy of the files that is held at any moment, as a backup does, is a state between what was acknowledged before and
// what was acknowledged after, whole.
TEST_F(BackgroundTest, AHeldIndexIsOneStateWhateverIsPublishedMeanwhile) {
  options.flush_log_bytes = 8'000;
  options.background_bytes_per_second = 2'000'000;
  std::atomic<std::uint64_t> acknowledged = 0;
  { open(*files); }
  std::jthread writer([&](const std::stop_token& stop) {
    auto index = open(*files);
    std::mt19937_64 random(11);
    for (std::uint64_t number = 1; !stop.stop_requested(); ++number) {
      for (std::uint32_t reference = 1; reference <= 6; ++reference) {
        Document document = test::random_document(random, kDimensions);
        for (auto& passage : document) passage.fingerprint = number;
        if (reference == 6) {
          document.resize(1);
          document[0] = {};
          document[0].fingerprint = number;
          document[0].vector = test::random_unit(random, kDimensions);
        }
        ASSERT_TRUE(index->put(static_cast<ReferenceId>(reference), test::inputs(document)).ok());
      }
      ASSERT_TRUE(index->commit().ok());
      acknowledged = number;
    }
  });
  std::set<std::uint64_t> logs;
  for (int round = 0; round < 150 || (logs.size() <= 3 && round < 20'000); ++round) {
    const std::uint64_t before = acknowledged;
    const Result<HeldIndex> held = hold_index(*files, folder / "index");
    const std::uint64_t after = acknowledged + 1;
    ASSERT_TRUE(held.ok()) << held.error().describe();
    const std::filesystem::path copy = folder / "copy";
    std::filesystem::remove_all(copy);
    std::filesystem::create_directories(copy);
    for (const HeldFile& file : held->files) ASSERT_TRUE(files->replace(copy / file.name, file.content()).ok());
    logs.insert(current_manifest(*files, copy).value().log_number);
    const auto opened = Index::open(*files, copy, test::identity_of(kDimensions), Index::Mode::read);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    ASSERT_TRUE((*opened)->check().ok()) << (*opened)->check().error().describe();
    const auto snapshot = (*opened)->snapshot();
    const auto marker = snapshot->passages_of(ReferenceId{6});
    const std::uint64_t found = marker.empty() ? 0 : snapshot->record(marker[0]).fingerprint;
    for (PassageNumber i = 0; i < snapshot->size(); ++i) ASSERT_EQ(snapshot->record(i).fingerprint, found);
    ASSERT_GE(found, before);
    ASSERT_LE(found, after);
  }
  EXPECT_GT(logs.size(), 3U) << "flushes must have been published meanwhile";
}

}  // namespace
}  // namespace renvoi::index
