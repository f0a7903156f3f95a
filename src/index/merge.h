// Many segments to one: what is alive in them, in the order of references.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "index/part.h"
#include "index/quantizers.h"

namespace renvoi::index {

// One segment of all that is alive in `parts`, as bytes; empty when nothing is. A reference must be alive in one part
// at most. Codes of another quantizer than `quantizer` are decoded and encoded; with more than `cells_from` passages
// they are laid out in cells, which start from those of the parts. Memory: about twice the size of the result, and with
// cells 400 bytes a passage more. Errors: `corrupt`, `exhausted` (more than 4 G passages).
Result<std::string> merge_parts(std::span<const Part> parts, const NamedQuantizer& quantizer,
                                std::size_t cells_from = kNoCell);

// A quantizer fitted to what is alive in `parts`, or to 8,192 passages of it, evenly spaced in the order of the parts;
// nothing when there are less than IndexOptions::fit_from passages, when the plain one is small enough, or when the
// vectors allow none (all of them the same). The same on every machine. Errors: `corrupt`.
Result<std::optional<Quantizer>> fit_to_parts(std::span<const Part> parts, const Quantizers& known,
                                              const IndexOptions& options);

}  // namespace renvoi::index
