#include "base/date.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>

namespace renvoi {
namespace {

TEST(DayRange, OfADayAMonthAYear) {
  EXPECT_EQ(parse_day_range("1970-01-01"), (DayRange{0, 0}));
  EXPECT_EQ(parse_day_range("1970-02"), (DayRange{31, 58}));
  EXPECT_EQ(parse_day_range("2024"), (DayRange{19'723, 20'088}));  // a leap year
  EXPECT_EQ(parse_day_range("2024-02"), (DayRange{19'754, 19'782}));
  EXPECT_EQ(parse_day_range("1969-12-31"), (DayRange{-1, -1}));
  for (const char* bad :
       {"",           "2",          "24",        "2024-",       "2024-1",   "2024-13",    "2024-00",
        "2024-02-30", "2023-02-29", "2024-02-1", "2024-02-011", "2024 ",    " 2024",      "2024-02-01T00:00",
        "0999",       "+2024",      "-2024",     "2024-02-01-", "20240201", "2024/02/01", "abcd"})
    EXPECT_FALSE(parse_day_range(bad).has_value()) << bad;
}

// Against the C library, for days of nine thousand years.
TEST(DayRange, EveryDayIsTheOneTheCLibraryCounts) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    const Timestamp time = -30'600'000'000 + static_cast<Timestamp>(random() % 284'000'000'000);
    const auto range = parse_day_range(to_date(time));
    ASSERT_TRUE(range.has_value()) << to_date(time);
    ASSERT_EQ(range->first, day_of(time)) << to_date(time);
    ASSERT_EQ(parse_date_time(to_rfc3339(time)), time) << to_rfc3339(time);
  }
}

TEST(DateTime, ReadsWhatDocumentsWrite) {
  constexpr Timestamp kNoon = 1'795'521'600;  // 2026-11-24T12:00:00Z
  EXPECT_EQ(to_rfc3339(kNoon), "2026-11-24T12:00:00Z");
  for (const char* same :
       {"2026-11-24T12:00:00Z", "2026-11-24T12:00:00", "2026-11-24 12:00", "2026-11-24T13:00:00+01:00",
        "2026-11-24T13:00+0100", "2026-11-24T08:30:00.250-03:30", "2026-11-24t12:00:00z", " 2026-11-24T12:00:00Z\n",
        "2026-11-24 12:00:00 +0000", "2026-11-24T13:00:00+01", "2026-11-25T00:00:00+12:00", "2026-11-24T12:00:00,5Z"})
    EXPECT_EQ(parse_date_time(same), kNoon) << same;
  EXPECT_EQ(parse_date_time("2026-11-24"), kNoon - 43'200);
  for (const char* bad : {"", "2026", "2026-11", "November 24, 2026", "24/11/2026", "2026-02-30", "2026-11-24T25:00",
                          "2026-11-24T12:60", "2026-11-24T12:00:00+99:00", "2026-11-24Tnoon", "2026-11-24T12:00:00.Z",
                          "2026-11-24T12:00:00Zjunk", "0000-00-00", "2026-11-24T"})
    EXPECT_FALSE(parse_date_time(bad).has_value()) << bad;
}

TEST(HttpDate, ReadsTheFormThatMayBeSent) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);  // the example of RFC 9110
  for (const char* bad : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
                          "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(bad).has_value()) << bad;
}

TEST(DayOf, FarAwayIsCutAndBeforeTheEpochRoundsDown) {
  EXPECT_EQ(day_of(-1), -1);
  EXPECT_EQ(day_of(86'399), 0);
  EXPECT_EQ(day_of(INT64_MAX), INT32_MAX);
  EXPECT_EQ(day_of(INT64_MIN), INT32_MIN);
}

}  // namespace
}  // namespace renvoi
