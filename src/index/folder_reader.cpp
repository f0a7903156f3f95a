#include "index/folder_reader.h"

#include <fmt/format.h>

#include "index/check_files.h"
#include "index/snapshot.h"
#include "index/stats.h"

namespace renvoi::index {

Result<std::unique_ptr<Index>> FolderReader::open(io::FileSystem& files, std::filesystem::path folder,
                                                  const Identity& identity) {
  std::unique_ptr<FolderReader> reader(new FolderReader(files, std::move(folder), identity));
  Result<LoadedIndex> loaded = reader->loader_.load_beside_writer({});
  if (!loaded.ok() && loaded.error().code == ErrorCode::not_found)
    return Error{ErrorCode::not_found,
                 fmt::format("there is no index in {}; add a source first", reader->folder_.string())};
  if (!loaded.ok()) return std::move(loaded).error();
  reader->take(std::move(loaded).value());
  return std::unique_ptr<Index>(std::move(reader));
}

Error FolderReader::denied() const {
  return {ErrorCode::denied, fmt::format("the index in {} is opened for reading only", folder_.string())};
}

void FolderReader::take(LoadedIndex loaded) {
  disk_ = std::move(loaded.disk);
  memory_ = std::move(loaded.memory);
  loaded.disk.clear();
  loaded.memory.clear();
  loaded.log.batches.clear();
  view_ = std::move(loaded);
  std::vector<Part> parts = disk_;
  parts.insert(parts.end(), memory_.begin(), memory_.end());
  auto next = make_snapshot(std::move(parts), identity_.dimensions);
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(next);
}

std::shared_ptr<const Snapshot> FolderReader::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

Result<void> FolderReader::refresh() {
  const std::lock_guard lock(mutex_);
  if (!loader_.changed_since(view_)) return {};
  RENVOI_TRY(LoadedIndex loaded, loader_.load_beside_writer(disk_));
  take(std::move(loaded));
  return {};
}

IndexStats FolderReader::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_of(files_, folder_, loader_, view_.manifest, disk_, memory_, *snapshot());
}

Result<void> FolderReader::check() {
  const std::lock_guard lock(mutex_);
  return check_files(files_, loader_, Beside::a_writer);
}

}  // namespace renvoi::index
