// The reference life cycle (DESIGN section 9) as one pure function: (reference, observation, policy) -> reference.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "catalog/types.h"
#include "crawl/observation.h"

namespace renvoi::crawl {

struct LifePolicy {
  // After the first absence, the second, and each further one: with a single look a week later, two short absences
  // would look like one long one (docs/decisions/0011-life-of-references.md).
  std::array<std::int64_t, 3> suspect_recheck_s{3'600, 86'400, 86'400};
  std::int64_t gone_410_confirm_s = 86'400;  // a 410 again this much later is GONE
  std::uint32_t gone_missing_times = 3;      // any other absence: so often,
  std::int64_t gone_missing_s = 7 * 86'400;  // over at least this long
  std::int64_t host_down_first_s = 3'600;    // back-off, doubling, up to
  std::int64_t host_down_longest_s = 7 * 86'400;
  std::int64_t host_down_gone_s = 30 * 86'400;  // GONE after so long
  std::uint32_t host_down_gone_tries = 8;       // and so many tries
  std::int64_t blocked_recheck_s = 86'400;
  std::int64_t mass_death_s = 7 * 86'400;  // more than half of a host missing or dead within that: hold
  std::array<std::int64_t, 4> gone_recheck_s{30 * 86'400, 60 * 86'400, 90 * 86'400, 180 * 86'400};
};

// The reference after `observation`: state, state_since, checked_at, next_check_at, failures, reason, moved_to,
// validators (of a fetched or unmodified answer), history.checks. Fingerprint, title and passages are not touched: they
// follow from extraction. Files that are not there are GONE at once when their folder is: the file system does not lie
// as a web server does.
// `kept`: its source serves what is gone, and the cache holds it: what would be SUSPECT or GONE because it is missing
// is ARCHIVED, looked at as if it were the other, and back to that with the first look at which it is not kept.
catalog::Reference next_reference(const catalog::Reference& reference, const Observation& observation,
                                  std::int64_t revisit_after_s, const LifePolicy& policy = {}, bool kept = false);

// May it be in a search result or an answer? LIVE, MOVED, HOST_DOWN (with the date of the last check), and ARCHIVED.
bool may_be_shown(catalog::ReferenceState state);

}  // namespace renvoi::crawl
