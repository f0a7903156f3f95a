// What an operator asks of all references: which ones, how many by source and state, and what happened by day.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/date.h"
#include "base/ids.h"
#include "catalog/types.h"

namespace renvoi::catalog {

// A reference is listed when it meets all that is given; an empty list or text: whatever it is.
struct ReferenceFilter {
  std::vector<SourceId> sources;
  std::vector<ReferenceState> states;
  std::vector<std::string> languages, types;
  std::optional<Timestamp> dated_from, dated_until;      // Reference::date, both included; what has none is left out
  std::optional<Timestamp> checked_from, checked_until;  // Reference::checked_at, the same
  std::string text;                                      // in address or title; ASCII letters in either case
};

struct ReferenceList {
  std::vector<Reference> references;  // by id
  // Where the next call goes on; none: that was all. It may be there though few were found, or none: one call looks at
  // so many references and no more.
  ReferenceId next = ReferenceId::none;
};

struct SourceCounts {
  SourceId source = SourceId::none;
  std::uint64_t references_by_state[kReferenceStates] = {};  // by ReferenceState
};

// Events of the audit trail that happened on one day (UTC) to references of one source.
struct DayCount {
  Day day = 0;
  SourceId source = SourceId::none;  // none: the reference is no more, or its source is being removed
  std::string event;                 // as AuditEntry::event
  std::uint64_t number = 0;
};

}  // namespace renvoi::catalog
