// From the parts that are to become one to a new segment file, durable and open, but in no manifest yet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/loader.h"
#include "index/merge.h"
#include "index/segment_writer.h"

namespace renvoi::index {

// What work that takes long asks of whoever started it. Both may wait, and an error of theirs ends the work with it.
struct WorkControl {
  BetweenBlocks between_blocks;                               // some milliseconds of work apart; may be empty
  std::function<Result<void>(std::uint64_t bytes)> on_wrote;  // after each piece of a file; may be empty
};

constexpr std::size_t kWriteAtOnceBytes = std::size_t{1} << 20;

// The whole file, durable, or none: after an error what was begun is removed. Written kWriteAtOnceBytes at a time and
// made durable as it goes, so that the disk never has a whole segment to write at once. Each piece is freed when it is
// written. Errors: as io::FileSystem; those of `on_wrote`.
Result<void> write_pieces(io::FileSystem& files, const std::filesystem::path& path, SegmentPieces pieces,
                          const std::function<Result<void>(std::uint64_t)>& on_wrote = {});

struct Rewritten {
  std::optional<Part> part;               // nothing when nothing is alive
  std::optional<ManifestQuantizer> made;  // a new quantizer, if one was: the last of `quantizers`
  Quantizers quantizers;
};

// Takes a number that was never used, for a file with the name that `name` makes of it.
using NewFile = std::function<std::uint64_t(std::string (*name)(std::uint64_t))>;

// All that is alive in `parts` as one segment file. Reads only what never changes, so no lock is needed. Errors:
// `corrupt` (a part), `exhausted`, `unavailable`; those of `control`.
Result<Rewritten> rewrite_parts(io::FileSystem& files, const Loader& loader, std::span<const Part> parts,
                                Quantizers quantizers, const IndexOptions& options, const NewFile& new_file,
                                const WorkControl& control);

// `merged` was made of the parts as they were `then`; what has died in them until `now` (the same parts, in the same
// order) dies in it too. O(words of the bitmaps), and O(log) a dead reference. Errors: `corrupt` when what is left does
// not add up, which a damaged file may cause: then `merged` must not be published.
Result<Part> carry_deaths(std::span<const Part> then, std::span<const Part> now, const Part& merged);

}  // namespace renvoi::index
