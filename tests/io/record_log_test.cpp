// Logs that only grow: a reader may begin where it left off, and bytes that must go are overwritten.
#include "io/record_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"

namespace renvoi::io {
namespace {

using test::TemporaryFolder;

constexpr LogKind kKind{"RNVOITST", 1, 1, "throw it away"};

std::vector<std::string> read_from(const std::string& bytes, LogPlace from, LogEnd& end) {
  std::vector<std::string> batches;
  const auto read =
      read_log(bytes, "log", kKind, 3, from, [&](std::string_view batch, std::uint64_t, std::uint64_t at) {
        EXPECT_EQ(std::string_view(bytes).substr(at, batch.size()), batch);
        batches.emplace_back(batch);
        return Result<void>();
      });
  EXPECT_TRUE(read.ok()) << read.error().describe();
  if (read.ok()) end = *read;
  return batches;
}

TEST(RecordLog, IsReadFromAnyPlaceWithOrWithoutTheMarkBehindIt) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  auto log = RecordLog::create(*files, folder / "log", kKind, 3, 10);
  ASSERT_TRUE(log.ok());
  std::vector<std::string> all;
  std::vector<LogPlace> places{{0, 10}, {log->size_bytes(), 10}};
  std::vector<std::size_t> before{0, 0};
  for (int i = 0; i < 5; ++i) {
    all.push_back("batch " + std::to_string(i));
    ASSERT_TRUE(log->append(all.back()).ok());
    places.push_back({log->size_bytes(), log->last_sequence()});
    before.push_back(all.size());
    places.push_back({log->last_batch_offset() + all.back().size(), log->last_sequence()});  // before its mark
    before.push_back(all.size());
  }
  const std::string bytes = *files->read(folder / "log", 1 << 20);
  for (std::size_t i = 0; i < places.size(); ++i) {
    LogEnd end;
    EXPECT_EQ(read_from(bytes, places[i], end),
              std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(before[i]), all.end()));
    EXPECT_EQ(end.whole_bytes, bytes.size());
    EXPECT_EQ(end.last_sequence, 15U);
  }
  const auto ignore = [](std::string_view, std::uint64_t, std::uint64_t) { return Result<void>(); };
  EXPECT_EQ(read_log(bytes, "log", kKind, 3, {bytes.size() + 1, 15}, ignore).error().code, ErrorCode::corrupt);
  EXPECT_EQ(read_log(bytes, "log", kKind, 4, {}, ignore).error().code, ErrorCode::corrupt);
  constexpr LogKind kOther{"RNVOIOTH", 1, 1, ""};
  EXPECT_EQ(read_log(bytes, "log", kOther, 3, {}, ignore).error().code, ErrorCode::corrupt);
}

TEST(FileSystem, OverwritesInPlaceAndNeverGrows) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  const auto path = folder / "file";
  std::ofstream(path, std::ios::binary) << "0123456789";
  ASSERT_TRUE(files->overwrite(path, 3, test::as_bytes("abc")).ok());
  EXPECT_EQ(*files->read(path, 100), "012abc6789");
  EXPECT_EQ(files->overwrite(path, 8, test::as_bytes("abc")).error().code, ErrorCode::invalid);
  EXPECT_EQ(files->overwrite(path, ~std::uint64_t{0}, test::as_bytes("abc")).error().code, ErrorCode::invalid);
  EXPECT_EQ(files->overwrite(folder / "none", 0, test::as_bytes("abc")).error().code, ErrorCode::not_found);
  EXPECT_EQ(*files->read(path, 100), "012abc6789");
  FaultyFileSystem faulty(*files, {.at_operation = 1, .fault = Fault::error_after});
  EXPECT_FALSE(faulty.overwrite(path, 0, test::as_bytes("ABCD")).ok());
  EXPECT_EQ(*files->read(path, 100), "AB2abc6789");
}

}  // namespace
}  // namespace renvoi::io
