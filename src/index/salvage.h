// What can be saved of a damaged index: examine, then apply. Works on whole files; what a sound one is, Index says.
//
// A segment that is damaged goes as a whole: its passages are lost, and the references that had them are found by
// comparing with the catalogue. Of a damaged log the whole batches stay, before and behind the damage; which references
// the lost ones changed cannot be known from the index. A damaged manifest takes everything with it: without its live
// bitmaps the dead cannot be told from the living.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/index.h"
#include "index/manifest.h"
#include "io/file_system.h"

namespace renvoi::index {

struct Loss {
  std::string file;  // its name in the index's folder
  std::string what;  // for people
};

struct Salvage {
  std::vector<Loss> losses;                         // empty: nothing to repair
  bool commits_lost = false;                        // of the log: documents may be older than the catalogue believes
  Manifest next;                                    // what will be in force; unchanged when there are no losses
  std::optional<std::vector<std::string>> batches;  // of the new log; nothing: the old log stays
};

// The caller holds the index's lock. `fallback` is what a new index is bound to when the manifest cannot say; without
// it that is an error (`corrupt`). Reads, but for a folder "salvage" inside that is gone afterwards.
Result<Salvage> examine(io::FileSystem& files, const std::filesystem::path& folder,
                        const std::optional<Identity>& fallback);

// The damaged files are given a second name in `aside`, then the new log and manifest are published, then the damaged
// ones leave the index's folder: killed at any point, nothing is lost, and examine() begins again. The lock as above.
Result<void> apply(io::FileSystem& files, const std::filesystem::path& folder, const Salvage& salvage,
                   const std::filesystem::path& aside);

// The whole batches of a damaged log, in order, the damaged ones left out; `complete` is false when any was. `fresh` is
// an empty log of the same number, as LogWriter makes it.
struct SalvagedLog {
  std::vector<std::string> batches;
  bool complete = true;
};
SalvagedLog salvage_log(std::string_view bytes, std::string_view fresh, std::uint64_t number,
                        std::uint64_t first_sequence);

}  // namespace renvoi::index
