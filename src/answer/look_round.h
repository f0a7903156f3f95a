// The documents that were found, looked at again side by side: the best first, the next for each that is dropped.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "answer/look.h"

namespace renvoi::answer {

// One for each of `references`, in their order; nothing for those that nobody had to look at. What was cut short is
// taken from the cache as of its last check (Look::verified is false), or dropped.
std::vector<std::optional<Look>> look_in_order(const EvidenceReader& reader,
                                               std::span<const catalog::Reference> references, const LookBudget& budget,
                                               std::stop_token stop);

}  // namespace renvoi::answer
