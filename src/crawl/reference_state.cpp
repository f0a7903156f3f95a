#include "crawl/reference_state.h"

#include <algorithm>

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;

constexpr const char* kGoneReason = "HTTP 410";
constexpr std::int64_t kDay_s = 86'400;
constexpr std::uint32_t kRefusals = 3;  // in a row

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

// The last thing its server said of a suspect is that it is not there: trouble on the way is no reason to show it
// again, nor evidence that it is dead. So the time since the last look does not count as absence: a page that is away
// for an hour before its host is down for ten days, and for an hour after, was not away for ten days.
void trouble_on_the_way(Reference& reference, const Reference& before, const Observation& seen,
                        const LifePolicy& policy) {
  const std::int64_t wait_s = policy.suspect_recheck_s[1];
  const Timestamp last_look = std::max(before.checked_at, before.next_check_at - wait_s);
  reference.first_failure_at += std::max<std::int64_t>(0, seen.at - last_look);
  reference.next_check_at = seen.at + std::max(wait_s, seen.retry_after_s.value_or(0));
}

// Up to half less, by the reference's number. The pages of a host went down in one pass, and would all look for it
// again in one pass: an hour in which it is back, between two outages, was seen by none of a hundred, each of which
// then counted both outages as one.
std::int64_t spread_s(std::int64_t wait_s, ReferenceId id) {
  constexpr std::uint32_t kGolden = 2'654'435'769;            // Knuth's multiplicative hash: neighbours come far apart
  const std::int64_t part = (to_number(id) * kGolden) >> 22;  // 0 to 1,023
  return wait_s - wait_s / 2 * part / 1'024;
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
  const std::int64_t spread = wait_s > kDay_s ? spread_s(wait_s, reference.id) : wait_s;
  reference.next_check_at = seen.at + std::max(spread, seen.retry_after_s.value_or(0));
}

void blocked(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  enter(reference, ReferenceState::blocked, seen.at);
  reference.failures = 0;
  reference.first_failure_at = 0;
  reference.reason = seen.reason;
  reference.next_check_at = seen.at + std::max(policy.blocked_recheck_s, seen.retry_after_s.value_or(0));
}

// We would not read what is there now: it is too large, of another kind, empty, or leads where nothing may be fetched.
// That is no death, but what the index holds is not there either: after three such looks over a day it is BLOCKED, out
// of answers until it can be read. Not at the first, since a network at fault (a captive portal) refuses everything.
void refused(Reference& reference, const Reference& before, const Observation& seen, std::int64_t revisit_after_s,
             const LifePolicy& policy) {
  if (before.state == ReferenceState::suspect) return trouble_on_the_way(reference, before, seen, policy);
  reference.next_check_at = seen.at + revisit_after_s;
  if (before.state != ReferenceState::live && before.state != ReferenceState::moved) return;
  count_failure(reference, before.state, seen.at);
  reference.reason = seen.reason;
  if (reference.failures >= kRefusals && seen.at - reference.first_failure_at >= kDay_s)
    return blocked(reference, seen, policy);
  reference.next_check_at = seen.at + std::min(revisit_after_s, policy.blocked_recheck_s);
}

// A tombstone stays one, whatever is in the way, until the document is there again.
void still_gone(Reference& reference, const Observation& seen, const LifePolicy& policy) {
  reference.failures = std::min<std::uint32_t>(reference.failures + 1, policy.gone_recheck_s.size() - 1);
  reference.next_check_at = seen.at + policy.gone_recheck_s[reference.failures];
}

Reference next_of_known_state(const Reference& reference, const Observation& observation, std::int64_t revisit_after_s,
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
    refused(next, reference, observation, revisit_after_s, policy);
  } else if (next.state == ReferenceState::gone) {
    still_gone(next, observation, policy);
  } else if (outcome == Outcome::missing) {
    missing(next, observation, policy);
  } else if (next.state == ReferenceState::suspect && observation.status != 451) {
    trouble_on_the_way(next, reference, observation, policy);
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

}  // namespace

Reference next_reference(const Reference& reference, const Observation& observation, std::int64_t revisit_after_s,
                         const LifePolicy& policy, bool kept) {
  const bool was_archived = reference.state == ReferenceState::archived;
  Reference before = reference;
  if (was_archived) before.state = ReferenceState::suspect;
  Reference next = next_of_known_state(before, observation, revisit_after_s, policy);
  const bool dead = next.state == ReferenceState::gone;
  const bool archives = kept && reference.state != ReferenceState::gone &&
                        (was_archived || observation.outcome == Outcome::missing) &&
                        (next.state == ReferenceState::suspect || dead);
  if (!archives) {
    if (was_archived && next.state == ReferenceState::suspect) next.state_since = observation.at;
    return next;
  }
  if (dead) next.failures = before.failures + 1;  // so that the next look finds it as dead
  next.state = ReferenceState::archived;
  next.state_since = was_archived ? reference.state_since : observation.at;
  return next;
}

bool may_be_shown(ReferenceState state) { return catalog::is_showable(state); }

}  // namespace renvoi::crawl
