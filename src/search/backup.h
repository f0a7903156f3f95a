// Snapshots of a collection, made while it is written, and their way back.
//
//   <snapshot>/catalog.db   <snapshot>/index/...   <snapshot>/snapshot.json
//
// A snapshot is the catalogue as it was at one moment, and the index with at least every commit that the catalogue knew
// then: at that moment the catalogue is locked, so that no write can be acknowledged, for as long as it takes to map
// the index's files. So what a snapshot lacks against a collection that was stopped in good order is what kill -9 at
// that moment would have cost: nothing that was acknowledged (docs/format.md, "Catalogue and index"). Cache, models,
// keys and configuration are not in it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"
#include "search/check.h"
#include "search/snapshot_list.h"

namespace renvoi::search {

struct SnapshotReport {
  SnapshotList list;
  std::uint64_t linked_bytes = 0;  // shared with the collection: they take no space
  std::uint64_t copied_bytes = 0;
};

// `target` must not exist, or be empty. Needs no lock that a writer holds for long. Errors: `not_found` (no
// collection), `conflict` (something is in `target`; a process kept the catalogue locked for 30 s), `corrupt` (the
// collection is damaged: renvoi check says where), `exhausted` (disk full). After an error everything it made is
// removed; after kill -9 what is left has no snapshot.json.
Result<SnapshotReport> make_snapshot(io::FileSystem& files, const Clock& clock, const std::filesystem::path& collection,
                                     const std::filesystem::path& target, const OnProgress& on_progress = {});

enum class Existing : std::uint8_t { refuse, set_aside };

struct RestoreReport {
  SnapshotList list;
  std::optional<std::filesystem::path> set_aside;  // where the collection that was there is now
  std::uint64_t to_read_again = 0;                 // references that were being written when the snapshot was made
};

// Puts the snapshot in `source` in the place of `collection`: checked, copied beside it, reconciled, checked again, and
// only then renamed. Segments are linked where they can be. Errors: `not_found` (no such folder), `corrupt` (a digest
// differs, or there is no snapshot.json: half-made), `conflict` (a collection is there and `existing` is refuse; a
// process is writing it), `exhausted`. Until it returns, and after any error or kill -9, `collection` is what it was; a
// folder "<collection>.restoring" may be left, which the next restore removes.
Result<RestoreReport> restore_snapshot(io::FileSystem& files, const Clock& clock, const std::filesystem::path& source,
                                       const std::filesystem::path& collection, Existing existing,
                                       const OnProgress& on_progress = {});

}  // namespace renvoi::search
