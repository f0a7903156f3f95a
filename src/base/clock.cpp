#include "base/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>

namespace renvoi {

Timestamp SystemClock::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string to_rfc3339(Timestamp time) {
  const std::time_t seconds = time;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "invalid time";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  if (text.size() != 20) return std::nullopt;
  std::tm parts{};
  char zone = 0;
  int used = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &zone, &used) != 7 ||
      zone != 'Z' || used != 20)
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const Timestamp time = timegm(&parts);
  if (to_rfc3339(time) != text) return std::nullopt;  // 31 February and the like
  return time;
}

}  // namespace renvoi
