// What a person is asked next.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataset/assertion_store.h"
#include "dataset/settings.h"
#include "dataset/state.h"

namespace renvoi::dataset {

struct Task {
  ItemNumber item = 0;
  State state = State::none;
  AssertionNumber proposal = 0;  // to be accepted, rejected or corrected; 0: the item has none
  Selector selector;
  Body body;  // of the proposal
  float confidence = -1;
};

// At most `limit` tasks for a person who has no word on them yet: disputed items first, then proposals, the least
// confident first, then items without any. Attention checks stand among the proposals and look like them. Items for
// which `wanted` is false (removed ones) are left out. The same assertions give the same queue. O(items + assertions).
Result<std::vector<Task>> queue_for(const AssertionStore& store, const Agent& person, std::uint32_t items,
                                    const std::function<bool(ItemNumber)>& wanted, const Rule& rule, std::size_t limit);

}  // namespace renvoi::dataset
