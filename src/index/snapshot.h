// The immutable view that searches run on.
#pragma once

#include <memory>
#include <vector>

#include "index/index.h"
#include "index/part.h"

namespace renvoi::index {

// Passages are numbered over the live ones of all parts, in the order of the parts.
std::shared_ptr<const Snapshot> make_snapshot(std::vector<Part> parts, std::uint32_t dimensions);

}  // namespace renvoi::index
