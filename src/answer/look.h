// One reference looked at again: fetch, or cache after a 304 or a dead host; extract; judge.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "answer/evidence.h"

namespace renvoi::answer {

struct Look {
  catalog::Reference reference;               // with its new state
  std::optional<extract::Document> document;  // nothing: dropped
  std::string reason;                         // why it was dropped
  Timestamp checked_at = 0;
  bool verified = false;  // its server, or its file, was asked just now: false for what only the cache says
};

// Never an error: a reference that cannot be read is dropped. Writes back what it learnt when the collection can be
// written and the look was not cut short by `stop`.
Look look_again(const EvidenceReader& reader, const catalog::Reference& known, std::stop_token stop);

// A page of the web that no source holds: its reference has no id. Nothing of it is stored.
Look look_at_page(const EvidenceReader& reader, const std::string& address, const catalog::SourcePolicy& policy,
                  std::stop_token stop);

}  // namespace renvoi::answer
