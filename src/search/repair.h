// Puts a damaged collection right: keeps what is sound, sets the rest aside, and has it read again.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"
#include "search/check.h"

namespace renvoi::search {

struct RepairOptions {
  std::function<bool(std::string_view)> cached_page_is_sound;  // as CheckOptions
  // Which model a new index belongs to, when the old one cannot say any more. Asked only then.
  std::function<Result<index::Identity>()> identity;
  OnProgress on_progress;
};

struct RepairReport {
  std::vector<Problem>
      repaired;  // what was wrong, and in `advice` what was done about it. Empty: there was nothing to do
  std::optional<std::filesystem::path> set_aside;  // the folder where the damaged files are now
  std::uint64_t to_read_again = 0;                 // references: the next sync reads them
  std::uint64_t taken_out = 0;                     // references whose passages left the index: unknown or GONE
};

// Damaged segments and logs are renamed into index/damaged-<time>/, nothing is deleted; a new manifest names the rest;
// references whose passages are lost are marked to be read again. Killed at any point, it can be run again. Errors:
// `not_found` (no collection), `conflict` (a process is writing it), `corrupt` (the catalogue is damaged: nothing was
// changed; says what to do), `exhausted`.
Result<RepairReport> repair_collection(io::FileSystem& files, const Clock& clock, const std::filesystem::path& folder,
                                       const RepairOptions& options);

// `time` as part of a file name: "2026-11-24T00-15-45Z".
std::string time_in_name(Timestamp time);

}  // namespace renvoi::search
