#include "io/faulty_file_system.h"

#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace renvoi::io {
namespace {

using test::as_bytes;
using test::TemporaryFolder;

TEST(FaultyFileSystem, FailsAtTheOperationItIsToldAndOnlyThere) {
  const TemporaryFolder folder;
  const auto real = real_file_system();
  FaultyFileSystem files(*real, {.at_operation = 2, .fault = Fault::error_before, .code = ErrorCode::exhausted});
  EXPECT_TRUE(files.replace(folder / "a", as_bytes("1"), 0644).ok());
  EXPECT_EQ(files.replace(folder / "a", as_bytes("2"), 0644).error().code, ErrorCode::exhausted);
  EXPECT_EQ(files.read(folder / "a", 9).value(), "1");
  EXPECT_TRUE(files.replace(folder / "a", as_bytes("3"), 0644).ok());
  files.set_plan({.at_operation = 4, .fault = Fault::crash_after});
  EXPECT_FALSE(files.replace(folder / "a", as_bytes("4"), 0644).ok());
  EXPECT_EQ(files.read(folder / "a", 9).value(), "4");
  EXPECT_FALSE(files.replace(folder / "a", as_bytes("5"), 0644).ok());  // dead
  EXPECT_EQ(files.operations(), 5U);
}

TEST(FaultyFileSystem, AFullDiskTakesWhatFitsAndRoomComesBack) {
  const TemporaryFolder folder;
  const auto real = real_file_system();
  FaultyFileSystem files(*real, {.free_bytes = 5});
  const auto log = files.append(folder / "log", -1);
  EXPECT_TRUE((*log)->append(as_bytes("abc")).ok());
  EXPECT_EQ((*log)->append(as_bytes("defg")).error().code, ErrorCode::exhausted);
  EXPECT_EQ(files.read(folder / "log", 9).value(), "abcde");
  files.set_plan({});
  EXPECT_TRUE((*log)->append(as_bytes("h")).ok());
}

TEST(FaultyFileSystem, LosingPowerTakesExactlyWhatWasNotSynced) {
  for (const bool synced_name : {false, true}) {
    const TemporaryFolder folder;
    const auto real = real_file_system();
    FaultyFileSystem files(*real);
    {
      const auto log = files.append(folder / "log", -1);
      ASSERT_TRUE((*log)->append(as_bytes("kept")).ok());
      ASSERT_TRUE((*log)->sync().ok());
      if (synced_name) {
        ASSERT_TRUE(files.sync_folder(folder.path()).ok());
      }
      ASSERT_TRUE((*log)->append(as_bytes("lost")).ok());
    }
    ASSERT_TRUE(real->replace(folder / "old", as_bytes("old")).ok());
    ASSERT_TRUE(files.remove(folder / "old").ok());
    files.lose_power(FaultyFileSystem::Unsynced::lost, 1);
    EXPECT_EQ(real->exists(folder / "log"), synced_name);
    if (synced_name) {
      EXPECT_EQ(real->read(folder / "log", 99).value(), "kept");
    }
    EXPECT_EQ(real->read(folder / "old", 99).value(), "old");  // its removal never reached the disk
  }
}

}  // namespace
}  // namespace renvoi::io
