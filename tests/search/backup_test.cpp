// Snapshots while a writer writes, and their way back: nothing acknowledged is lost, nothing half is taken for whole.
#include "search/backup.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "io/faulty_file_system.h"
#include "search/keep_support.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
using renvoi::test::TemporaryFolder;
using ::testing::HasSubstr;

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    collection = test::open_collection(*files, clock, home);
    source = test::source_of(*collection);
    for (std::uint64_t number = 1; number <= 8; ++number) ASSERT_TRUE(test::put(*collection, source, number, 0).ok());
    ASSERT_TRUE(collection->index().compact().ok());
    ASSERT_TRUE(test::put(*collection, source, 2, 1).ok());
    whole = test::versions_of(*collection);
  }
  Result<SnapshotReport> snapshot(const fs::path& target) { return make_snapshot(*files, clock, home, target); }
  Result<RestoreReport> restore(const fs::path& from, const fs::path& to, Existing existing = Existing::refuse) {
    return restore_snapshot(*files, clock, from, to, existing);
  }
  test::Versions read(const fs::path& folder_of) {
    const auto opened = test::open_collection(*files, clock, folder_of);
    if (opened == nullptr) return {};
    EXPECT_TRUE(opened->index().check().ok());
    return test::versions_of(*opened);
  }

  TemporaryFolder folder{TemporaryFolder::On::memory};
  fs::path home = folder / "data/collection";
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  ManualClock clock{1'700'000'000};
  std::unique_ptr<Collection> collection;
  SourceId source = SourceId::none;
  test::Versions whole;
};

TEST_F(BackupTest, ASnapshotBesideAnOpenWriterComesBackAsItWas) {
  const auto made = snapshot(folder / "snap");
  ASSERT_TRUE(made.ok()) << made.error().describe();
  EXPECT_EQ(made->list.references, 8U);
  EXPECT_EQ(made->list.identity, index::test::identity_of(test::kDimensions));
  EXPECT_GT(made->linked_bytes, 0U);
  EXPECT_TRUE(test::put(*collection, source, 1, 5).ok()) << "the writer goes on";
  EXPECT_TRUE(test::put(*collection, source, 50, 0).ok());
  std::size_t linked = 0;
  for (const auto& [name, bytes] : test::files_under(folder / "snap")) {
    struct stat status {};
    ASSERT_EQ(::stat((folder / "snap" / name).c_str(), &status), 0);
    if (status.st_nlink > 1) ++linked;
    EXPECT_EQ(status.st_nlink > 1, name.starts_with("index/segment-")) << name << ": only what never changes is shared";
  }
  EXPECT_EQ(linked, 1U);
  const auto restored = restore(folder / "snap", folder / "other/collection");
  ASSERT_TRUE(restored.ok()) << restored.error().describe();
  EXPECT_EQ(restored->to_read_again, 0U);
  EXPECT_FALSE(restored->set_aside.has_value());
  EXPECT_EQ(read(folder / "other/collection"), whole);
  EXPECT_EQ(files->list(folder / "other").value(), std::vector<std::string>{"collection"});
}

TEST_F(BackupTest, WritingTheRestoredCollectionLeavesTheSnapshotAsItWas) {
  ASSERT_TRUE(snapshot(folder / "snap").ok());
  const auto before = test::files_under(folder / "snap");
  ASSERT_TRUE(restore(folder / "snap", folder / "other/collection").ok());
  {
    auto opened = test::open_collection(*files, clock, folder / "other/collection");
    const SourceId other = test::source_of(*opened);
    for (std::uint64_t number = 1; number < 20; ++number) ASSERT_TRUE(test::put(*opened, other, number, 9).ok());
    ASSERT_TRUE(opened->index().compact().ok());
  }
  EXPECT_EQ(test::files_under(folder / "snap"), before);
  ASSERT_TRUE(restore(folder / "snap", folder / "third/collection").ok());
  EXPECT_EQ(read(folder / "third/collection"), whole);
}

TEST_F(BackupTest, WhatIsInTheWayIsRefusedOrSetAside) {
  fs::create_directory(folder / "empty");
  EXPECT_TRUE(snapshot(folder / "empty").ok());
  EXPECT_EQ(snapshot(folder / "empty").error().code, ErrorCode::conflict);
  EXPECT_THAT(snapshot(folder / "empty").error().message, HasSubstr("it is a snapshot already"));
  fs::create_directories(folder / "half/index");
  EXPECT_THAT(snapshot(folder / "half").error().message, HasSubstr("not made to its end"));
  EXPECT_EQ(make_snapshot(*files, clock, folder / "none", folder / "s").error().code, ErrorCode::not_found);
  EXPECT_FALSE(files->exists(folder / "s"));

  ASSERT_TRUE(test::put(*collection, source, 3, 7).ok());
  const test::Versions newer = test::versions_of(*collection);
  EXPECT_EQ(restore(folder / "empty", home).error().code, ErrorCode::conflict);
  EXPECT_EQ(restore(folder / "empty", home, Existing::set_aside).error().code, ErrorCode::conflict)
      << "a process is writing it";
  collection.reset();
  for (int round = 0; round < 2; ++round) {
    const auto restored = restore(folder / "empty", home, Existing::set_aside);
    ASSERT_TRUE(restored.ok()) << restored.error().describe();
    ASSERT_TRUE(restored->set_aside.has_value());
    EXPECT_EQ(read(home), whole);
    EXPECT_EQ(read(*restored->set_aside), round == 0 ? newer : whole);
  }
}

TEST_F(BackupTest, ADamagedOrHalfSnapshotIsRefusedAndChangesNothing) {
  ASSERT_TRUE(snapshot(folder / "snap").ok());
  const auto good = test::files_under(folder / "snap");
  ASSERT_EQ(good.size(), 5U);  // catalogue, manifest, log, a segment, the list
  const fs::path to = folder / "other/collection";
  EXPECT_EQ(restore(folder / "nowhere", to).error().code, ErrorCode::not_found);
  for (const auto& [name, bytes] : good) {
    SCOPED_TRACE(name);
    fs::remove_all(folder / "bad");
    fs::copy(folder / "snap", folder / "bad", fs::copy_options::recursive);
    std::string changed = bytes;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 0x10);
    test::write_file(folder / "bad" / name, changed);
    const auto flipped = restore(folder / "bad", to);
    ASSERT_FALSE(flipped.ok());
    EXPECT_EQ(flipped.error().code, ErrorCode::corrupt) << flipped.error().message;
    EXPECT_THAT(flipped.error().message, HasSubstr(name == "snapshot.json" ? "bad" : name));
    fs::remove(folder / "bad" / name);
    EXPECT_EQ(restore(folder / "bad", to).error().code, ErrorCode::corrupt);
    EXPECT_FALSE(files->exists(folder / "other"));
  }
}

TEST_F(BackupTest, AListThatNamesOtherPlacesIsRefused) {
  ASSERT_TRUE(snapshot(folder / "snap").ok());
  const fs::path file = folder / "snap/snapshot.json";
  const std::string text = test::read_file(file);
  for (const char* path : {"../evil", "index/../../evil", "/tmp/evil", "index/", "index/a/b", "cache/1.page", ""}) {
    std::string bad = text;
    bad.replace(bad.find("index/manifest"), std::string("index/manifest").size(), path);
    EXPECT_EQ(read_snapshot_list(bad, "x").error().code, ErrorCode::corrupt) << path;
  }
  std::string newer = text;
  newer.replace(newer.find("\"version\": 1"), 12, "\"version\": 2");
  EXPECT_EQ(read_snapshot_list(newer, "x").error().code, ErrorCode::invalid);
  for (std::size_t size = 0; size + 2 < text.size(); ++size)
    EXPECT_FALSE(read_snapshot_list(text.substr(0, size), "x").ok()) << size;
  const auto list = read_snapshot_list(text, "x");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(to_json(*list), text);
}

// Every operation of a file fails once: then there is no snapshot, no leftover, and the collection is as it was.
TEST_F(BackupTest, AFailureAnywhereLeavesNothingBehind) {
  collection.reset();
  io::FaultyFileSystem faulty(*files);
  const auto run = [&](std::uint64_t at, ErrorCode code) {
    faulty.set_plan({.at_operation = at == 0 ? 0 : faulty.operations() + at, .code = code});
    return make_snapshot(faulty, clock, home, folder / "snap");
  };
  const std::uint64_t before = faulty.operations();
  ASSERT_TRUE(run(0, ErrorCode::exhausted).ok());
  const std::uint64_t operations = faulty.operations() - before;
  ASSERT_GE(operations, 8U);
  fs::remove_all(folder / "snap");
  for (std::uint64_t at = 1; at <= operations; ++at) {
    const auto made = run(at, ErrorCode::exhausted);
    ASSERT_FALSE(made.ok()) << "operation " << at;
    EXPECT_EQ(made.error().code, ErrorCode::exhausted);
    EXPECT_FALSE(files->exists(folder / "snap")) << "operation " << at;
  }
  ASSERT_TRUE(snapshot(folder / "snap").ok());
  for (std::uint64_t at = 1; at < 200; ++at) {
    faulty.set_plan({.at_operation = faulty.operations() + at, .code = ErrorCode::exhausted});
    const auto restored = restore_snapshot(faulty, clock, folder / "snap", home, Existing::set_aside);
    if (restored.ok()) {
      EXPECT_GE(at, 10U);
      break;
    }
    EXPECT_EQ(restored.error().code, ErrorCode::exhausted) << restored.error().message;
    EXPECT_EQ(read(home), whole) << "operation " << at;
    EXPECT_FALSE(files->exists(folder / "data/collection.restoring")) << "operation " << at;
  }
}

// --- beside a writer, in another process ----------------------------------------------------------------------------

struct Acknowledged {
  std::uint32_t number = 0;
  std::int32_t version = 0;  // -1: removed
};

// Shared with the process that writes: what it has acknowledged, in order, and behind that the write in flight.
struct History {
  static constexpr std::size_t kMax = 1 << 16;
  std::atomic<std::size_t> count;
  std::array<Acknowledged, kMax> writes;
};

// Adds, changes and removes documents, and tells of each write when it is acknowledged. Never returns.
[[noreturn]] void write_until_killed(const fs::path& home, std::uint64_t seed, History& history) {
  const auto files = io::real_file_system();
  ManualClock clock(1'700'000'000);
  auto collection =
      Collection::open(*files, clock, home, index::test::identity_of(test::kDimensions), Collection::Mode::write);
  if (!collection.ok()) ::_exit(1);
  const SourceId source = test::source_of(**collection);
  std::mt19937_64 random(seed);
  for (std::int32_t version = 1; history.count + 1 < History::kMax; ++version) {
    const Acknowledged done{static_cast<std::uint32_t>(1 + random() % 40), version};
    if (random() % 6 == 0) {
      const auto known = (*collection)->catalog().find_reference(test::address_of(done.number)).value();
      if (!known) continue;
      history.writes[history.count] = {done.number, -1};
      if (!(*collection)->remove_reference(known->id, "asked").ok()) ::_exit(2);
    } else {
      history.writes[history.count] = done;
      if (!test::put(**collection, source, done.number, static_cast<std::uint64_t>(version)).ok()) ::_exit(3);
    }
    ++history.count;
    if (version % 15 == 0 && !(*collection)->index().compact().ok()) ::_exit(5);
  }
  ::pause();
  ::_exit(0);
}

class Writer {
 public:
  Writer(const fs::path& home, std::uint64_t seed) {
    void* shared = ::mmap(nullptr, sizeof(History), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
    history_ = new (shared) History;
    child_ = ::fork();
    if (child_ == 0) write_until_killed(home, seed, *history_);
  }
  ~Writer() {
    stop();
    ::munmap(history_, sizeof(History));
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void stop() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended with " << WEXITSTATUS(status);
    child_ = -1;
  }
  std::size_t count() const { return history_->count; }
  // With the write in flight, if there is one.
  std::vector<Acknowledged> history() const {
    return {history_->writes.begin(), history_->writes.begin() + static_cast<std::ptrdiff_t>(count() + 1)};
  }

 private:
  History* history_ = nullptr;
  pid_t child_ = -1;
};

// The states a document can be in, in a snapshot that was made between `begin` and `end` of the history: what was
// acknowledged last before it began, or anything acknowledged since, or the one write more that was in flight.
std::set<std::int64_t> possible(const std::vector<Acknowledged>& history, std::uint32_t number, std::size_t begin,
                                std::size_t end) {
  std::set<std::int64_t> states;
  std::int64_t last = -1;
  for (std::size_t i = 0; i < std::min(end, history.size()); ++i) {
    if (history[i].number != number) continue;
    if (i >= begin) states.insert(history[i].version);
    if (i < begin) last = history[i].version;
  }
  states.insert(last);
  return states;
}

TEST_F(BackupTest, SnapshotsBesideAWriterLoseNothingAcknowledged) {
  collection.reset();
  fs::remove_all(home);
  test::open_collection(*files, clock, home).reset();
  Writer writer(home, 3);
  while (writer.count() < 30) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  struct Made {
    fs::path folder;
    std::size_t begin, end;
  };
  std::vector<Made> made;
  for (int round = 0; round < 40; ++round) {
    Made one{folder / ("snap-" + std::to_string(round)), writer.count(), 0};
    const auto report = snapshot(one.folder);
    ASSERT_TRUE(report.ok()) << report.error().describe();
    one.end = writer.count() + 1;
    made.push_back(one);
  }
  writer.stop();
  const std::vector<Acknowledged> history = writer.history();
  ASSERT_GT(made.back().begin, made.front().begin + 40) << "the writer must have had time to work";
  std::size_t compared = 0, to_read_again = 0;
  for (const Made& one : made) {
    SCOPED_TRACE(one.folder.string());
    const fs::path to = folder / "restored/collection";
    fs::remove_all(to);
    const auto restored = restore(one.folder, to);
    ASSERT_TRUE(restored.ok()) << restored.error().describe();
    to_read_again += restored->to_read_again;
    const test::Versions found = read(to);
    for (std::uint32_t number = 1; number <= 40; ++number) {
      std::set<std::int64_t> states = possible(history, number, one.begin, one.end);
      const auto held = found.find(number);
      if (held == found.end()) {
        EXPECT_TRUE(states.contains(-1)) << "document " << number << " is lost";
        continue;
      }
      // The catalogue is of one moment; the index has the same version, or one newer that was in flight and is read
      // again.
      const auto [catalogued, indexed] = held->second;
      if (catalogued == -1) {
        EXPECT_GT(states.size(), 1U) << "document " << number << " was acknowledged, and is not served";
        continue;
      }
      ++compared;
      EXPECT_TRUE(states.contains(catalogued)) << "document " << number << " version " << catalogued;
      EXPECT_GE(indexed, catalogued) << "document " << number << ": the index is older than the catalogue";
      EXPECT_TRUE(indexed == catalogued || states.contains(indexed)) << "document " << number;
    }
  }
  EXPECT_GT(compared, 500U);
  RecordProperty("to_read_again", static_cast<int>(to_read_again));
}

// --- kill -9 --------------------------------------------------------------------------------------------------------

// Runs `work` in a process that is killed at the n-th step of its progress or, when `n` is 0, after some microseconds;
// unless it has ended before: true when it was killed.
template <typename Work>
bool killed_at(std::uint64_t n, std::uint64_t microseconds, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::uint64_t step = 0;
    const bool done = work([&](std::string_view, std::uint64_t, std::uint64_t, std::string_view) {
      if (++step == n) ::kill(::getpid(), SIGKILL);
    });
    ::_exit(done ? 0 : 1);
  }
  if (n == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status);
}

constexpr int kRandomKills = 40;

TEST_F(BackupTest, ASnapshotThatWasKilledIsNotTakenForWhole) {
  collection.reset();
  std::mt19937_64 random(4);
  int round = 0, half = 0;
  const auto kill_one = [&](std::uint64_t step) {
    SCOPED_TRACE("step " + std::to_string(step) + " round " + std::to_string(round));
    const fs::path target = folder / ("snap-" + std::to_string(round++));
    const bool was_killed = killed_at(step, random() % 20'000, [&](const OnProgress& on_progress) {
      return make_snapshot(*files, clock, home, target, on_progress).ok();
    });
    fs::remove_all(folder / "other");
    const auto restored = restore(target, folder / "other/collection");
    if (restored.ok()) {
      EXPECT_EQ(read(folder / "other/collection"), whole);
    } else {
      EXPECT_TRUE(was_killed) << restored.error().describe();
      half += files->exists(target) ? 1 : 0;
      EXPECT_FALSE(files->exists(folder / "other"));
    }
    EXPECT_EQ(read(home), whole);
    return was_killed;
  };
  std::uint64_t step = 1;
  while (kill_one(step)) ++step;
  EXPECT_GT(step, 8U);
  EXPECT_EQ(half, round - 1) << "killed at any step, it is half";
  for (int i = 0; i < kRandomKills; ++i) kill_one(0);
}

TEST_F(BackupTest, ARestoreThatWasKilledLeavesTheOldOneOrTheNewOne) {
  ASSERT_TRUE(snapshot(folder / "snap").ok());
  ASSERT_TRUE(test::put(*collection, source, 3, 7).ok());
  const test::Versions newer = test::versions_of(*collection);
  collection.reset();
  fs::copy(home, folder / "kept", fs::copy_options::recursive);
  std::mt19937_64 random(4);
  int old_one = 0;
  const auto kill_one = [&](std::uint64_t step) {
    SCOPED_TRACE("step " + std::to_string(step));
    fs::remove_all(home);
    fs::copy(folder / "kept", home, fs::copy_options::recursive);
    const bool was_killed = killed_at(step, random() % 30'000, [&](const OnProgress& on_progress) {
      return restore_snapshot(*files, clock, folder / "snap", home, Existing::set_aside, on_progress).ok();
    });
    const test::Versions found = read(home);
    EXPECT_TRUE(found == whole || found == newer);
    EXPECT_TRUE(was_killed || found == whole);
    old_one += found == newer ? 1 : 0;
    bool found_old = found == newer;  // or it was set aside, whole
    for (const std::string& name : files->list(folder / "data").value()) {
      if (!name.starts_with("collection.before-restore-")) continue;
      found_old = found_old || read(folder / "data" / name) == newer;
      fs::remove_all(folder / "data" / name);
    }
    EXPECT_TRUE(found_old);
    // The next one cleans up and goes through.
    EXPECT_TRUE(restore(folder / "snap", home, Existing::set_aside).ok());
    EXPECT_EQ(read(home), whole);
    for (const std::string& name : files->list(folder / "data").value()) {
      EXPECT_FALSE(name.ends_with(".restoring"));
      if (name.starts_with("collection.before-restore-")) fs::remove_all(folder / "data" / name);
    }
    return was_killed;
  };
  std::uint64_t step = 1;
  while (kill_one(step)) ++step;
  EXPECT_GT(step, 8U);
  EXPECT_EQ(old_one, static_cast<int>(step) - 1) << "killed at any step before the last, the old one is there";
  for (int i = 0; i < kRandomKills; ++i) kill_one(0);
}

}  // namespace
}  // namespace renvoi::search
