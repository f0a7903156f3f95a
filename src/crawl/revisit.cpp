#include "crawl/revisit.h"

#include <algorithm>
#include <cmath>

namespace renvoi::crawl {
namespace {

constexpr std::uint32_t kMostComparisons = 64;  // then what is old is worth half
constexpr double kFirstChanges = 0.5;           // in a revisit_after_s, of a page that was read once
constexpr double kPriorChanges = 1.0 / 6;       // beside those that were seen
constexpr std::int64_t kByHints = 2;

}  // namespace

catalog::CheckHistory compared(catalog::CheckHistory history, Timestamp at, bool changed, std::int64_t listed_each_s) {
  if (history.compared_at != 0 && at > history.compared_at) {
    const std::int64_t readings = listed_each_s > 0 ? (at - history.compared_at) / listed_each_s : 0;
    history.comparisons += static_cast<std::uint32_t>(std::clamp<std::int64_t>(readings, 1, kMostComparisons));
    history.changes += changed ? 1 : 0;
    history.watched_s += at - history.compared_at;
  }
  history.compared_at = std::max(at, history.compared_at);
  while (history.comparisons >= kMostComparisons) {
    // Half of an odd number is rounded by what is as good as chance, and the same everywhere.
    history.changes = (history.changes + static_cast<std::uint32_t>(history.watched_s & 1)) / 2;
    history.comparisons /= 2;
    history.watched_s /= 2;
  }
  return history;
}

double change_rate(const catalog::CheckHistory& history, std::int64_t base_s) {
  const auto base = static_cast<double>(std::max<std::int64_t>(base_s, 1));
  if (history.comparisons == 0 || history.watched_s <= 0) return kFirstChanges / base;
  const double looks = history.comparisons;
  const double changes = std::min<double>(history.changes, looks);
  const auto watched = static_cast<double>(history.watched_s);
  const double seen = -std::log((looks - changes + 0.5) / (looks + 0.5)) / (watched / looks);
  return seen + kPriorChanges / std::max(watched, base);
}

std::int64_t revisit_interval_s(const catalog::CheckHistory& history, std::int64_t base_s,
                                const RevisitPolicy& policy) {
  if (base_s <= 0) return 0;
  if (!policy.adaptive) return base_s;
  const auto base = static_cast<double>(base_s);
  const double interval = base * std::cbrt(kFirstChanges / (change_rate(history, base_s) * base));
  const auto whole = static_cast<std::int64_t>(std::min(interval, 1e12));
  return std::clamp(whole, std::min(policy.shortest_s, base_s), std::max(policy.longest_s, base_s));
}

Timestamp due_when_listed(const catalog::Reference& reference, Timestamp modified_at, Timestamp now,
                          std::int64_t base_s, const RevisitPolicy& policy) {
  const catalog::CheckHistory& history = reference.history;
  if (modified_at == 0 || modified_at > now || base_s <= 0 || !policy.adaptive) return reference.next_check_at;
  const std::int64_t usual_s = revisit_interval_s(history, base_s, policy);
  if (modified_at > history.compared_at)
    return std::min(std::max(now, history.compared_at + usual_s / kByHints), reference.next_check_at);
  const std::int64_t quiet_s = std::min(usual_s * kByHints, std::max(policy.longest_s, base_s));
  return std::max(history.compared_at + quiet_s, reference.next_check_at);
}

bool asks_unconditionally(const catalog::Reference& reference, const RevisitPolicy& policy) {
  const std::uint32_t each = policy.unconditional_each;
  return each != 0 && (to_number(reference.id) + reference.history.checks) % each == 0;
}

}  // namespace renvoi::crawl
