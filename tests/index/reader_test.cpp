// Readers beside a writer that merges: another process only shares the files, as another Index object here does.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "../io/temporary_folder.h"
#include "index/index.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using renvoi::test::TemporaryFolder;

// Every commit puts the same number as the fingerprint of every passage: a reader must never see two.
void read_beside_writer(const IndexOptions& options, std::uint64_t commits, std::uint64_t compact_every) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  const auto writer = Index::open(*files, folder / "index", test::identity_of(24), Index::Mode::write, options).value();
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<int> refreshes = 0;
  const auto read = [&] {
    const auto reader = Index::open(*files, folder / "index", test::identity_of(24), Index::Mode::read);
    ASSERT_TRUE(reader.ok()) << reader.error().describe();
    std::uint64_t last = 0;
    while (!done) {
      const std::uint64_t at_least = acknowledged;
      const Result<void> refreshed = (*reader)->refresh();
      ASSERT_TRUE(refreshed.ok()) << refreshed.error().describe();
      const auto snapshot = (*reader)->snapshot();
      const std::uint64_t first = snapshot->size() == 0 ? 0 : snapshot->record(0).fingerprint;
      for (PassageNumber i = 0; i < snapshot->size(); ++i) ASSERT_EQ(snapshot->record(i).fingerprint, first);
      ASSERT_GE(first, last);
      ASSERT_GE(first, at_least);
      last = first;
      ++refreshes;
    }
  };
  std::jthread one(read);
  std::jthread two(read);
  std::mt19937_64 random(71);
  for (std::uint64_t number = 1; number <= commits; ++number) {
    for (std::uint32_t reference = 1; reference <= 5; ++reference) {
      test::Document document = test::random_document(random, 24);
      for (auto& passage : document) passage.fingerprint = number;
      ASSERT_TRUE(writer->put(static_cast<ReferenceId>(reference), test::inputs(document)).ok());
    }
    test::Document marker(1);
    marker[0].fingerprint = number;
    marker[0].vector = test::random_unit(random, 24);
    ASSERT_TRUE(writer->put(ReferenceId{9}, test::inputs(marker)).ok());
    ASSERT_TRUE(writer->commit().ok());
    acknowledged = number;
    if (compact_every > 0 && number % compact_every == 0) {
      ASSERT_TRUE(writer->compact().ok());
    }
  }
  done = true;
  one.join();
  two.join();
  EXPECT_GT(refreshes.load(), 20);
}

TEST(Reader, SeesWholeCommitsInOrderWhileTheWriterCompactsUnderIt) { read_beside_writer({}, 150, 3); }

TEST(Reader, SeesWholeCommitsInOrderDuringThousandsOfThemWithMergesBeside) {
  IndexOptions options;
  options.flush_log_bytes = 20'000;
  options.background_bytes_per_second = 5'000'000;
  read_beside_writer(options, 2'000, 0);
}

}  // namespace
}  // namespace renvoi::index
