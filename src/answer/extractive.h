// An answer without generation: the best sentences, quoted, each with its citation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "answer/units.h"

namespace renvoi::answer {

// The units to quote: the best one, then those not far below it that say something else; at most `most`, neighbouring
// sentences joined to one quote. Best first. `ranked` as from rank_units.
std::vector<Unit> choose_units(const Evidence& evidence, std::span<const ScoredUnit> ranked, std::uint32_t most);

// A quote as it is shown: trimmed, its own [n] marks made (n) so that none passes for a citation, list items on lines
// of their own.
std::string shown_quote(const Evidence& evidence, const Unit& unit);

}  // namespace renvoi::answer
