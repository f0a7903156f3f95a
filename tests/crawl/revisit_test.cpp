#include "crawl/revisit.h"

#include <gtest/gtest.h>

#include <random>

namespace renvoi::crawl {
namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr Timestamp kStart = 1'800'000'000;

// A page that changes at random, so often in the mean, looked at whenever the policy says for so many days.
catalog::CheckHistory watched(double changes_a_day, std::int64_t days, std::uint64_t seed, RevisitPolicy policy = {}) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> wait(changes_a_day / kDay_s);
  catalog::CheckHistory history = compared({}, kStart, false);
  auto change = static_cast<double>(kStart) + wait(random);
  for (Timestamp now = kStart; now < kStart + days * kDay_s;) {
    now += revisit_interval_s(history, kDay_s, policy);
    const bool changed = change <= static_cast<double>(now);
    while (change <= static_cast<double>(now)) change += wait(random);
    history = compared(history, now, changed);
  }
  return history;
}

TEST(Revisit, TheFirstLookIsOneDayLaterAndQuietPagesWaitLonger) {
  catalog::CheckHistory history = compared({}, kStart, false);
  EXPECT_EQ(history.comparisons, 0u);
  EXPECT_EQ(revisit_interval_s(history, kDay_s), kDay_s);
  std::int64_t before = kDay_s;
  Timestamp now = kStart;
  for (int i = 0; i < 400; ++i) {
    now += before;
    history = compared(history, now, false);
    const std::int64_t interval = revisit_interval_s(history, kDay_s);
    EXPECT_LE(interval, RevisitPolicy().longest_s);
    if (i < 30) {
      EXPECT_GE(interval, before);
    }
    before = interval;
  }
  EXPECT_GT(before, 4 * kDay_s);
}

TEST(Revisit, AChangeShortensTheInterval) {
  catalog::CheckHistory history = compared({}, kStart, false);
  for (int i = 1; i <= 5; ++i) history = compared(history, kStart + i * kDay_s, false);
  const std::int64_t quiet = revisit_interval_s(history, kDay_s);
  EXPECT_LT(revisit_interval_s(compared(history, kStart + 6 * kDay_s, true), kDay_s), quiet);
}

TEST(Revisit, IntervalsStayBetweenFloorAndCeilingWhateverWasSeen) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    catalog::CheckHistory history;
    history.comparisons = static_cast<std::uint32_t>(random() % 100);
    history.changes = static_cast<std::uint32_t>(random() % 120);  // more than possible, too
    history.watched_s = static_cast<std::int64_t>(random() % 1'000'000'000) - 5;
    const RevisitPolicy policy{.shortest_s = 1'800, .longest_s = 10 * kDay_s};
    const std::int64_t interval = revisit_interval_s(history, kDay_s, policy);
    ASSERT_GE(interval, 1'800);
    ASSERT_LE(interval, 10 * kDay_s);
    ASSERT_EQ(revisit_interval_s(history, 0, policy), 0);
    ASSERT_EQ(revisit_interval_s(history, 40 * kDay_s, policy) > 0, true);
    ASSERT_EQ(revisit_interval_s(history, kDay_s, {.adaptive = false}), kDay_s);
  }
}

TEST(Revisit, TheRateIsFound) {
  for (const double rate : {0.02, 0.1, 0.5, 2.0}) {
    double sum = 0;
    constexpr int kPages = 200;
    for (int seed = 0; seed < kPages; ++seed) sum += change_rate(watched(rate, 365, seed), kDay_s) * kDay_s;
    EXPECT_NEAR(sum / kPages / rate, 1, 0.4) << rate;
  }
}

TEST(Revisit, FasterPagesAreLookedAtMoreOften) {
  double before = 1e9;
  for (const double rate : {0.003, 0.03, 0.3, 3.0}) {
    double sum = 0;
    for (int seed = 0; seed < 50; ++seed)
      sum += static_cast<double>(revisit_interval_s(watched(rate, 180, seed), kDay_s));
    EXPECT_LT(sum, before * 0.8) << rate;
    before = sum;
  }
}

TEST(Revisit, ALaterDateInASitemapIsLookedAtNowButNotAllTheTime) {
  catalog::Reference reference;
  reference.history = compared({}, kStart, false);
  reference.next_check_at = kStart + 5 * kDay_s;
  const Timestamp now = kStart + kDay_s;
  EXPECT_EQ(due_when_listed(reference, 0, now, kDay_s), reference.next_check_at);
  EXPECT_EQ(due_when_listed(reference, kStart - 9, now, kDay_s), reference.next_check_at);
  reference.next_check_at = kStart + kDay_s;
  EXPECT_EQ(due_when_listed(reference, kStart - 9, now, kDay_s), kStart + 2 * kDay_s) << "it says: not changed";
  reference.next_check_at = kStart + 5 * kDay_s;
  EXPECT_EQ(due_when_listed(reference, now + 9, now, kDay_s), reference.next_check_at) << "not yet";
  EXPECT_EQ(due_when_listed(reference, kStart + 9, now, kDay_s), now);
  // A generator that writes the time of its own run.
  for (int i = 1; i <= 30; ++i) reference.history = compared(reference.history, kStart + i * kDay_s / 10, false);
  const Timestamp last = reference.history.compared_at;
  reference.next_check_at = last + 5 * kDay_s;
  const Timestamp due = due_when_listed(reference, last + 5, last + 10, kDay_s);
  EXPECT_GT(due, last + kDay_s / 8);
  EXPECT_LT(due, reference.next_check_at);
}

TEST(Revisit, OneLookInTwentyIsUnconditionalAndEachPageHasItsTurn) {
  for (std::uint32_t id = 1; id <= 40; ++id) {
    catalog::Reference reference;
    reference.id = static_cast<ReferenceId>(id);
    int whole = 0;
    for (reference.history.checks = 0; reference.history.checks < 60; ++reference.history.checks)
      whole += asks_unconditionally(reference) ? 1 : 0;
    EXPECT_EQ(whole, 3) << id;
    EXPECT_FALSE(asks_unconditionally(reference, {.unconditional_each = 0}));
  }
}

}  // namespace
}  // namespace renvoi::crawl
