#include "base/date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace renvoi {
namespace {

constexpr std::int64_t kDay_s = 86'400;

// Takes what it reads off the front of the text.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}
  bool at_end() const { return left_.empty(); }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view text) {
    if (!left_.starts_with(text)) return false;
    left_.remove_prefix(text.size());
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (left_.size() < count) return std::nullopt;
    int value = 0;
    for (const char c : left_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    left_.remove_prefix(count);
    return value;
  }
  void skip_digits() {
    while (!left_.empty() && left_.front() >= '0' && left_.front() <= '9') left_.remove_prefix(1);
  }
  std::string_view word(std::size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view left_;
};

std::optional<std::chrono::sys_days> calendar_day(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1000 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::sys_days> take_day(Reader& in) {
  const auto year = in.digits(4);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = in.digits(2);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = in.digits(2);
  return day ? calendar_day(*year, *month, *day) : std::nullopt;
}

// "10:15", "10:15:30", "10:15:30.125". A leap second counts as the one before it.
std::optional<std::int64_t> take_time_s(Reader& in) {
  const auto hour = in.digits(2);
  if (!hour || *hour > 23 || !in.take(':')) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int second = 0;
  if (in.take(':')) {
    const auto read = in.digits(2);
    if (!read || *read > 60) return std::nullopt;
    second = std::min(*read, 59);
    if (in.take('.') || in.take(',')) {
      if (!in.digits(1)) return std::nullopt;
      in.skip_digits();
    }
  }
  return *hour * 3'600 + *minute * 60 + second;
}

// "Z", "+01:00", "-0330", "+01"; nothing is UTC.
std::optional<std::int64_t> take_zone_s(Reader& in) {
  in.take(' ');
  if (in.at_end() || in.take('Z') || in.take('z')) return 0;
  const bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  const auto hours = in.digits(2);
  if (!hours || *hours > 15) return std::nullopt;
  int minutes = 0;
  if (!in.at_end()) {
    in.take(':');
    const auto read = in.digits(2);
    if (!read || *read > 59) return std::nullopt;
    minutes = *read;
  }
  const std::int64_t east_s = *hours * 3'600 + minutes * 60;
  return west ? -east_s : east_s;
}

Timestamp seconds_at(std::chrono::sys_days day) { return day.time_since_epoch().count() * kDay_s; }

}  // namespace

std::optional<DayRange> parse_day_range(std::string_view text) {
  Reader in(text);
  const auto year = in.digits(4);
  if (!year) return std::nullopt;
  int first_month = 1, last_month = 12;
  if (in.take('-')) {
    const auto month = in.digits(2);
    if (!month) return std::nullopt;
    first_month = last_month = *month;
    if (in.take('-')) {
      const auto day = in.digits(2);
      const auto only = day && in.at_end() ? calendar_day(*year, *month, *day) : std::nullopt;
      if (!only) return std::nullopt;
      const auto number = static_cast<Day>(only->time_since_epoch().count());
      return DayRange{number, number};
    }
  }
  const auto first = in.at_end() ? calendar_day(*year, first_month, 1) : std::nullopt;
  if (!first) return std::nullopt;
  const std::chrono::sys_days last(std::chrono::year_month_day_last(
      std::chrono::year(*year), std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(last_month)))));
  return DayRange{static_cast<Day>(first->time_since_epoch().count()),
                  static_cast<Day>(last.time_since_epoch().count())};
}

Day day_of(Timestamp time) {
  const Timestamp day = time / kDay_s - (time % kDay_s < 0 ? 1 : 0);
  return static_cast<Day>(std::clamp<Timestamp>(day, std::numeric_limits<Day>::min(), std::numeric_limits<Day>::max()));
}

std::string to_date(Timestamp time) { return to_rfc3339(time).substr(0, 10); }

std::optional<Timestamp> parse_date_time(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return std::nullopt;
  Reader in(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
  const auto day = take_day(in);
  if (!day) return std::nullopt;
  if (in.at_end()) return seconds_at(*day);
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  const auto time_s = take_time_s(in);
  const auto zone_s = time_s ? take_zone_s(in) : std::nullopt;
  if (!zone_s || !in.at_end()) return std::nullopt;
  return seconds_at(*day) + *time_s - *zone_s;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  Reader in(text);
  if (std::find(kDays.begin(), kDays.end(), in.word(3)) == kDays.end() || !in.take(", ")) return std::nullopt;
  const auto day = in.digits(2);
  if (!day || !in.take(' ')) return std::nullopt;
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), in.word(3));
  if (month == kMonths.end() || !in.take(' ')) return std::nullopt;
  const auto year = in.digits(4);
  const auto date = year ? calendar_day(*year, static_cast<int>(month - kMonths.begin()) + 1, *day) : std::nullopt;
  if (!date || !in.take(' ')) return std::nullopt;
  const auto time_s = take_time_s(in);
  if (!time_s || !in.take(" GMT") || !in.at_end()) return std::nullopt;
  return seconds_at(*date) + *time_s;
}

}  // namespace renvoi
