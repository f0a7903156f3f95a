// What a change of model waits for.
#pragma once

#include <span>

#include "base/clock.h"
#include "catalog/types.h"

namespace renvoi::search {

// Whether any of these, which are in the present index and not in the next one, holds up the switch: what is shown
// does, but not for longer than a day on a host that is down. Of such a host a sweep asks for a few pages only, so that
// most may still pass for LIVE.
bool hold_up_a_change(std::span<const catalog::Reference> waiting, Timestamp now);

}  // namespace renvoi::search
