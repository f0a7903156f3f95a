// Do people really look? Known-wrong proposals, hidden among the others, tell.
//
// A check is an annotation by an agent of kind `check`, on an item whose class is verified, with another class. In the
// queue it looks like any proposal. Whoever accepts it did not look; whoever rejects or corrects it did. Checks and the
// words about them have no part in the state of an item (state.h).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/result.h"
#include "dataset/assertion_store.h"
#include "dataset/settings.h"

namespace renvoi::dataset {

// Plants up to `count` checks on verified items without one, the same for the same seed. Gives their numbers; fewer
// where there are not enough items, or only one class.
Result<std::vector<AssertionNumber>> plant_checks(AssertionStore& store, std::uint32_t items, const Rule& rule,
                                                  std::uint32_t count, std::uint64_t seed, Timestamp now);

struct Attention {
  std::uint32_t caught = 0, missed = 0;
};
// By person. O(all assertions).
Result<std::map<AgentNumber, Attention>> attention_of(const AssertionStore& store);

}  // namespace renvoi::dataset
