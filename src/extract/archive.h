// ZIP and tar archives in memory, through libarchive, within limits. Nothing is written and no name reaches a file
// system: names are text.
//
// A bomb is told by what it expands to while it is expanded, never by what its headers claim: entries that overlap in
// the file (Fifield, "A better zip bomb", WOOT 2019) count as often as they are read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace renvoi::extract {

struct ArchiveLimits {
  std::uint32_t max_entries = 10'000;
  std::uint64_t max_entry_bytes = 64u << 20;   // a longer entry is cut
  std::uint64_t max_total_bytes = 256u << 20;  // expanded, of all that is read
  std::uint32_t max_ratio = 200;               // expanded to compressed, of the whole, above ratio_free_bytes
  std::uint64_t ratio_free_bytes = 16u << 20;
};

struct ArchiveEntry {
  std::string name;     // valid UTF-8, "/" between folders, as the archive has it but for a leading "/" or "./"
  std::string bytes;    // what could be read
  std::string problem;  // why not all of it: damaged, encrypted; "" when all is well
  bool truncated = false;
};

using WantedEntry = std::function<bool(std::string_view name)>;
using ArchiveDeadline = std::chrono::steady_clock::time_point;

// Walks an archive's plain files in its order. `bytes` must outlive it. Not thread-safe. Errors of its functions:
// `corrupt` (not an archive, damaged, cut short), `exhausted` (more than the limits, or the deadline has passed).
class ArchiveCursor {
 public:
  static Result<ArchiveCursor> open(std::string_view bytes, const ArchiveLimits& limits, ArchiveDeadline deadline);
  ArchiveCursor(ArchiveCursor&&) noexcept;
  ArchiveCursor& operator=(ArchiveCursor&&) noexcept;
  ~ArchiveCursor();

  void set_deadline(ArchiveDeadline deadline);
  // The next plain file's name; "" at the end.
  Result<std::string> next();
  // The file whose name next() gave, once. A damaged or encrypted one has a `problem`.
  Result<ArchiveEntry> read();
  Timestamp modified_at() const;  // of that file; 0: the archive does not say

 private:
  class Walk;
  explicit ArchiveCursor(std::unique_ptr<Walk> walk);
  std::unique_ptr<Walk> walk_;
};

// The names of the plain files in a ZIP or tar (plain, gzip or bzip2) archive, in its order. Errors: `corrupt` (not an
// archive, damaged, cut short), `exhausted` (more than the limits, or the deadline has passed).
Result<std::vector<std::string>> archive_names(std::string_view bytes, const ArchiveLimits& limits,
                                               ArchiveDeadline deadline);

// Gives the plain files that `wanted` says yes to, one after the other, until `take` says false or gives an error. A
// damaged or encrypted entry has a `problem`. Errors: as above, and `take`'s; `exhausted` also for an archive that
// expands to more than max_total_bytes or max_ratio times its size.
using TakeEntry = std::function<Result<bool>(ArchiveEntry entry)>;
Result<void> walk_archive(std::string_view bytes, const WantedEntry& wanted, const TakeEntry& take,
                          const ArchiveLimits& limits, ArchiveDeadline deadline);

// All that walk_archive() gives.
Result<std::vector<ArchiveEntry>> read_archive(std::string_view bytes, const WantedEntry& wanted,
                                               const ArchiveLimits& limits, ArchiveDeadline deadline);

}  // namespace renvoi::extract
