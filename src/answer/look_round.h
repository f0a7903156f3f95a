// Documents looked at side by side within a time: the best first, the next for each that is dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "answer/look.h"

namespace renvoi::answer {

// One look at the i-th document. Called on several threads at once.
using LookAt = std::function<Look(std::size_t i, std::stop_token stop)>;

// One for each of `count`, in their order; nothing for those that nobody had to look at. What was cut short is what
// `look_at` makes of it when it is stopped.
std::vector<std::optional<Look>> look_in_order(std::size_t count, const LookAt& look_at, const LookBudget& budget,
                                               std::stop_token stop);

// The same for references: what was cut short is taken from the cache as of its last check (Look::verified is false),
// or dropped.
std::vector<std::optional<Look>> look_in_order(const EvidenceReader& reader,
                                               std::span<const catalog::Reference> references, const LookBudget& budget,
                                               std::stop_token stop);

}  // namespace renvoi::answer
