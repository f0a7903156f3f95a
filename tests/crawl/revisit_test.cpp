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

TEST(Revisit, WhatAListSaysIsAMatterOfDates) {
  catalog::Reference reference;
  reference.history = compared({}, kStart, false);
  reference.checked_at = kStart;
  reference.next_check_at = kStart + 5 * kDay_s;
  const Timestamp now = kStart + kDay_s;
  const auto due = [&](Timestamp modified_at, std::int64_t base_s = kDay_s, RevisitPolicy policy = {}) {
    return due_when_listed(reference, modified_at, now, {}, base_s, policy);
  };
  EXPECT_EQ(due(0), reference.next_check_at) << "it says nothing";
  EXPECT_EQ(due(kStart - 9), reference.next_check_at);
  EXPECT_EQ(due(now + 2 * kDay_s), reference.next_check_at) << "of the day after tomorrow";
  EXPECT_EQ(due(kStart + 9), kStart + 3'600) << "newer: at once, but not twice in an hour";
  EXPECT_EQ(due(kStart + 9, 600), kStart + 600) << "unless the source wants it more often";
  EXPECT_EQ(due(kStart + 9, kDay_s, {.adaptive = false}), reference.next_check_at);
  EXPECT_EQ(due(kStart + 9, 0), reference.next_check_at);
  reference.next_check_at = kStart + kDay_s;
  const std::int64_t usual_s = revisit_interval_s(reference.history, kDay_s);
  EXPECT_EQ(due(kStart - 9), kStart + 2 * usual_s) << "not newer: half as often";
  reference.checked_at = kStart + 50;  // a missing page that is back
  EXPECT_EQ(due(kStart + 9), kStart + 50 + 2 * usual_s);
}

TEST(Revisit, AListIsBelievedAsFarAsItToldTheTruth) {
  catalog::Reference reference;
  reference.history = compared({}, kStart, false);
  reference.checked_at = kStart;
  reference.next_check_at = kStart + kDay_s;
  const auto due = [&](const catalog::ListingRecord& record, bool newer) {
    return due_when_listed(reference, newer ? kStart + 9 : kStart - 9, kStart + 90, record, kDay_s);
  };
  catalog::ListingRecord honest, always_new, never_new;
  for (int look = 0; look < 1'000; ++look) {
    honest = held_against(honest, look % 10 == 0, look % 10 == 0);
    always_new = held_against(always_new, true, look % 10 == 0);
    never_new = held_against(never_new, false, look % 10 == 0);
  }
  EXPECT_EQ(due(honest, true), kStart + 3'600);
  EXPECT_EQ(due(honest, false), kStart + 7 * kDay_s);
  EXPECT_EQ(due(always_new, true), reference.next_check_at);
  EXPECT_EQ(due(never_new, false), reference.next_check_at);
  // One that leaves nothing out may call newer what is not, now and then; one that leaves out an eighth is not
  // believed.
  catalog::ListingRecord careless = honest, forgetful = honest;
  for (int look = 0; look < 40; ++look) careless = held_against(careless, true, look % 2 == 0);
  EXPECT_EQ(due(careless, true), kStart + 3'600);
  EXPECT_EQ(due(careless, false), kStart + 7 * kDay_s);
  for (int look = 0; look < 400; ++look) forgetful = held_against(forgetful, look % 20 < 16, look % 20 < 19);
  EXPECT_EQ(due(forgetful, false), reference.next_check_at);
  // What was long ago weighs less: one that begins to tell the truth is believed again.
  for (int look = 0; look < 1'000; ++look) {
    always_new = held_against(always_new, look % 2 == 0, look % 2 == 0);
    never_new = held_against(never_new, look % 2 == 0, look % 2 == 0);
  }
  EXPECT_EQ(due(always_new, true), kStart + 3'600);
  EXPECT_EQ(due(never_new, false), kStart + 7 * kDay_s);
}

// The gain of a look more is the same for every page: moving one from any page to any other loses.
TEST(Revisit, TheIntervalsAreTheBestForTheirNumberOfLooks) {
  const auto fresh = [](double rate, double interval) { return (1 - std::exp(-rate * interval)) / (rate * interval); };
  const auto interval_of = [](double rate) {
    catalog::CheckHistory history;  // so long watched that the estimate is the rate
    history.comparisons = 60;
    history.watched_s = static_cast<std::int64_t>(60 * kDay_s * 0.2 / rate);
    history.changes = static_cast<std::uint32_t>(std::lround(60.5 - 60.5 * std::exp(-0.2)));
    const double found = change_rate(history, kDay_s) * kDay_s;
    return std::pair(found, static_cast<double>(revisit_interval_s(history, kDay_s)) / kDay_s);
  };
  for (const double rate : {0.01, 0.03, 0.1, 0.2})
    for (const double other : {0.02, 0.05, 0.15, 0.3}) {
      const auto [one_rate, one] = interval_of(rate);
      const auto [other_rate, two] = interval_of(other);
      if (one > 6.9 || two > 6.9) continue;  // the ceiling
      const double now = fresh(one_rate, one) + fresh(other_rate, two);
      for (const double moved : {0.05, -0.05})  // looks a day, from one page to the other
        EXPECT_GE(now + 1e-9, fresh(one_rate, 1 / (1 / one + moved)) + fresh(other_rate, 1 / (1 / two - moved)))
            << rate << " and " << other;
    }
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
