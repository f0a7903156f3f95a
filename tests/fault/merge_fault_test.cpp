// Invariant 2 for flushes and merges beside commits: in an order that only depends on what is written, exhaustively;
// and with the writer's own thread, a full disk, and kill -9.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "index/naive_index.h"
#include "index/named_files.h"
#include "io/faulty_file_system.h"
#include "io/hooked_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::index {
namespace {

using io::Fault;
using io::FaultyFileSystem;
using renvoi::test::Change;
using renvoi::test::HookedFileSystem;
using renvoi::test::TemporaryFolder;
using test::Model;

constexpr std::uint32_t kDimensions = 16;
constexpr double kCodes = 0.6;  // of a quantizer fitted to a handful of vectors
// Small enough for a few commits to come to a flush, a quantizer, cells and merges.
IndexOptions options_of(bool background) {
  IndexOptions options{.code_bytes = 18, .hot_bytes = 4, .fit_from = 5, .cells_from = 5};
  options.background = background;
  options.flush_log_bytes = 700;
  return options;
}

Result<std::unique_ptr<Index>> open(io::FileSystem& files, const std::filesystem::path& folder, bool background) {
  return Index::open(files, folder / "index", test::identity_of(kDimensions), Index::Mode::write,
                     options_of(background));
}

// What may be found afterwards: `before`, or, when a commit was in flight, `after`.
struct Progress {
  Model before;
  Model after;
  bool failed = false;
};

// A writer that commits, and commits again each time a rewrite creates a file or makes one durable: as another thread
// would while the rewrite is at work. It deletes what is being merged, replaces it, and adds.
class Workload {
 public:
  Workload(io::FileSystem& below, const std::filesystem::path& folder, bool goes_on)
      : folder_(folder),
        goes_on_(goes_on),
        hooked_(below, [this](Change change, const std::filesystem::path& path) { return arrive(change, path); }) {}

  Progress run() {
    for (int step = 0; step < 16; ++step) {
      if (index_ == nullptr) {
        auto opened = open(hooked_, folder_, false);
        if (!opened.ok() && goes_on_) opened = open(hooked_, folder_, false);
        if (!opened.ok()) {
          progress_.failed = true;
          return progress_;
        }
        index_ = std::move(opened).value();
      }
      // Mostly adds, then mostly removes: more dead than alive.
      if (!change(step % 8 < 5 ? 8 : 2) && !goes_on_) return progress_;
      if (step == 9) index_.reset();
      if (index_ != nullptr) test::expect_same(*index_->snapshot(), progress_.before, kDimensions, 1, kCodes);
    }
    return progress_;
  }
  int arrivals() const { return arrivals_; }

 private:
  Result<void> arrive(Change change, const std::filesystem::path& path) {
    const bool chosen = change == Change::create || change == Change::sync;
    if (inside_ || index_ == nullptr || !chosen || !renvoi::test::is_of_rewrite(change, path)) return {};
    inside_ = true;
    ++arrivals_;
    progress_.before = progress_.after;  // rewrites begin when the commit that makes them due is acknowledged
    this->change(3);
    inside_ = false;
    return {};
  }

  // One commit; false when it failed. `of_ten`: so many of ten changes are puts.
  bool change(std::uint64_t of_ten) {
    if (progress_.failed && !goes_on_) return false;
    Model next = progress_.before;
    index_->rollback();
    bool put_all = true;
    for (int i = 0; i < 3; ++i) {
      const auto reference = static_cast<ReferenceId>(1 + random_() % 9);
      if (random_() % 10 < of_ten) {
        next[reference] = test::random_document(random_, kDimensions, 2);
        put_all = put_all && index_->put(reference, test::inputs(next[reference])).ok();
      } else {
        next.erase(reference);
        put_all = put_all && index_->remove(reference).ok();
      }
    }
    for (int attempt = 0; put_all; ++attempt) {
      progress_.after = next;
      const int arrivals = arrivals_;
      if (index_->commit().ok()) {
        if (arrivals_ != arrivals) return true;  // and what arrived was committed after it
        progress_.before = std::move(next);
        progress_.after = progress_.before;
        return true;
      }
      progress_.failed = true;
      if (!goes_on_ || attempt == 1) return false;
    }
    progress_.failed = true;
    if (goes_on_ && !inside_) index_.reset();  // nothing is written any more until it is opened again
    return false;
  }

  const std::filesystem::path folder_;
  const bool goes_on_;
  std::mt19937_64 random_{17};
  Progress progress_;
  int arrivals_ = 0;
  bool inside_ = false;
  HookedFileSystem hooked_;
  std::unique_ptr<Index> index_;
};

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

void expect_recovered(io::FileSystem& real, const std::filesystem::path& folder, const Progress& progress) {
  auto index = open(real, folder, false);
  ASSERT_TRUE(index.ok()) << index.error().describe();
  const bool is_before = is_state(*(*index)->snapshot(), progress.before);
  ASSERT_TRUE(is_before || is_state(*(*index)->snapshot(), progress.after));
  const Model model = is_before ? progress.before : progress.after;
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*(*index)->snapshot(), model, kDimensions, 2, kCodes));
  ASSERT_TRUE((*index)->check().ok()) << (*index)->check().error().describe();
  ASSERT_TRUE((*index)->compact().ok());
  ASSERT_NO_FATAL_FAILURE(test::expect_same(*(*index)->snapshot(), model, kDimensions, 3, kCodes));
  EXPECT_LE(real.list(folder / "index")->size(), 5U);
}

std::uint64_t operations_of_workload() {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto real = io::real_file_system();
  FaultyFileSystem files(*real);
  Workload workload(files, folder / ".", false);
  EXPECT_FALSE(workload.run().failed);
  EXPECT_GT(workload.arrivals(), 20);
  return files.operations();
}

TEST(MergeFault, ACrashAtAnyOperationBesideCommitsLeavesTheStateBeforeOrAfter) {
  const std::uint64_t operations = operations_of_workload();
  ASSERT_GT(operations, 200U);
  for (std::uint64_t at = 1; at <= operations; ++at)
    for (const Fault fault : {Fault::crash_before, Fault::crash_after})
      for (const auto unsynced :
           {FaultyFileSystem::Unsynced::kept, FaultyFileSystem::Unsynced::lost, FaultyFileSystem::Unsynced::mixed}) {
        SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)) +
                     " unsynced " + std::to_string(static_cast<int>(unsynced)));
        const TemporaryFolder folder(TemporaryFolder::On::memory);
        const auto real = io::real_file_system();
        FaultyFileSystem files(*real, {.at_operation = at, .fault = fault});
        const Progress progress = Workload(files, folder / ".", false).run();
        files.lose_power(unsynced, at);
        ASSERT_NO_FATAL_FAILURE(expect_recovered(*real, folder / ".", progress));
      }
}

TEST(MergeFault, OneErrorAtAnyOperationBesideCommitsLosesNothing) {
  const std::uint64_t operations = operations_of_workload();
  for (std::uint64_t at = 1; at <= operations; ++at)
    for (const Fault fault : {Fault::error_before, Fault::error_after}) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fault " + std::to_string(static_cast<int>(fault)));
      const TemporaryFolder folder(TemporaryFolder::On::memory);
      const auto real = io::real_file_system();
      const ErrorCode code = at % 2 == 0 ? ErrorCode::exhausted : ErrorCode::unavailable;
      FaultyFileSystem files(*real, {.at_operation = at, .fault = fault, .code = code});
      const Progress progress = Workload(files, folder / ".", true).run();
      if (::testing::Test::HasFailure()) return;
      files.lose_power(at % 3 == 0 ? FaultyFileSystem::Unsynced::lost : FaultyFileSystem::Unsynced::mixed, at);
      ASSERT_NO_FATAL_FAILURE(expect_recovered(*real, folder / ".", progress));
    }
}

// The same with the thread: which operation fails depends on who is faster, so many are tried.
TEST(MergeFault, WithItsOwnThreadACrashAnywhereLeavesTheStateBeforeOrAfter) {
  for (std::uint64_t at = 10; at < 400; at += 3) {
    SCOPED_TRACE("operation " + std::to_string(at));
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    const auto real = io::real_file_system();
    FaultyFileSystem files(*real,
                           {.at_operation = at, .fault = at % 2 == 0 ? Fault::crash_after : Fault::crash_before});
    std::mt19937_64 random(at);
    Progress progress;
    auto index = open(files, folder / ".", true);
    while (index.ok() && !progress.failed) {
      Model next = progress.before;
      for (int i = 0; i < 3; ++i) {
        const auto reference = static_cast<ReferenceId>(1 + random() % 30);
        if (random() % 3 == 0) {
          next.erase(reference);
          progress.failed = progress.failed || !(*index)->remove(reference).ok();
        } else {
          next[reference] = test::random_document(random, kDimensions, 2);
          progress.failed = progress.failed || !(*index)->put(reference, test::inputs(next[reference])).ok();
        }
      }
      if (progress.failed) break;
      progress.after = next;
      progress.failed = !(*index)->commit().ok();
      if (!progress.failed) progress.before = next;
    }
    if (index.ok()) index->reset();
    files.lose_power(static_cast<FaultyFileSystem::Unsynced>(at % 3), at);
    ASSERT_NO_FATAL_FAILURE(expect_recovered(*real, folder / ".", progress));
  }
}

TEST(MergeFault, AFullDiskPutsTheWorkOffWithoutABusyLoopAndRoomLetsItGoOn) {
  for (const std::uint64_t free_bytes : {0U, 300U, 1'500U, 4'000U}) {
    SCOPED_TRACE(free_bytes);
    const TemporaryFolder folder(TemporaryFolder::On::memory);
    const auto real = io::real_file_system();
    FaultyFileSystem files(*real);
    auto index = std::move(open(files, folder / ".", true)).value();
    std::mt19937_64 random(31);
    Model model;
    const auto write = [&]() -> Result<void> {
      Model next = model;
      for (int i = 0; i < 4; ++i) {
        const auto reference = static_cast<ReferenceId>(1 + random() % 30);
        next[reference] = test::random_document(random, kDimensions);
        RENVOI_CHECK(index->put(reference, test::inputs(next[reference])));
      }
      RENVOI_CHECK(index->commit());
      model = next;
      return {};
    };
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(write().ok());
    files.set_plan({.free_bytes = free_bytes});
    int refused = 0;
    for (int i = 0; i < 30; ++i) {
      const Result<void> outcome = write();
      if (!outcome.ok()) {
        EXPECT_EQ(outcome.error().code, ErrorCode::exhausted) << outcome.error().message;
        index->rollback();
        ++refused;
      }
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 1, kCodes));
    }
    EXPECT_GT(refused, 0);
    const std::uint64_t before = files.operations();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LT(files.operations() - before, 40U) << "it must not try again and again";
    files.set_plan({});
    ASSERT_TRUE(write().ok());
    // Without anybody's doing, once the time of the next attempt has come.
    for (int i = 0; i < 4'000 && index->stats().log_bytes > options_of(true).flush_log_bytes; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_LE(index->stats().log_bytes, options_of(true).flush_log_bytes);
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 2, kCodes));
    index.reset();
    index = std::move(open(files, folder / ".", true)).value();
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), model, kDimensions, 3, kCodes));
    EXPECT_TRUE(index->check().ok());
  }
}

// --- kill -9 in the middle of a merge -------------------------------------------------------------------------------

constexpr std::uint32_t kMarker = 1'000;

std::map<ReferenceId, test::Document> documents_of(std::uint64_t number) {
  std::mt19937_64 random(number * 7'919 + 1);
  std::map<ReferenceId, test::Document> documents;
  for (int i = 0; i < 6; ++i) {
    const auto reference = static_cast<ReferenceId>(1 + random() % 80);
    documents[reference] = random() % 3 == 0 ? test::Document() : test::random_document(random, kDimensions);
  }
  test::Document marker(1);
  marker[0].fingerprint = number;
  marker[0].vector = test::random_unit(random, kDimensions);
  documents[static_cast<ReferenceId>(kMarker)] = marker;
  return documents;
}

// Slow enough that a merge is often on its way. Never returns.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, std::uint64_t next, int acknowledged) {
  const auto files = io::real_file_system();
  IndexOptions options;
  options.flush_log_bytes = 10'000;
  options.background_bytes_per_second = 200'000;
  auto index = Index::open(*files, folder, test::identity_of(kDimensions), Index::Mode::write, options);
  if (!index.ok()) ::_exit(1);
  for (;; ++next) {
    for (const auto& [reference, document] : documents_of(next))
      if (!(*index)->put(reference, test::inputs(document)).ok()) ::_exit(2);
    if (!(*index)->commit().ok()) ::_exit(3);
    if (::write(acknowledged, &next, sizeof next) != sizeof next) ::_exit(4);
  }
}

// Segment files that no manifest names: being written, or just replaced.
int unnamed_segments(io::FileSystem& files, const std::filesystem::path& folder) {
  const auto names = files.list(folder);
  const auto manifest = current_manifest(files, folder);
  if (!names.ok() || !manifest.ok()) return 0;
  const std::vector<std::string> named = immutable_files(*manifest);
  return static_cast<int>(std::count_if(names->begin(), names->end(), [&](const std::string& name) {
    return name.starts_with("segment-") && std::find(named.begin(), named.end(), name) == named.end();
  }));
}

TEST(MergeFault, KilledInTheMiddleOfAMergeNothingAcknowledgedIsLost) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  std::mt19937_64 random(12);
  Model model;
  std::uint64_t committed = 0;
  int in_the_middle = 0;
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    int channel[2];
    ASSERT_EQ(::pipe(channel), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(channel[0]);
      write_until_killed(folder / "index", committed + 1, channel[1]);
    }
    ::close(channel[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 30'000));
    if (round % 2 == 0)
      for (int i = 0; i < 2'000 && unnamed_segments(*files, folder / "index") == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended with " << WEXITSTATUS(status);
    std::uint64_t acknowledged = committed;
    for (std::uint64_t number = 0; ::read(channel[0], &number, sizeof number) == sizeof number;) acknowledged = number;
    ::close(channel[0]);

    in_the_middle += unnamed_segments(*files, folder / "index") > 0 ? 1 : 0;
    IndexOptions quiet;
    quiet.background = false;
    auto index = Index::open(*files, folder / "index", test::identity_of(kDimensions), Index::Mode::write, quiet);
    ASSERT_TRUE(index.ok()) << index.error().describe();
    ASSERT_TRUE((*index)->check().ok()) << (*index)->check().error().describe();
    const auto snapshot = (*index)->snapshot();
    const auto marker = snapshot->passages_of(static_cast<ReferenceId>(kMarker));
    const std::uint64_t found = marker.empty() ? 0 : snapshot->record(marker[0]).fingerprint;
    ASSERT_GE(found, acknowledged);
    ASSERT_LE(found, acknowledged + 1);
    for (; committed < found; ++committed)
      for (auto& [reference, document] : documents_of(committed + 1)) model[reference] = document;
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*snapshot, model, kDimensions, 1));
  }
  EXPECT_GT(committed, 100U) << "the writers must have had time to work";
  EXPECT_GT(in_the_middle, 3) << "some must have been killed while a segment was being written";
}

}  // namespace
}  // namespace renvoi::index
