#include "answer/unit_signs.h"

#include <numeric>

namespace renvoi::answer {

float score_of(const UnitSigns& signs) {
  return std::inner_product(signs.values.begin(), signs.values.end(), kSignWeights.begin(), 0.0F);
}

}  // namespace renvoi::answer
