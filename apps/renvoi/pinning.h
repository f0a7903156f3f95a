// Keeping a page in the cache whatever else needs its room: for `renvoi pin` and the API.
#pragma once

#include "engine.h"

namespace renvoi::app {

// Errors: `invalid` (its source keeps nothing of its pages), `not_found` (the cache holds nothing of it), `denied` (the
// collection is open for reading only).
Result<void> set_pinned(Engine& engine, const catalog::Reference& reference, bool pinned);

}  // namespace renvoi::app
