#include "search/what_waits.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace renvoi::search {
namespace {

constexpr std::int64_t kPatienceWithAHost_s = 86'400;

// "https://a.org" of "https://a.org/b".
std::string_view origin_of(std::string_view address) {
  const std::size_t host = address.find("://");
  return host == std::string_view::npos ? address : address.substr(0, address.find('/', host + 3));
}

}  // namespace

bool hold_up_a_change(std::span<const catalog::Reference> waiting, Timestamp now) {
  using enum catalog::ReferenceState;
  std::map<std::string_view, Timestamp> down_since;
  for (const catalog::Reference& reference : waiting) {
    if (reference.state != host_down || now - reference.first_failure_at < kPatienceWithAHost_s) continue;
    const auto [known, added] = down_since.try_emplace(origin_of(reference.address), reference.first_failure_at);
    if (!added) known->second = std::min(known->second, reference.first_failure_at);
  }
  return std::any_of(waiting.begin(), waiting.end(), [&](const catalog::Reference& reference) {
    if (!reference.indexed) return false;
    if (reference.state == host_down) return now - reference.first_failure_at < kPatienceWithAHost_s;
    if (reference.state != live && reference.state != moved) return false;
    const auto down = down_since.find(origin_of(reference.address));
    return down == down_since.end() || reference.checked_at > down->second;
  });
}

}  // namespace renvoi::search
