#include "index/pace.h"

#include <gtest/gtest.h>

#include <random>

#include "index/maintenance.h"

namespace renvoi::index {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{seconds(1'000)};

// Whoever waits as told never writes more than its allowance in any time, but for what was saved up and one write.
TEST(Pace, KeepsToItsAllowanceInEveryWindow) {
  constexpr std::uint64_t kRate = 1'000'000;
  std::mt19937_64 random(1);
  Pace pace(kRate);
  std::vector<std::pair<SteadyTime, std::uint64_t>> writes;
  SteadyTime now = kStart;
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t bytes = 1 + random() % 200'000;
    writes.emplace_back(now, bytes);
    now = std::max(now, pace.wrote(bytes, now));
    if (random() % 10 == 0) now += milliseconds(random() % 2'000);  // other work
  }
  for (std::size_t begin = 0; begin < writes.size(); begin += 7) {
    std::uint64_t sum = 0;
    for (std::size_t end = begin; end < writes.size(); ++end) {
      const double window = std::chrono::duration<double>(writes[end].first - writes[begin].first).count();
      ASSERT_LE(static_cast<double>(sum), kRate * (window + 0.1) + 200'000) << begin << " to " << end;
      sum += writes[end].second;
    }
  }
}

TEST(Pace, UsesItsAllowanceAndWithoutOneNeverWaits) {
  Pace pace(1'000'000);
  SteadyTime now = kStart;
  for (int i = 0; i < 100; ++i) now = std::max(now, pace.wrote(50'000, now));
  EXPECT_LE(now - kStart, seconds(5));
  EXPECT_GE(now - kStart, milliseconds(4'850));
  Pace unlimited(0);
  EXPECT_EQ(unlimited.wrote(std::uint64_t{1} << 40, kStart), kStart);
}

TEST(Backoff, WaitsTwiceAsLongEachTimeAndNotForEver) {
  Backoff backoff;
  EXPECT_TRUE(backoff.due(kStart));
  SteadyTime now = kStart;
  milliseconds last(0);
  for (int i = 0; i < 20; ++i) {
    backoff.failed(now);
    EXPECT_FALSE(backoff.due(now));
    const auto pause = std::chrono::duration_cast<milliseconds>(backoff.until() - now);
    EXPECT_EQ(pause, i == 0 ? milliseconds(kFirstBackoff) : std::min<milliseconds>(2 * last, kMostBackoff));
    last = pause;
    now = backoff.until();
    EXPECT_TRUE(backoff.due(now));
  }
  EXPECT_EQ(last, milliseconds(kMostBackoff));
  backoff.succeeded();
  EXPECT_TRUE(backoff.due(kStart));
}

TEST(Maintenance, FlushesFirstMergesThenAndPutsOffWhatFailed) {
  Maintenance maintenance(1'000);
  std::vector<MergeCandidate> many;
  for (std::uint64_t number = 20; number < 30; ++number) many.push_back({number, {100, 0}});
  EXPECT_EQ(maintenance.next(1'000, false, {}, kStart).task, Task::none);
  EXPECT_EQ(maintenance.next(1'001, false, many, kStart).task, Task::flush);
  const Step merge = maintenance.next(1'000, false, many, kStart);
  EXPECT_EQ(merge.task, Task::merge);
  EXPECT_GE(merge.files.size(), 2U);
  for (const std::uint64_t number : merge.files) EXPECT_TRUE(number >= 20 && number < 30);
  EXPECT_FALSE(maintenance.retry_at(kStart).has_value());

  const Error full{ErrorCode::exhausted, "full"};
  maintenance.ended(Task::flush, full, kStart);
  EXPECT_EQ(maintenance.next(1'001, false, many, kStart).task, Task::merge);
  EXPECT_EQ(maintenance.next(1'001, true, many, kStart).task, Task::flush) << "somebody waits";
  EXPECT_EQ(maintenance.retry_at(kStart), kStart + kFirstBackoff);
  maintenance.ended(Task::merge, full, kStart + milliseconds(500));
  EXPECT_EQ(maintenance.next(1'001, false, many, kStart + milliseconds(500)).task, Task::none);
  EXPECT_EQ(maintenance.retry_at(kStart + milliseconds(500)), kStart + kFirstBackoff);
  EXPECT_EQ(maintenance.next(1'001, false, many, kStart + kFirstBackoff).task, Task::flush);
  maintenance.ended(Task::flush, {}, kStart + kFirstBackoff);
  EXPECT_EQ(maintenance.next(1'000, false, many, kStart + kFirstBackoff).task, Task::none);
  EXPECT_EQ(maintenance.next(1'000, false, many, kStart + 2 * kFirstBackoff).task, Task::merge);
}

}  // namespace
}  // namespace renvoi::index
