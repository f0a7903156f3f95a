// Invariant 2 and 8, exhaustively over a small workload: whatever operation of the disk fails, and however power goes.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "index/naive_index.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::index {
namespace {

using io::Fault;
using io::FaultPlan;
using io::FaultyFileSystem;
using renvoi::test::TemporaryFolder;
using test::Model;

constexpr std::uint32_t kDimensions = 16;
// Small enough for the workload to come to a quantizer and to cells.
constexpr IndexOptions kOptions{.code_bytes = 18, .hot_bytes = 4, .fit_from = 5, .cells_from = 5};
constexpr double kCodes = 0.6;  // of a quantizer fitted to a handful of vectors

Result<std::unique_ptr<Index>> open(io::FileSystem& files, const TemporaryFolder& folder) {
  return Index::open(files, folder / "index", test::identity_of(kDimensions), Index::Mode::write, kOptions);
}

// What may be found afterwards: the state before the step that failed, or after it.
struct Progress {
  Model before;
  Model after;
  bool failed = false;
};

// A little of everything: commits, removals, a roll-back, compaction, and opening again. Goes on after a failure when
// `persist`, as a server would: the failed step is tried again.
Progress run_workload(io::FileSystem& files, const TemporaryFolder& folder, bool persist) {
  std::mt19937_64 random(21);
  Progress progress;
  std::unique_ptr<Index> index;
  for (int step = 0; step < 12; ++step) {
    Model next = progress.before;
    std::map<ReferenceId, std::optional<test::Document>> changes;
    for (int i = 0; i < 3; ++i) {
      const auto reference = static_cast<ReferenceId>(1 + random() % 6);
      changes[reference] =
          random() % 4 == 0 ? std::nullopt : std::optional(test::random_document(random, kDimensions, 2));
    }
    for (const auto& [reference, document] : changes) {
      if (document.has_value())
        next[reference] = *document;
      else
        next.erase(reference);
    }
    const bool rolls_back = step == 5;
    const bool compacts = step % 4 == 2;
    const bool reopens = step == 6;
    const auto attempt = [&]() -> bool {
      if (reopens) index.reset();
      if (index == nullptr) {
        auto opened = open(files, folder);
        if (!opened.ok()) return false;
        index = std::move(opened).value();
      }
      index->rollback();
      for (const auto& [reference, document] : changes) {
        const auto put =
            document.has_value() ? index->put(reference, test::inputs(*document)) : index->remove(reference);
        if (!put.ok()) return false;
      }
      if (rolls_back) {
        index->rollback();
        return true;
      }
      progress.after = next;
      if (!index->commit().ok()) return false;
      progress.before = next;
      // A compaction that fails is not tried again: what is committed after it must be safe all the same.
      if (compacts && !index->compact().ok()) {
        progress.failed = true;
        return persist;
      }
      return true;
    };
    bool done = attempt();
    if (!done) {
      progress.failed = true;
      if (!persist) return progress;
      done = attempt();
      if (!done) {  // the index may refuse all writing until it is opened again
        index.reset();
        done = attempt();
      }
      EXPECT_TRUE(done) << "writing must work again after one fault, at step " << step;
      if (!done) return progress;
    }
    progress.after = progress.before;
    test::expect_same(*index->snapshot(), progress.before, kDimensions, 1, kCodes);
  }
  return progress;
}

bool is_state(const Snapshot& snapshot, const Model& model) {
  std::map<test::Key, std::uint64_t> expected;
  for (const auto& [reference, document] : model)
    for (const auto& passage : document) expected[{to_number(reference), passage.ordinal}] = passage.fingerprint;
  std::map<test::Key, std::uint64_t> found;
  for (PassageNumber i = 0; i < snapshot.size(); ++i) {
    const PassageRecord record = snapshot.record(i);
    found[{to_number(record.reference), record.ordinal}] = record.fingerprint;
  }
  return found == expected;
}

// Opens what is left with a healthy disk: it must be the state before or after, whole, and work on.
void expect_recovered(io::FileSystem& real, const TemporaryFolder& folder, const Progress& progress) {
  auto index = open(real, folder);
  ASSERT_TRUE(index.ok()) << index.error().describe();
  const bool is_before = is_state(*(*index)->snapshot(), progress.before);
  ASSERT_TRUE(is_before || is_state(*(*index)->snapshot(), progress.after));
  Model model = is_before ? progress.before : progress.after;
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*(*index)->snapshot(), model, kDimensions, 2, kCodes));
  ASSERT_TRUE((*index)->check().ok()) << (*index)->check().error().describe();
  std::mt19937_64 random(5);
  const test::Document document = test::random_document(random, kDimensions, 3);
  ASSERT_TRUE((*index)->put(ReferenceId{3}, test::inputs(document)).ok());
  ASSERT_TRUE((*index)->commit().ok());
  ASSERT_TRUE((*index)->compact().ok());
  model[ReferenceId{3}] = document;
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*(*index)->snapshot(), model, kDimensions, 3, kCodes));
  // Nothing a crash left behind stays: lock, log, manifest, one segment and one quantizer at most.
  EXPECT_LE(real.list(folder / "index")->size(), 5U);
}

std::uint64_t operations_of_workload() {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto real = io::real_file_system();
  FaultyFileSystem files(*real);
  EXPECT_FALSE(run_workload(files, folder, false).failed);
  return files.operations();
}

TEST(StorageFault, ACrashAtAnyOperationLeavesTheStateBeforeOrAfter) {
  const std::uint64_t operations = operations_of_workload();
  ASSERT_GT(operations, 50U);
  for (std::uint64_t at = 1; at <= operations; ++at)
    for (const Fault fault : {Fault::crash_before, Fault::crash_after})
      for (const auto unsynced :
           {FaultyFileSystem::Unsynced::kept, FaultyFileSystem::Unsynced::lost, FaultyFileSystem::Unsynced::mixed}) {
        SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)) +
                     " unsynced " + std::to_string(static_cast<int>(unsynced)));
        const TemporaryFolder folder(TemporaryFolder::On::memory);
        const auto real = io::real_file_system();
        FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
        const Progress progress = run_workload(files, folder, false);
        files.lose_power(unsynced, at);
        ASSERT_NO_FATAL_FAILURE(expect_recovered(*real, folder, progress));
      }
}

TEST(StorageFault, OneErrorAtAnyOperationIsToldAndLosesNothing) {
  const std::uint64_t operations = operations_of_workload();
  for (std::uint64_t at = 1; at <= operations; ++at)
    for (const Fault fault : {Fault::error_before, Fault::error_after}) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)));
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      const auto real = io::real_file_system();
      FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
      const Progress progress = run_workload(files, folder, true);
      if (::testing::Test::HasFailure()) return;
      // A crash after the error was survived: what was acknowledged since must be there too.
      files.lose_power(at % 2 == 0 ? FaultyFileSystem::Unsynced::lost : FaultyFileSystem::Unsynced::mixed, at);
      ASSERT_NO_FATAL_FAILURE(expect_recovered(*real, folder, progress));
    }
}

TEST(StorageFault, AFullDiskIsExhaustedWhatIsThereIsServedAndRoomLetsItGoOn) {
  for (const std::uint64_t free_bytes : {0U, 10U, 100U, 1'000U, 3'000U, 10'000U}) {
    SCOPED_TRACE(free_bytes);
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    const auto real = io::real_file_system();
    FaultyFileSystem files(*real);
    auto index = std::move(open(files, folder)).value();
    std::mt19937_64 random(31);
    Model model;
    const auto put_all = [&](Index& into) -> Result<void> {
      std::mt19937_64 same(random());
      Model next = model;
      for (std::uint32_t i = 1; i <= 10; ++i) {
        const auto reference = static_cast<ReferenceId>(1 + same() % 30);
        next[reference] = test::random_document(same, kDimensions);
        RENVOI_CHECK(into.put(reference, test::inputs(next[reference])));
      }
      RENVOI_CHECK(into.commit());
      model = next;
      return {};
    };
    ASSERT_TRUE(put_all(*index).ok());
    files.set_plan({.free_bytes = free_bytes});
    int refused = 0;
    for (int i = 0; i < 12; ++i) {
      const Result<void> outcome = put_all(*index);
      if (!outcome.ok()) {
        EXPECT_EQ(outcome.error().code, ErrorCode::exhausted) << outcome.error().message;
        index->rollback();
        ++refused;
      }
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1, kCodes));
    }
    EXPECT_GT(refused, 0);
    EXPECT_EQ(index->compact().error().code, ErrorCode::exhausted);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 2, kCodes));
    index.reset();
    index = std::move(open(files, folder)).value();  // a full disk can still be read and opened
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 3, kCodes));
    files.set_plan({});
    ASSERT_TRUE(put_all(*index).ok());
    ASSERT_TRUE(index->compact().ok());
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 4, kCodes));
  }
}

}  // namespace
}  // namespace renvoi::index
