// Many segments to one: what is alive in them, in the order of references.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "index/part.h"
#include "index/quantizers.h"
#include "index/segment_writer.h"

namespace renvoi::index {

// One segment of all that is alive in `parts`, as bytes; empty when nothing is. A reference must be alive in one part
// at most. Codes of another quantizer than `quantizer` are decoded and encoded; with more than `cells_from` passages
// they are laid out in cells, which start from those of the parts. Memory: about the size of the result, while codes
// are laid out theirs once more, and with cells 400 bytes a passage more. Errors: `corrupt`, `exhausted` (more than 4 G
// passages); those of `between_blocks`, which is called some milliseconds of work apart.
using BetweenBlocks = std::function<Result<void>()>;
Result<SegmentPieces> merge_in_pieces(std::span<const Part> parts, const NamedQuantizer& quantizer,
                                      std::size_t cells_from, const BetweenBlocks& between_blocks);
// The same in one piece: twice the memory.
Result<std::string> merge_parts(std::span<const Part> parts, const NamedQuantizer& quantizer,
                                std::size_t cells_from = kNoCell);

// A quantizer fitted to what is alive in `parts`, or to 8,192 passages of it, evenly spaced in the order of the parts;
// nothing when there are less than IndexOptions::fit_from passages, when the plain one is small enough, or when the
// vectors allow none (all of them the same). The same on every machine. Errors: `corrupt`.
Result<std::optional<Quantizer>> fit_to_parts(std::span<const Part> parts, const Quantizers& known,
                                              const IndexOptions& options);

}  // namespace renvoi::index
