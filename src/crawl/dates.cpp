#include "crawl/dates.h"

#include <array>
#include <chrono>
#include <string>

#include "crawl/ascii.h"

namespace renvoi::crawl {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;

// Reads from the front of what is left, or not at all.
struct Reader {
  std::string_view rest;

  std::optional<int> number(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t digits = 0;
    while (digits < most && digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9')
      value = value * 10 + (rest[digits++] - '0');
    if (digits < least) return {};
    rest.remove_prefix(digits);
    return value;
  }
  bool one(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void spaces() {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  }
  std::string_view word() {
    std::size_t end = 0;
    while (end < rest.size() && lower(rest[end]) >= 'a' && lower(rest[end]) <= 'z') ++end;
    const std::string_view found = rest.substr(0, end);
    rest.remove_prefix(end);
    return found;
  }
};

std::optional<Timestamp> midnight(int y, int m, int d) {
  const std::chrono::year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  if (y < 1970 || y > 9999 || !date.ok()) return {};
  return std::chrono::duration_cast<std::chrono::seconds>(sys_days(date).time_since_epoch()).count();
}

// "Z", "+01:00", "-0500", "GMT", "EST"; nothing when it is none of them. Seconds east of Greenwich.
std::optional<int> zone(Reader& reader) {
  if (reader.rest.empty()) return 0;
  const bool west = reader.rest.front() == '-';
  if (west || reader.rest.front() == '+') {
    reader.rest.remove_prefix(1);
    const auto hours = reader.number(2, 2);
    reader.one(':');
    const auto minutes = reader.number(2, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return {};
    return (west ? -1 : 1) * (*hours * 3'600 + *minutes * 60);
  }
  struct Named {
    std::string_view name;
    int hours;
  };
  // RFC 822 section 5.
  constexpr std::array kZones{Named{"z", 0},    Named{"ut", 0},   Named{"utc", 0},  Named{"gmt", 0},
                              Named{"est", -5}, Named{"edt", -4}, Named{"cst", -6}, Named{"cdt", -5},
                              Named{"mst", -7}, Named{"mdt", -6}, Named{"pst", -8}, Named{"pdt", -7}};
  const std::string name = lower(reader.word());
  for (const Named& known : kZones)
    if (known.name == name) return known.hours * 3'600;
  return {};
}

// "07:30[:15[.25]]" and a zone, after `date`.
std::optional<Timestamp> with_time(Timestamp date, Reader& reader) {
  const auto hours = reader.number(1, 2);
  if (!hours || *hours > 24 || !reader.one(':')) return {};
  const auto minutes = reader.number(2, 2);
  if (!minutes || *minutes > 59) return {};
  int seconds = 59;
  if (reader.one(':')) {
    const auto given = reader.number(2, 2);
    if (!given || *given > 60) return {};
    seconds = *given;
    if (reader.one('.')) (void)reader.number(1, 9);
  }
  reader.spaces();
  const auto east = zone(reader);
  if (!east) return {};
  return date + *hours * 3'600 + *minutes * 60 + seconds - *east;
}

std::optional<Timestamp> w3c(Reader reader) {
  constexpr Timestamp kDay_s = 86'400;
  const auto y = reader.number(4, 4);
  if (!y) return {};
  if (reader.rest.empty()) {
    const auto next = midnight(*y + 1, 1, 1);
    return next && *y >= 1970 ? std::optional(*next - 1) : std::nullopt;
  }
  if (!reader.one('-')) return {};
  const auto m = reader.number(2, 2);
  if (!m) return {};
  if (reader.rest.empty()) {
    const auto next = *m == 12 ? midnight(*y + 1, 1, 1) : midnight(*y, *m + 1, 1);
    return next && midnight(*y, *m, 1) ? std::optional(*next - 1) : std::nullopt;
  }
  if (!reader.one('-')) return {};
  const auto d = reader.number(2, 2);
  const auto date = d ? midnight(*y, *m, *d) : std::nullopt;
  if (!date) return {};
  if (reader.rest.empty()) return *date + kDay_s - 1;
  if (!reader.one('T') && !reader.one('t') && !reader.one(' ')) return {};
  return with_time(*date, reader);
}

// "Tue, 24 Nov 2026 09:53:46 GMT"; the day of the week, the seconds and two digits of the year may lack.
std::optional<Timestamp> rfc822(Reader reader) {
  constexpr std::array kMonths{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  if (!reader.word().empty()) {
    reader.one(',');
    reader.spaces();
  }
  const auto d = reader.number(1, 2);
  reader.spaces();
  reader.one('-');
  const std::string name = lower(reader.word().substr(0, 3));
  reader.one('-');
  reader.spaces();
  auto y = reader.number(2, 4);
  if (!d || !y) return {};
  if (*y < 100) *y += *y < 70 ? 2'000 : 1'900;
  int m = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (name == kMonths[i]) m = static_cast<int>(i) + 1;
  const auto date = m != 0 ? midnight(*y, m, *d) : std::nullopt;
  if (!date) return {};
  reader.spaces();
  if (reader.rest.empty()) return *date + 86'400 - 1;
  return with_time(*date, reader);
}

}  // namespace

std::optional<Timestamp> parse_date(std::string_view text) {
  text = trim(text);
  if (text.size() > 64) return {};
  if (const auto date = w3c({text})) return date;
  return rfc822({text});
}

}  // namespace renvoi::crawl
