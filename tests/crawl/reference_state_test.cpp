#include "crawl/reference_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;

constexpr std::int64_t kHour_s = 3'600, kDay_s = 86'400;
constexpr Timestamp kStart = 1'800'000'000;

Observation answer(Outcome outcome, int status, Timestamp at) {
  Observation seen;
  seen.outcome = outcome;
  seen.status = status;
  seen.at = at;
  if (outcome != Outcome::fetched && outcome != Outcome::not_modified) seen.reason = "HTTP " + std::to_string(status);
  return seen;
}

Observation answer(int status, Timestamp at) {
  const Outcome outcome = status == 200                    ? Outcome::fetched
                          : status == 304                  ? Outcome::not_modified
                          : status == 404 || status == 410 ? Outcome::missing
                          : status >= 500 || status == 0   ? Outcome::unreachable
                                                           : Outcome::blocked;
  return answer(outcome, status, at);
}

Reference live() {
  Reference reference;
  reference.address = "https://example.org/a";
  reference.indexed = true;
  reference.checked_at = kStart;
  return reference;
}

// A server that always says `status`, looked at whenever the reference says, for so many days.
Reference live_through(Reference reference, int status, std::int64_t days) {
  Timestamp now = kStart;
  while (now <= kStart + days * kDay_s && reference.state != ReferenceState::gone) {
    reference = next_reference(reference, answer(status, now), kDay_s);
    now = std::max(reference.next_check_at, now + 1);
  }
  return reference;
}

TEST(ReferenceState, OneAnswerLeadsWhereTheDesignSays) {
  const std::vector<std::pair<int, ReferenceState>> table{
      {200, ReferenceState::live},      {304, ReferenceState::live},    {404, ReferenceState::suspect},
      {410, ReferenceState::suspect},   {401, ReferenceState::blocked}, {403, ReferenceState::blocked},
      {429, ReferenceState::blocked},   {451, ReferenceState::blocked}, {500, ReferenceState::host_down},
      {503, ReferenceState::host_down}, {0, ReferenceState::host_down}};
  for (const auto& [status, state] : table)
    EXPECT_EQ(next_reference(live(), answer(status, kStart + 9), kDay_s).state, state) << status;
}

TEST(ReferenceState, TroubleOfTheHostIsNotDeathForTwentyNineDays) {
  EXPECT_EQ(live_through(live(), 503, 29).state, ReferenceState::host_down);
  EXPECT_EQ(live_through(live(), 503, 60).state, ReferenceState::gone);
}

TEST(ReferenceState, HostDownKeepsTheDateOfTheLastCheck) {
  const Reference down = next_reference(live(), answer(503, kStart + kDay_s), kDay_s);
  EXPECT_EQ(down.checked_at, kStart);
  EXPECT_TRUE(may_be_shown(down.state));
}

TEST(ReferenceState, ThreeAbsencesOverAWeekAreDeathAndNotBefore) {
  Reference reference = live();
  for (const std::int64_t hours : {0, 1, 25, 100, 167})
    reference = next_reference(reference, answer(404, kStart + hours * kHour_s), kDay_s);
  EXPECT_EQ(reference.state, ReferenceState::suspect);
  EXPECT_FALSE(may_be_shown(reference.state));
  EXPECT_EQ(next_reference(reference, answer(404, kStart + 168 * kHour_s), kDay_s).state, ReferenceState::gone);
  Reference twice = next_reference(live(), answer(404, kStart), kDay_s);
  twice = next_reference(twice, answer(404, kStart + 30 * kDay_s), kDay_s);
  EXPECT_EQ(twice.state, ReferenceState::suspect);
}

TEST(ReferenceState, SuspectsAreLookedAtAfterAnHourAndThenEveryDay) {
  Reference reference = next_reference(live(), answer(404, kStart), kDay_s);
  EXPECT_EQ(reference.next_check_at, kStart + kHour_s);
  reference = next_reference(reference, answer(404, kStart + kHour_s), kDay_s);
  EXPECT_EQ(reference.next_check_at, kStart + kHour_s + kDay_s);
  for (int i = 0; i < 6; ++i) {
    const Timestamp now = reference.next_check_at;
    reference = next_reference(reference, answer(404, now), kDay_s);
    EXPECT_EQ(reference.next_check_at, now + kDay_s);
    EXPECT_EQ(reference.state, ReferenceState::suspect);
  }
  reference = next_reference(reference, answer(404, reference.next_check_at), kDay_s);
  EXPECT_EQ(reference.state, ReferenceState::gone);
  EXPECT_EQ(reference.checked_at, kStart + 7 * kDay_s + kHour_s);
}

TEST(ReferenceState, A410IsConfirmedADayLater) {
  const Reference first = next_reference(live(), answer(410, kStart), kDay_s);
  EXPECT_EQ(next_reference(first, answer(410, kStart + 23 * kHour_s), kDay_s).state, ReferenceState::suspect);
  EXPECT_EQ(next_reference(first, answer(410, kStart + 24 * kHour_s), kDay_s).state, ReferenceState::gone);
  const Reference other = next_reference(live(), answer(404, kStart), kDay_s);
  EXPECT_EQ(next_reference(other, answer(410, kStart + 24 * kHour_s), kDay_s).state, ReferenceState::suspect);
}

TEST(ReferenceState, BlockedIsNeverDeath) {
  for (const int status : {401, 403, 429, 451})
    EXPECT_EQ(live_through(live(), status, 4'000).state, ReferenceState::blocked);
}

TEST(ReferenceState, AWithdrawnPageStaysHiddenWhenItsHostIsDown) {
  Reference reference = next_reference(live(), answer(451, kStart), kDay_s);
  reference = next_reference(reference, answer(503, kStart + kDay_s), kDay_s);
  EXPECT_FALSE(may_be_shown(reference.state));
}

// Its server gives what we do not read: too large, of another kind, empty.
TEST(ReferenceState, WhatWeDoNotReadForADayIsBlockedUntilWeDo) {
  for (const auto state : {ReferenceState::live, ReferenceState::moved}) {
    Reference reference = live();
    reference.state = state;
    int looks = 0;
    Timestamp now = kStart;
    for (; may_be_shown(reference.state) && looks < 100; ++looks) {
      reference = next_reference(reference, answer(Outcome::refused, 200, now), 7 * kDay_s);
      EXPECT_LE(reference.next_check_at, now + kDay_s);
      now = reference.next_check_at;
    }
    EXPECT_EQ(looks, 3);
    EXPECT_EQ(reference.state, ReferenceState::blocked);
    EXPECT_EQ(reference.reason, "HTTP 200");
    for (int i = 0; i < 1'000; ++i, now += kDay_s)
      reference = next_reference(reference, answer(Outcome::refused, 200, now), kDay_s);
    EXPECT_EQ(reference.state, ReferenceState::blocked) << "it is never evidence of death";
    reference = next_reference(reference, answer(200, now), kDay_s);
    EXPECT_EQ(reference.state, ReferenceState::live);
    EXPECT_EQ(reference.failures, 0U);
    EXPECT_EQ(reference.reason, "");
  }
}

// Our own network may refuse everything for an hour, however often it is asked.
TEST(ReferenceState, ManyRefusalsWithinADayAndOneBetweenAnswersChangeNothing) {
  Reference reference = live();
  for (int minute = 0; minute < 600; ++minute)
    reference = next_reference(reference, answer(Outcome::refused, 0, kStart + minute * 60), kDay_s);
  EXPECT_EQ(reference.state, ReferenceState::live);
  for (int day = 1; day < 100; ++day) {
    const Timestamp now = kStart + day * kDay_s;
    reference = next_reference(reference, day % 3 == 0 ? answer(200, now) : answer(Outcome::refused, 0, now), kDay_s);
    if (day > 3) {
      EXPECT_EQ(reference.state, ReferenceState::live) << day;
    }
  }
}

// Away for an hour, then its host down for twenty days, then away for an hour again.
TEST(ReferenceState, TroubleOnTheWayIsNoAbsence) {
  for (const int trouble : {503, 0, 403, 429}) {
    Reference reference = next_reference(live(), answer(404, kStart), kDay_s);
    reference = next_reference(reference, answer(404, kStart + kHour_s), kDay_s);
    Timestamp now = reference.next_check_at;
    const Timestamp back = kStart + 20 * kDay_s;
    while (now < back) {
      reference = next_reference(reference, answer(trouble, now), kDay_s);
      EXPECT_EQ(reference.state, ReferenceState::suspect);
      now = reference.next_check_at;
    }
    reference = next_reference(reference, answer(404, now), kDay_s);
    EXPECT_EQ(reference.state, ReferenceState::suspect) << trouble;
    // What is away all the while leaves, a week of looks later.
    int days = 0;
    for (; reference.state != ReferenceState::gone && days < 100; ++days) {
      now = reference.next_check_at;
      reference = next_reference(reference, answer(404, now), kDay_s);
    }
    EXPECT_GE(days, 4) << trouble;
    EXPECT_LE(days, 7) << trouble;
  }
}

// Whoever looks once a week has looks that are far apart, and no trouble between them.
TEST(ReferenceState, AWeeklySyncSeesADeathToo) {
  Reference reference = live();
  for (int week = 0; week < 3; ++week)
    reference = next_reference(reference, answer(404, kStart + week * 7 * kDay_s), kDay_s);
  EXPECT_EQ(reference.state, ReferenceState::gone);
}

// The pages of a host that went down together do not look for it together: a few hours in which it is back are seen.
TEST(ReferenceState, LooksAtADeadHostAreSpread) {
  std::vector<Timestamp> looks;
  for (std::uint32_t id = 1; id <= 100; ++id) {
    Reference reference = live();
    reference.id = static_cast<ReferenceId>(id * 200);
    Timestamp now = kStart;
    while (now < kStart + 24 * kDay_s) {
      reference = next_reference(reference, answer(503, now), kDay_s);
      now = reference.next_check_at;
      EXPECT_LE(now - kStart, 31 * kDay_s);
      if (now > kStart + 14 * kDay_s) looks.push_back(now);
    }
  }
  std::sort(looks.begin(), looks.end());
  std::int64_t longest_s = 0;
  for (std::size_t i = 1; i < looks.size() && looks[i] < kStart + 24 * kDay_s; ++i)
    longest_s = std::max(longest_s, looks[i] - looks[i - 1]);
  EXPECT_LT(longest_s, 12 * kHour_s);
}

TEST(ReferenceState, OneRefusalOfOurOwnChangesNoState) {
  for (const auto state :
       {ReferenceState::live, ReferenceState::suspect, ReferenceState::host_down, ReferenceState::gone}) {
    Reference reference = live();
    reference.state = state;
    EXPECT_EQ(next_reference(reference, answer(Outcome::refused, 0, kStart), kDay_s).state, state);
  }
}

TEST(ReferenceState, TheSamePermanentTargetTwiceIsAMove) {
  Observation seen = answer(200, kStart);
  seen.permanent_redirect = true;
  seen.final_address = "https://example.org/b";
  Reference reference = next_reference(live(), seen, kDay_s);
  EXPECT_EQ(reference.state, ReferenceState::live);
  EXPECT_EQ(next_reference(reference, seen, kDay_s).state, ReferenceState::moved);
  seen.final_address = "https://example.org/c";
  EXPECT_EQ(next_reference(reference, seen, kDay_s).state, ReferenceState::live);
  seen.permanent_redirect = false;
  EXPECT_EQ(next_reference(reference, seen, kDay_s).moved_to, "");
}

TEST(ReferenceState, AFileThatIsNotThereIsGoneAtOnce) {
  Reference file = live();
  file.address = "file:///docs/a.md";
  EXPECT_EQ(next_reference(file, answer(404, kStart), kDay_s).state, ReferenceState::gone);
  EXPECT_EQ(next_reference(file, answer(0, kStart), kDay_s).state, ReferenceState::host_down);
}

TEST(ReferenceState, TombstonesAreLookedAtLessAndLessAndRise) {
  Reference reference = live();
  reference.state = ReferenceState::gone;
  Timestamp now = kStart;
  for (const std::int64_t days : {60, 90, 180, 180}) {
    reference = next_reference(reference, answer(404, now), kDay_s);
    EXPECT_EQ(reference.state, ReferenceState::gone);
    EXPECT_EQ(reference.next_check_at - now, days * kDay_s);
    now = reference.next_check_at;
  }
  EXPECT_EQ(next_reference(reference, answer(200, now), kDay_s).state, ReferenceState::live);
}

// A year of a server that says anything at any time: what must hold of every step.
TEST(ReferenceState, AYearOfAnyAnswersKeepsThePromises) {
  const std::vector<int> statuses{200, 304, 404, 410, 401, 403, 429, 451, 500, 503, 0};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    std::mt19937_64 random(seed);
    Reference reference = live();
    Timestamp now = kStart, last_alive = kStart, absent_since = 0, down_since = 0;
    int status = 200;
    while (now < kStart + 365 * kDay_s) {
      // Often the same again, as servers do.
      if (random() % 4 == 0) status = statuses[random() % statuses.size()];
      const ReferenceState before = reference.state;
      const Observation seen = answer(status, now);
      reference = next_reference(reference, seen, kDay_s);
      if (seen.outcome == Outcome::fetched || seen.outcome == Outcome::not_modified) {
        last_alive = now;
        absent_since = down_since = 0;
        ASSERT_EQ(reference.state, ReferenceState::live) << "seed " << seed;
      }
      if (seen.outcome == Outcome::missing && absent_since == 0) absent_since = now;
      if (seen.outcome == Outcome::unreachable && down_since == 0) down_since = now;
      if (before != ReferenceState::gone && reference.state == ReferenceState::gone) {
        ASSERT_NE(seen.outcome, Outcome::blocked) << "seed " << seed;
        ASSERT_GE(now - last_alive, kDay_s) << "seed " << seed;
        if (seen.outcome == Outcome::missing) {
          ASSERT_GE(now - absent_since, kDay_s) << "seed " << seed;
        }
        if (seen.outcome == Outcome::unreachable) {
          ASSERT_GE(now - down_since, 30 * kDay_s) << "seed " << seed;
        }
      }
      if (seen.outcome == Outcome::missing) {
        ASSERT_FALSE(may_be_shown(reference.state)) << "seed " << seed;
      }
      ASSERT_GT(reference.next_check_at, now) << "seed " << seed;
      now += 1 + static_cast<std::int64_t>(random() % (5 * kDay_s));
    }
  }
}

TEST(ReferenceState, ArchivedIsWhatWouldBeSuspectOrGoneWhileItIsKept) {
  for (const int status : {404, 410}) {
    Reference kept = live(), usual = live();
    for (Timestamp now = kStart + 5; now < kStart + 300 * kDay_s; now = kept.next_check_at) {
      kept = next_reference(kept, answer(status, now), kDay_s, {}, true);
      EXPECT_EQ(kept.state, ReferenceState::archived);
      EXPECT_EQ(kept.state_since, kStart + 5);
      EXPECT_TRUE(may_be_shown(kept.state));
      if (usual.state == ReferenceState::gone) continue;
      usual = next_reference(usual, answer(status, now), kDay_s);
      EXPECT_EQ(kept.next_check_at, usual.next_check_at) << "it is looked at as the other would be";
    }
    EXPECT_EQ(usual.state, ReferenceState::gone);
    const Timestamp now = kept.next_check_at;
    EXPECT_EQ(next_reference(kept, answer(status, now), kDay_s).state, ReferenceState::gone) << "not kept any more";
    EXPECT_EQ(next_reference(kept, answer(200, now), kDay_s, {}, true).state, ReferenceState::live);
    EXPECT_EQ(next_reference(kept, answer(503, now), kDay_s, {}, true).state, ReferenceState::archived);
    EXPECT_EQ(next_reference(kept, answer(403, now), kDay_s, {}, true).state, ReferenceState::archived);
    EXPECT_EQ(next_reference(kept, answer(451, now), kDay_s, {}, true).state, ReferenceState::blocked) << "withdrawn";
    const Reference lost = next_reference(kept, answer(503, now), kDay_s);
    EXPECT_EQ(lost.state, ReferenceState::suspect);
    EXPECT_EQ(lost.state_since, now);
  }
  // Trouble on the way archives nothing, and a tombstone stays one.
  EXPECT_EQ(next_reference(live(), answer(503, kStart), kDay_s, {}, true).state, ReferenceState::host_down);
  EXPECT_EQ(next_reference(live(), answer(403, kStart), kDay_s, {}, true).state, ReferenceState::blocked);
  const Reference dead = live_through(live(), 404, 30);
  ASSERT_EQ(dead.state, ReferenceState::gone);
  EXPECT_EQ(next_reference(dead, answer(404, kStart + 40 * kDay_s), kDay_s, {}, true).state, ReferenceState::gone);
}

}  // namespace
}  // namespace renvoi::crawl
