#include "crawl/revisit.h"

#include <algorithm>
#include <cmath>

namespace renvoi::crawl {
namespace {

constexpr std::uint32_t kMostComparisons = 64;  // then what is old is worth half
constexpr double kFirstChanges = 0.19;          // in a revisit_after_s, of a page that was read once
constexpr double kPriorChanges = 1.0 / 11;      // beside those that were seen
constexpr std::uint32_t kMostLooks = 256;       // that a ListingRecord holds of either kind
constexpr std::uint32_t kEnoughChanges = 6;     // seen on a host, to say what its lists leave out
constexpr std::int64_t kDay_s = 86'400;
// What one more look in a base interval must gain, in freshness: so much that a page that was read once, and is taken
// to change once in five base intervals, has just that interval: (1 - (1 + x) exp(-x)) / x at x = kFirstChanges.
constexpr double kWorth = 0.083783;

// The interval, in base intervals, of a page that changes `rate` times in one. With x = rate * interval, the gain in
// freshness by one more look is 1 - (1 + x) exp(-x) over the rate; it is the same for all pages where nothing is
// wasted.
double best_interval(double rate) {
  if (kWorth * rate >= 1) return 1;
  double low = 0, high = 16;
  for (int i = 0; i < 50; ++i) {
    const double x = (low + high) / 2;
    (1 - (1 + x) * std::exp(-x) < kWorth * rate ? low : high) = x;
  }
  // What changes many times in a base interval is fresh for so little of one that looks at it are wasted; but nothing
  // is given up for that.
  return kWorth * rate > 0.5 ? std::min(low / rate, 1.0) : low / rate;
}

void halve_at(std::uint32_t most, std::uint32_t& all, std::uint32_t& some) {
  if (all < most) return;
  all /= 2;
  some /= 2;
}

}  // namespace

catalog::CheckHistory compared(catalog::CheckHistory history, Timestamp at, bool changed) {
  if (history.compared_at != 0 && at > history.compared_at) {
    ++history.comparisons;
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
  const double interval = base * best_interval(change_rate(history, base_s) * base);
  const auto whole = static_cast<std::int64_t>(std::llround(std::min(interval, 1e12)));
  return std::clamp(whole, std::min(policy.shortest_s, base_s), std::max(policy.longest_s, base_s));
}

catalog::ListingRecord held_against(catalog::ListingRecord record, bool said_newer, bool changed) {
  halve_at(kMostLooks, record.newer, record.newer_changed);
  halve_at(kMostLooks, record.quiet, record.quiet_changed);
  ++(said_newer ? record.newer : record.quiet);
  if (changed) ++(said_newer ? record.newer_changed : record.quiet_changed);
  return record;
}

namespace {

bool tells_what_is_newer(const catalog::ListingRecord& record) {
  return (record.newer_changed + 1) * 2 >= record.newer + 2;
}

enum class Completeness : std::uint8_t { unknown, complete, leaves_out };

Completeness completeness(const catalog::ListingRecord& record) {
  const std::uint32_t changes = record.newer_changed + record.quiet_changed;
  if (changes < kEnoughChanges) return Completeness::unknown;
  return record.quiet_changed * 8 > changes ? Completeness::leaves_out : Completeness::complete;
}

}  // namespace

std::int64_t list_interval_s(const catalog::ListingRecord& record, const RevisitPolicy& policy) {
  constexpr std::int64_t kForNewPagesOnly = 4;
  const bool useful = tells_what_is_newer(record) && completeness(record) != Completeness::leaves_out;
  return policy.lists_s * (useful ? 1 : kForNewPagesOnly);
}

Timestamp due_when_listed(const catalog::Reference& reference, Timestamp modified_at, Timestamp now,
                          const catalog::ListingRecord& record, std::int64_t base_s, const RevisitPolicy& policy) {
  const catalog::CheckHistory& history = reference.history;
  const Timestamp seen_at = std::max(history.compared_at, reference.checked_at);
  if (modified_at == 0 || modified_at > now + kDay_s || base_s <= 0 || !policy.adaptive) return reference.next_check_at;
  if (modified_at > seen_at) {
    if (!tells_what_is_newer(record)) return reference.next_check_at;
    return std::min(seen_at + std::min(policy.shortest_s, base_s), reference.next_check_at);
  }
  const Completeness complete = completeness(record);
  if (complete == Completeness::leaves_out) return reference.next_check_at;
  const std::int64_t ceiling_s = std::max(policy.longest_s, base_s);
  const std::int64_t quiet_s = complete == Completeness::complete
                                   ? ceiling_s
                                   : std::min(revisit_interval_s(history, base_s, policy) * 2, ceiling_s);
  return std::max(seen_at + quiet_s, reference.next_check_at);
}

bool asks_unconditionally(const catalog::Reference& reference, const RevisitPolicy& policy) {
  const std::uint32_t each = policy.unconditional_each;
  return each != 0 && (to_number(reference.id) + reference.history.checks) % each == 0;
}

}  // namespace renvoi::crawl
