// Dates as people and documents write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace renvoi {

// Days since 1970-01-01, of the Gregorian calendar, in UTC.
using Day = std::int32_t;

struct DayRange {
  Day first = 0;
  Day last = 0;
  bool operator==(const DayRange&) const = default;
};

// The days that "2026-11-24", "2026-11" or "2026" names, of the years 1000 to 9999. Nothing for anything else.
std::optional<DayRange> parse_day_range(std::string_view text);
// The day that holds `time`; one far from any calendar is cut to the nearest that a Day can hold.
Day day_of(Timestamp time);
// "2026-11-24".
std::string to_date(Timestamp time);

// A whole date, or date and time, of ISO 8601's extended form as RFC 3339 and HTML write it: "2026-11-24",
// "2026-11-24T10:15:00.5+01:00", "2026-11-24 10:15", "2026-11-24T10:15:00+0100". Without a zone it is UTC. Nothing for
// anything else: no date without its day, none that is not in the calendar.
std::optional<Timestamp> parse_date_time(std::string_view text);
// An HTTP-date in its one form that may be sent, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace renvoi
