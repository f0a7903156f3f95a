#include "index/folder_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "index/batch.h"
#include "index/check_files.h"
#include "index/snapshot.h"
#include "index/stats.h"

namespace renvoi::index {
namespace {

constexpr auto kMostSettling = std::chrono::minutes(30);

// A file that is not there although the manifest names it.
Result<LoadedIndex> missing_is_corrupt(Result<LoadedIndex> loaded) {
  if (loaded.ok() || loaded.error().code != ErrorCode::not_found) return loaded;
  return Error{ErrorCode::corrupt,
               loaded.error().message +
                   "; the manifest names it: restore the index from a copy, or remove its folder and run sync"};
}

}  // namespace

FolderWriter::FolderWriter(io::FileSystem& files, std::filesystem::path folder, const Identity& identity,
                           const IndexOptions& options)
    : files_(files),
      folder_(std::move(folder)),
      identity_(identity),
      options_(options),
      loader_(files_, folder_, identity_),
      manifest_(files_, loader_.manifest_path()),
      quantizers_(identity_.model_digest, identity_.dimensions),
      maintenance_(options.flush_log_bytes),
      pace_(options.background_bytes_per_second) {}

FolderWriter::~FolderWriter() {
  {
    const Lock lock(mutex_);
    stop_.request_stop();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<Index>> FolderWriter::open(io::FileSystem& files, std::filesystem::path folder,
                                                  const Identity& identity, const IndexOptions& options) {
  std::unique_ptr<FolderWriter> writer(new FolderWriter(files, std::move(folder), identity, options));
  RENVOI_CHECK(writer->open_files());
  return std::unique_ptr<Index>(std::move(writer));
}

Result<void> FolderWriter::open_files() {
  RENVOI_CHECK(files_.create_folders(folder_));
  RENVOI_TRY(io::FileLock folder_lock, io::FileLock::acquire(folder_ / "lock"));
  lock_.emplace(std::move(folder_lock));
  if (!files_.exists(loader_.manifest_path())) RENVOI_CHECK(create());
  RENVOI_TRY(LoadedIndex loaded, missing_is_corrupt(loader_.load({})));
  RENVOI_TRY(LogWriter log, LogWriter::resume(files_, loader_.log_path(loaded.manifest.log_number), loaded.log));
  log_.emplace(std::move(log));
  quantizers_ = *loaded.quantizers;
  disk_ = std::move(loaded.disk);
  memory_ = std::move(loaded.memory);
  next_file_number_ = loaded.manifest.next_file_number;
  const bool is_old = loaded.manifest.version < kManifestVersion;
  manifest_.take(std::move(loaded.manifest));
  publish_snapshot();
  // Older versions of log and manifest become the present ones before anything else is written.
  if (loaded.log.version < kLogVersion) {
    RENVOI_CHECK(renew_log());
  } else if (is_old) {
    RENVOI_CHECK(manifest_.publish(manifest_.current()));
  }
  Lock lock(mutex_);
  (void)remove_orphans(lock);  // a nuisance at most: tried again at the next opening
  if (options_.background) maintain(lock);
  return {};
}

// A folder without a manifest is new, unless it holds segments: then the manifest was lost.
Result<void> FolderWriter::create() {
  RENVOI_TRY(const std::vector<std::string> names, files_.list(folder_));
  for (const std::string& name : names)
    if (name.starts_with("segment-"))
      return Error{ErrorCode::corrupt,
                   fmt::format("{} holds {} but no manifest; restore it from a copy, or remove the folder "
                               "and run sync",
                               folder_.string(), name)};
  Manifest manifest;
  manifest.generation = 1;
  manifest.identity = identity_;
  manifest.log_number = 1;
  manifest.next_file_number = 2;
  RENVOI_CHECK(LogWriter::create(files_, loader_.log_path(1), 1, 0));
  RENVOI_CHECK(files_.sync_folder(folder_));
  const std::string bytes = to_bytes(manifest);
  RENVOI_CHECK(files_.replace(loader_.manifest_path(), std::as_bytes(std::span(bytes))));
  return files_.sync_folder(folder_.parent_path());
}

// The same records in a log of the present version. A crash on the way leaves a file that no manifest names.
Result<void> FolderWriter::renew_log() {
  Manifest next = manifest_.current();
  const std::filesystem::path old = loader_.log_path(next.log_number);
  next.log_number = next_file_number_++;
  next.next_file_number = next_file_number_;
  const std::filesystem::path path = loader_.log_path(next.log_number);
  RENVOI_TRY(LogWriter log, LogWriter::create(files_, path, next.log_number, next.log_first_sequence));
  LogMark copied{kLogHeaderBytes, next.log_first_sequence};
  RENVOI_CHECK(copy_log(log, old, copied, log_end()));
  RENVOI_CHECK(files_.sync_folder(folder_));
  RENVOI_CHECK(manifest_.publish(std::move(next)));
  log_.emplace(std::move(log));
  return {};
}

Result<void> FolderWriter::put(ReferenceId reference, std::span<const PassageInput> passages) {
  const Lock lock(mutex_);
  RENVOI_CHECK(manifest_.broken());
  return append_put(pending_, quantizers_, reference, passages);
}

Result<void> FolderWriter::remove(ReferenceId reference) {
  const Lock lock(mutex_);
  RENVOI_CHECK(manifest_.broken());
  append_remove(pending_, reference);
  return {};
}

Result<void> FolderWriter::commit() {
  Lock lock(mutex_);
  if (!pending_.empty()) RENVOI_CHECK(wait_for_room(lock));
  RENVOI_CHECK(manifest_.broken());
  if (pending_.empty()) return {};
  // First everything that can fail without a trace, then the log, then only what cannot fail.
  std::vector<Part> older = disk_;
  older.insert(older.end(), frozen_.begin(), frozen_.end());
  std::vector<Part> memory = memory_;
  const std::string_view batch = pending_;
  RENVOI_CHECK(apply_changes(std::span(&batch, 1), quantizers_, older, memory));
  RENVOI_CHECK(log_->append(pending_));
  pending_.clear();
  const auto first_frozen = older.begin() + static_cast<std::ptrdiff_t>(disk_.size());
  std::move(first_frozen, older.end(), frozen_.begin());
  std::move(older.begin(), first_frozen, disk_.begin());
  memory_ = std::move(memory);
  publish_snapshot();
  maintain(lock);
  return {};
}

void FolderWriter::rollback() {
  const Lock lock(mutex_);
  pending_.clear();
}

Result<void> FolderWriter::compact() {
  Lock lock(mutex_);
  ++compactions_;  // a merge gives way, since all is merged now
  changed_.notify_all();
  changed_.wait(lock, [&] { return !rewriting_; });
  rewriting_ = true;
  const auto compact_all = [&]() -> Result<void> {
    RENVOI_CHECK(manifest_.broken());
    const bool any_dead = std::any_of(disk_.begin(), disk_.end(), [](const Part& part) { return part.dead() > 0; });
    const bool log_is_empty = log_->last_sequence() == manifest_.current().log_first_sequence;
    if (!log_is_empty || disk_.size() > 1 || any_dead) {
      std::vector<std::uint64_t> all;
      for (const Part& part : disk_) all.push_back(part.file_number);
      thaw();
      RENVOI_CHECK(rewrite(lock, all, With::log_too, Fit::allowed, {}));
      maintenance_ = Maintenance(options_.flush_log_bytes);
      corrupt_.reset();
      (void)remove_orphans(lock);
    }
    return remove_orphans(lock);
  };
  Result<void> outcome = compact_all();
  rewriting_ = false;
  --compactions_;
  changed_.notify_all();
  return outcome;
}

Result<void> FolderWriter::settle() {
  Lock lock(mutex_);
  const auto settled = [&] {
    return !rewriting_ && (!thread_.joinable() || next_step(std::chrono::steady_clock::now()).task == Task::none);
  };
  if (changed_.wait_for(lock, kMostSettling, settled)) return {};
  return Error{ErrorCode::unavailable, "merging the index has not come to its end in 30 minutes"};
}

std::shared_ptr<const Snapshot> FolderWriter::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void FolderWriter::publish_snapshot() {
  std::vector<Part> parts = disk_;
  parts.insert(parts.end(), frozen_.begin(), frozen_.end());
  parts.insert(parts.end(), memory_.begin(), memory_.end());
  auto next = make_snapshot(std::move(parts), identity_.dimensions);
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(next);
}

IndexStats FolderWriter::stats() const {
  Lock lock(mutex_);
  const Manifest manifest = manifest_.current();
  const std::vector<Part> disk = disk_;
  std::vector<Part> memory = frozen_;
  memory.insert(memory.end(), memory_.begin(), memory_.end());
  const std::shared_ptr<const Snapshot> now = snapshot();
  lock.unlock();
  return stats_of(files_, folder_, loader_, manifest, disk, memory, *now);
}

Result<void> FolderWriter::check() {
  const Lock lock(mutex_);
  Result<void> checked = check_files(files_, loader_, Beside::nobody);
  if (!corrupt_.has_value()) return checked;
  if (checked.ok()) return *corrupt_;
  return Error{ErrorCode::corrupt, checked.error().message + "\n" + corrupt_->message};
}

}  // namespace renvoi::index
