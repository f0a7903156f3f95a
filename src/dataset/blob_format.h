// The words of blobs.log. For the room's own use; drawn in docs/format.md, "Blobs".
#pragma once

#include <cstdint>
#include <string_view>

#include "io/record_log.h"

namespace renvoi::dataset {

inline constexpr io::LogKind kBlobLog{"RNVOIBLB", 1, 1,
                                      "restore it from a copy, or build it again: renvoi dataset repair NAME"};

enum class BlobOperation : std::uint8_t {
  block = 1,     // varint pack, offset, size, count; for each blob: 32 digest, varint length
  moved = 2,     // the same, but for each blob its number: it lies here from now on
  removed = 3,   // varint count; for each: varint number
  shredded = 4,  // varint block: its bytes are to be zeros
};

}  // namespace renvoi::dataset
