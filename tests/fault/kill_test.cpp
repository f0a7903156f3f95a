// Invariant 2, with real processes: kill -9 at any moment loses no acknowledged write and leaves nothing half.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "index/naive_index.h"
#include "io/temporary_folder.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kDimensions = 24;
constexpr std::uint32_t kReferences = 40;

// Commit `number` puts these documents: known without being told, so that parent and child agree.
std::map<ReferenceId, test::Document> documents_of(std::uint64_t number) {
  std::mt19937_64 random(number * 7'919 + 1);
  std::map<ReferenceId, test::Document> documents;
  for (int i = 0; i < 3; ++i) {
    const auto reference = static_cast<ReferenceId>(1 + random() % kReferences);
    documents[reference] = test::random_document(random, kDimensions);
  }
  // A marker whose fingerprint is the number of the commit: tells which state the index is in.
  test::Document marker(1);
  marker[0].fingerprint = number;
  marker[0].vector = test::random_unit(random, kDimensions);
  documents[static_cast<ReferenceId>(1'000)] = marker;
  return documents;
}

// Commits for ever, writing each number to `acknowledged` after its commit. Never returns.
[[noreturn]] void write_until_killed(const std::filesystem::path& folder, std::uint64_t next, int acknowledged) {
  const auto files = io::real_file_system();
  auto index = Index::open(*files, folder, test::identity_of(kDimensions), Index::Mode::write);
  if (!index.ok()) ::_exit(1);
  for (;; ++next) {
    for (const auto& [reference, document] : documents_of(next))
      if (!(*index)->put(reference, test::inputs(document)).ok()) ::_exit(2);
    if (!(*index)->commit().ok()) ::_exit(3);
    if (::write(acknowledged, &next, sizeof next) != sizeof next) ::_exit(4);
    if (next % 5 == 0 && !(*index)->compact().ok()) ::_exit(5);
  }
}

TEST(Kill, NoAcknowledgedCommitIsLostAndNoneIsHalf) {
  const renvoi::test::TemporaryFolder folder;
  const auto files = io::real_file_system();
  std::mt19937_64 random(11);
  test::Model model;
  std::uint64_t committed = 0;  // the last commit that `model` holds
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
    std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 120'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended with " << WEXITSTATUS(status);
    std::uint64_t acknowledged = committed;
    for (std::uint64_t number = 0; ::read(channel[0], &number, sizeof number) == sizeof number;) acknowledged = number;
    ::close(channel[0]);

    auto index = Index::open(*files, folder / "index", test::identity_of(kDimensions), Index::Mode::write);
    ASSERT_TRUE(index.ok()) << index.error().describe();
    ASSERT_TRUE((*index)->check().ok()) << (*index)->check().error().describe();
    const auto snapshot = (*index)->snapshot();
    const auto marker = snapshot->passages_of(static_cast<ReferenceId>(1'000));
    const std::uint64_t found = marker.empty() ? 0 : snapshot->record(marker[0]).fingerprint;
    ASSERT_GE(found, acknowledged);      // nothing acknowledged is lost
    ASSERT_LE(found, acknowledged + 1);  // at most the commit in flight is there too, whole
    for (; committed < found; ++committed)
      for (auto& [reference, document] : documents_of(committed + 1)) model[reference] = document;
    ASSERT_NO_FATAL_FAILURE(test::expect_same(*snapshot, model, kDimensions, 1));
  }
  EXPECT_GT(committed, 50U) << "the writers must have had time to work";
}

}  // namespace
}  // namespace renvoi::index
