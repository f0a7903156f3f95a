#include "io/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "io/file_lock.h"
#include "io/temporary_folder.h"

namespace renvoi::io {
namespace {

using test::as_bytes;
using test::TemporaryFolder;

TEST(RealFileSystem, ReplaceIsReadBackWithItsModeAndLeavesNoTemporaryFile) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  ASSERT_TRUE(files->replace(folder / "a", as_bytes("one"), 0600).ok());
  ASSERT_TRUE(files->replace(folder / "a", as_bytes("two, longer"), 0640).ok());
  EXPECT_EQ(files->read(folder / "a", 100).value(), "two, longer");
  EXPECT_EQ(files->read_from(folder / "a", 5, 100).value(), "longer");
  EXPECT_EQ(files->read_from(folder / "a", 99, 100).value(), "");
  EXPECT_EQ(files->list(folder.path()).value(), std::vector<std::string>{"a"});
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  EXPECT_EQ(files->disk_bytes(folder.path()), 11U);
}

TEST(RealFileSystem, ReadHonoursItsLimitToTheByte) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  ASSERT_TRUE(files->replace(folder / "a", as_bytes(std::string(1'000, 'x'))).ok());
  EXPECT_EQ(files->read(folder / "a", 1'000).value().size(), 1'000U);
  EXPECT_EQ(files->read(folder / "a", 999).error().code, ErrorCode::exhausted);
  EXPECT_EQ(files->read_from(folder / "a", 1, 999).value().size(), 999U);
}

TEST(RealFileSystem, AppendGrowsAndCuts) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  {
    auto file = files->append(folder / "log");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->append(as_bytes("hello world")).ok());
    ASSERT_TRUE((*file)->sync().ok());
    EXPECT_EQ((*file)->size_bytes(), 11U);
  }
  auto file = files->append(folder / "log", 5);
  ASSERT_TRUE((*file)->append(as_bytes("!")).ok());
  EXPECT_EQ(files->read(folder / "log", 100).value(), "hello!");
}

TEST(RealFileSystem, AMappingOutlivesItsFile) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  ASSERT_TRUE(files->replace(folder / "a", as_bytes("kept")).ok());
  const auto mapped = files->map(folder / "a");
  ASSERT_TRUE(mapped.ok());
  ASSERT_TRUE(files->remove(folder / "a").ok());
  EXPECT_EQ(std::to_integer<char>((*mapped)->bytes()[0]), 'k');
  EXPECT_FALSE(files->exists(folder / "a"));
  EXPECT_TRUE(files->remove(folder / "a").ok());  // absent is not an error
}

TEST(RealFileSystem, WhatIsNoPlainFileIsRefusedAtOnce) {
  const TemporaryFolder folder;
  const auto files = real_file_system();
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(files->read(folder / "pipe", 10).error().code, ErrorCode::invalid);  // and does not wait for a writer
  EXPECT_EQ(files->read(folder.path(), 10).error().code, ErrorCode::invalid);
  const Error absent = files->read(folder / "absent", 10).error();
  EXPECT_EQ(absent.code, ErrorCode::not_found);
  EXPECT_NE(absent.message.find("absent"), std::string::npos);
  EXPECT_EQ(files->map(folder / "absent").error().code, ErrorCode::not_found);
  EXPECT_EQ(files->list(folder / "absent").error().code, ErrorCode::not_found);
  EXPECT_EQ(files->replace(folder / "no/such/a", as_bytes("x")).error().code, ErrorCode::not_found);
}

// Run in a child, whose limit of file size stands for a disk that fills up in the middle of a write.
int write_beyond_limit(const std::filesystem::path& folder) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{4'096, 4'096};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
  const auto files = real_file_system();
  const auto outcome = files->replace(folder / "a", as_bytes(std::string(10'000, 'n')));
  if (outcome.ok() || outcome.error().code != ErrorCode::exhausted) return 1;
  if (files->read(folder / "a", 100).value() != "old") return 2;
  if (files->list(folder).value().size() != 1) return 3;
  auto log = files->append(folder / "log");
  if (!log.ok()) return 4;
  const auto appended = (*log)->append(as_bytes(std::string(10'000, 'n')));
  return !appended.ok() && appended.error().code == ErrorCode::exhausted ? 0 : 5;
}

TEST(RealFileSystem, AFullDiskIsExhaustedAndTheOldContentStays) {
  const TemporaryFolder folder;
  ASSERT_TRUE(real_file_system()->replace(folder / "a", as_bytes("old")).ok());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(write_beyond_limit(folder.path()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(RealFileSystem, NoPermissionIsDeniedAndNamesThePath) {
  const TemporaryFolder folder;
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const auto files = real_file_system();
  ASSERT_TRUE(files->replace(folder / "secret", as_bytes("x"), 0000).ok());
  const Error error = files->read(folder / "secret", 10).error();
  EXPECT_EQ(error.code, ErrorCode::denied);
  EXPECT_NE(error.message.find("secret"), std::string::npos);
}

TEST(FileLock, TheSecondIsRefusedWithTheOwnersNumberUntilTheFirstIsGone) {
  const TemporaryFolder folder;
  {
    const auto first = FileLock::acquire(folder / "lock");
    ASSERT_TRUE(first.ok());
    const auto second = FileLock::acquire(folder / "lock");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos);
  }
  EXPECT_TRUE(FileLock::acquire(folder / "lock").ok());
}

TEST(FileLock, EndsWithItsProcess) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::acquire(folder / "lock");
    const char sign = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &sign, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char sign = 0;
  ASSERT_EQ(::read(ready[0], &sign, 1), 1);
  ASSERT_EQ(sign, 'y');
  const auto refused = FileLock::acquire(folder / "lock");
  EXPECT_FALSE(refused.ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(refused.error().message.find(std::to_string(child)), std::string::npos);
  EXPECT_TRUE(FileLock::acquire(folder / "lock").ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace renvoi::io
