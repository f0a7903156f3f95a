#include "crawl/reference_state.h"

#include <algorithm>

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;

constexpr const char* kGoneReason = "HTTP 410";

void enter(Reference& reference, ReferenceState state, Timestamp at) {
  if (reference.state == state) return;
  reference.state = state;
  reference.state_since = at;
}

void alive(Reference& reference, const Observation& seen, std::int64_t revisit_after_s) {
  const bool moved = seen.permanent_redirect && !seen.final_address.empty() && seen.final_address != reference.address;
  const bool again = moved && reference.moved_to == seen.final_address;
  reference.moved_to = moved ? seen.final_address : "";
  enter(reference, again ? ReferenceState::moved : ReferenceState::live, seen.at);
  reference.failures = 0;
  reference.first_failure_at = 0;
  reference.reason.clear();
  if (seen.outcome == Outcome::fetched) reference.validators = seen.validators;
  // A 304 need not repeat both.
  if (!seen.validators.etag.empty()) reference.validators.etag = seen.validators.etag;
  if (!seen.validators.last_modified.empty()) reference.validators.last_modified = seen.validators.last_modified;
  reference.next_check_at = seen.at + revisit_after_s;
}

void gone(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  enter(reference, ReferenceState::gone, seen.at);
  reference.failures = 0;
  reference.next_check_at = seen.at + policy.gone_recheck_s[0];
}

// One more failure of a kind; another kind before it starts the count anew.
void count_failure(Reference& reference, ReferenceState state, Timestamp at) {
  if (reference.state != state || reference.first_failure_at == 0) {
    reference.failures = 0;
    reference.first_failure_at = at;
  }
  ++reference.failures;
}

void missing(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  const bool twice_410 =
      seen.status == 410 && reference.state == ReferenceState::suspect && reference.reason == kGoneReason;
  count_failure(reference, ReferenceState::suspect, seen.at);
  const std::int64_t absent_s = seen.at - reference.first_failure_at;
  reference.reason = seen.status == 410 ? kGoneReason : seen.reason;
  if (reference.address.starts_with("file:") || (twice_410 && absent_s >= policy.gone_410_confirm_s) ||
      (reference.failures >= policy.gone_missing_times && absent_s >= policy.gone_missing_s))
    return gone(reference, seen, policy);
  enter(reference, ReferenceState::suspect, seen.at);
  const std::size_t step = std::min<std::size_t>(reference.failures, policy.suspect_recheck_s.size()) - 1;
  reference.next_check_at = seen.at + policy.suspect_recheck_s[step];
}

void host_down(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  count_failure(reference, ReferenceState::host_down, seen.at);
  reference.reason = seen.reason;
  if (reference.failures >= policy.host_down_gone_tries &&
      seen.at - reference.first_failure_at >= policy.host_down_gone_s)
    return gone(reference, seen, policy);
  enter(reference, ReferenceState::host_down, seen.at);
  const std::uint32_t doublings = std::min<std::uint32_t>(reference.failures - 1, 30);
  const std::int64_t wait_s = std::min(policy.host_down_first_s << doublings, policy.host_down_longest_s);
  reference.next_check_at = seen.at + std::max(wait_s, seen.retry_after_s.value_or(0));
}

void blocked(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  enter(reference, ReferenceState::blocked, seen.at);
  reference.failures = 0;
  reference.first_failure_at = 0;
  reference.reason = seen.reason;
  reference.next_check_at = seen.at + std::max(policy.blocked_recheck_s, seen.retry_after_s.value_or(0));
}

// A tombstone stays one, whatever is in the way, until the document is there again.
void still_gone(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  reference.failures = std::min<std::uint32_t>(reference.failures + 1, policy.gone_recheck_s.size() - 1);
  reference.next_check_at = seen.at + policy.gone_recheck_s[reference.failures];
}

}  // namespace

Reference next_reference(const Reference& reference, const Observation& observation, std::int64_t revisit_after_s,
                         const LifePolicy& policy) {
  Reference next = reference;
  const Outcome outcome = observation.outcome;
  const bool answered = outcome == Outcome::fetched || outcome == Outcome::not_modified ||
                        outcome == Outcome::missing || (outcome == Outcome::blocked && observation.status != 0);
  if (answered) {
    next.checked_at = observation.at;
    ++next.history.checks;
  }
  if (outcome == Outcome::fetched || outcome == Outcome::not_modified) {
    alive(next, observation, revisit_after_s);
  } else if (outcome == Outcome::refused) {
    next.next_check_at = observation.at + revisit_after_s;
  } else if (next.state == ReferenceState::gone) {
    still_gone(next, observation, policy);
  } else if (outcome == Outcome::missing) {
    missing(next, observation, policy);
  } else if (next.state == ReferenceState::suspect && observation.status != 451) {
    // The last thing its server said of it is that it is not there: trouble on the way is no reason to show it again,
    // nor evidence that it is dead.
    next.next_check_at = observation.at + std::max(policy.suspect_recheck_s[1], observation.retry_after_s.value_or(0));
  } else if (outcome == Outcome::blocked) {
    blocked(next, observation, policy);
  } else if (next.state == ReferenceState::blocked) {
    // A withdrawn page (451) does not come back because its host is down.
    next.next_check_at = observation.at + std::max(policy.blocked_recheck_s, observation.retry_after_s.value_or(0));
  } else {
    host_down(next, observation, policy);
  }
  return next;
}

bool may_be_shown(ReferenceState state) { return catalog::is_showable(state); }

}  // namespace renvoi::crawl
