// snapshot.json: what a snapshot holds, written last, so that a half-made one is not taken for whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "index/index.h"

namespace renvoi::search {

struct SnapshotFile {
  std::string path;  // "catalog.db", "index/manifest", ...: relative to the snapshot's folder
  std::uint64_t bytes = 0;
  std::string sha256;  // hexadecimal
};

struct SnapshotList {
  Timestamp made_at = 0;
  index::Identity identity;  // the model and extractor that the index belongs to
  std::uint64_t references = 0, passages = 0;
  std::vector<SnapshotFile> files;
};

std::string to_json(const SnapshotList& list);
// Errors: `corrupt` (not a list of ours; names `name`), `invalid` (a newer format). A path that is not "catalog.db" or
// a plain name under "index/" is refused, so that a restore writes nowhere else.
Result<SnapshotList> read_snapshot_list(std::string_view text, const std::string& name);

}  // namespace renvoi::search
