// The signs of units that need no encoder.
#pragma once

#include <span>
#include <vector>

#include "answer/unit_signs.h"
#include "answer/units.h"

namespace renvoi::answer {

// Every sign but the cosines, which are 0. `in_order`: by document and place in it.
std::vector<UnitSigns> word_signs(const Evidence& evidence, std::span<const Unit> in_order, const Question& question,
                                  const TermWeights& weights);

}  // namespace renvoi::answer
