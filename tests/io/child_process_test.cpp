#include "io/child_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

namespace renvoi::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

ChildLimits within(milliseconds time) {
  ChildLimits limits;
  limits.deadline = steady_clock::now() + time;
  return limits;
}

Result<ChildResult> shell(const std::string& script, std::string_view input = "",
                          const ChildLimits& limits = within(seconds(20))) {
  return run_confined("/bin/sh", {"-c", script}, input, limits);
}

TEST(ChildProcess, InputGoesInAndOutputComesOut) {
  std::string large(3u << 20, 'x');
  large += "end";
  const auto cat = run_confined("/bin/cat", {}, large, within(seconds(20)));
  ASSERT_TRUE(cat.ok()) << cat.error().describe();
  EXPECT_EQ(cat->end, ChildEnd::exited);
  EXPECT_EQ(cat->status, 0);
  EXPECT_EQ(cat->output, large);
  const auto said = shell("echo out; echo err >&2; exit 7");
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(said->output, "out\n");
  EXPECT_EQ(said->errors, "err\n");
  EXPECT_EQ(said->status, 7);
}

TEST(ChildProcess, ItsEndIsTold) {
  const auto crashed = shell("kill -SEGV $$");
  ASSERT_TRUE(crashed.ok());
  // Where the kernel lets it: a confined child may not even signal itself.
  EXPECT_EQ(crashed->end, crashed->confinement.few_syscalls ? ChildEnd::exited : ChildEnd::crashed);
  const auto begin = steady_clock::now();
  const auto late = shell("while :; do :; done", "", within(milliseconds(200)));
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->end, ChildEnd::out_of_time);
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
  ChildLimits little = within(seconds(20));
  little.output_bytes = 1'000;
  const auto cut = shell("while :; do echo 0123456789; done", "", little);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->end, ChildEnd::cut);
  EXPECT_EQ(cut->output.size(), 1'000u);
  ChildLimits busy = within(seconds(20));
  busy.cpu_s = 1;
  const auto spent = shell("while :; do :; done", "", busy);
  ASSERT_TRUE(spent.ok());
  EXPECT_EQ(spent->end, ChildEnd::out_of_time);
  const auto none = run_confined("/nonexistent/program", {}, "", within(seconds(1)));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST(ChildProcess, ItHasNothingButItsInput) {
  setenv("RENVOI_TEST_SECRET", "secret", 1);
  const auto seen = shell(
      "echo \"[$RENVOI_TEST_SECRET]\"; for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do "
      "[ -e /proc/self/fd/$fd ] && echo fd $fd; done; echo done");
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->output, "[]\ndone\n");
}

TEST(ChildProcess, ItWritesNoFileAndStartsNoProcess) {
  const std::string path = testing::TempDir() + "child_process_test." + std::to_string(getpid());
  const auto wrote = shell("echo text > " + path + " || exit 9");
  ASSERT_TRUE(wrote.ok());
  EXPECT_NE(wrote->status, 0);
  std::error_code error;
  EXPECT_FALSE(std::filesystem::exists(path, error) && std::filesystem::file_size(path, error) > 0);
  std::filesystem::remove(path, error);
  const auto forked = shell("(echo from a process of its own) | /bin/cat");
  ASSERT_TRUE(forked.ok());
  if (!forked->confinement.few_syscalls) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(forked->output, "");
}

TEST(ChildProcess, ItReadsNoFileWhereTheKernelAllowsIt) {
  const auto read = run_confined("/bin/cat", {"/etc/passwd"}, "", within(seconds(10)));
  ASSERT_TRUE(read.ok());
  if (!read->confinement.few_files) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(read->output, "");
  EXPECT_NE(read->status, 0);
}

TEST(ChildProcess, MemoryIsLimited) {
  ChildLimits small = within(seconds(20));
  small.memory_bytes = 64u << 20;
  const auto grown = shell("x=0123456789; while :; do x=$x$x; done", "", small);
  ASSERT_TRUE(grown.ok());
  EXPECT_TRUE(grown->end != ChildEnd::exited || grown->status != 0);
}

TEST(ChildProcess, SeveralAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        const std::string text = std::string(100'000, static_cast<char>('a' + i));
        const auto cat = run_confined("/bin/cat", {}, text, within(seconds(30)));
        if (cat.ok() && cat->output == text) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 40);
}

}  // namespace
}  // namespace renvoi::io
