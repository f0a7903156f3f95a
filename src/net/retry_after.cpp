#include "net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/date.h"

namespace renvoi::net {
namespace {

constexpr std::int64_t kLongest_s = 30 * 86'400;

}  // namespace

std::optional<std::int64_t> retry_after_s(const FetchResponse& response, Timestamp now) {
  std::string value = response.header("retry-after");
  value.erase(0, std::min(value.find_first_not_of(" \t"), value.size()));
  value.erase(value.find_last_not_of(" \t") + 1);
  if (value.empty()) return {};
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size()) {
    const auto until = parse_http_date(value);
    if (!until) return {};
    seconds = *until - parse_http_date(response.header("date")).value_or(now);
  }
  return std::clamp<std::int64_t>(seconds, 0, kLongest_s);
}

}  // namespace renvoi::net
