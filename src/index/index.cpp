#include "index/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include "index/batch.h"
#include "index/check_files.h"
#include "index/loader.h"
#include "index/merge.h"
#include "index/merge_policy.h"
#include "index/snapshot.h"
#include "io/file_lock.h"

namespace renvoi::index {
namespace {

constexpr std::uint64_t kLogToSegmentBytes = 8U << 20;
constexpr int kMaxMergesAtOnce = 16;

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class FolderIndex final : public Index {
 public:
  FolderIndex(io::FileSystem& files, std::filesystem::path folder, Identity identity, Mode mode,
              const IndexOptions& options)
      : files_(files),
        folder_(std::move(folder)),
        identity_(std::move(identity)),
        mode_(mode),
        options_(options),
        loader_(files_, folder_, identity_),
        quantizers_(identity_.model_digest, identity_.dimensions) {}

  Result<void> open() {
    if (mode_ == Mode::read) {
      RENVOI_TRY(LoadedIndex loaded, loader_.load_beside_writer({}));
      take(std::move(loaded));
      return {};
    }
    RENVOI_CHECK(files_.create_folders(folder_));
    RENVOI_TRY(io::FileLock lock, io::FileLock::acquire(folder_ / "lock"));
    lock_.emplace(std::move(lock));
    if (!files_.exists(loader_.manifest_path())) RENVOI_CHECK(create());
    RENVOI_TRY(LoadedIndex loaded, missing_is_corrupt(loader_.load({})));
    RENVOI_TRY(LogWriter log, LogWriter::resume(files_, loader_.log_path(loaded.manifest.log_number), loaded.log));
    log_.emplace(std::move(log));
    take(std::move(loaded));
    if (manifest_.version < kManifestVersion) RENVOI_CHECK(renew_manifest());
    (void)remove_orphans();  // a nuisance at most: tried again at the next opening
    return {};
  }

  Result<void> put(ReferenceId reference, std::span<const PassageInput> passages) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    return append_put(pending_, quantizers_.plain().quantizer, reference, passages);
  }

  Result<void> remove(ReferenceId reference) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    append_remove(pending_, reference);
    return {};
  }

  Result<void> commit() override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    if (pending_.empty()) return {};
    // First everything that can fail without a trace, then the log, then only what cannot fail.
    std::vector<Part> disk = disk_;
    std::vector<Part> memory = memory_;
    const std::string_view batch = pending_;
    RENVOI_CHECK(apply_changes(std::span(&batch, 1), quantizers_, disk, memory));
    RENVOI_CHECK(log_->append(pending_));
    pending_.clear();
    disk_ = std::move(disk);
    memory_ = std::move(memory);
    publish_snapshot();
    maintain();
    return {};
  }

  void rollback() override {
    const std::lock_guard lock(mutex_);
    pending_.clear();
  }

  Result<void> compact() override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    const bool any_dead = std::any_of(disk_.begin(), disk_.end(), [](const Part& part) { return part.dead() > 0; });
    if (log_is_empty() && disk_.size() <= 1 && !any_dead) return remove_orphans();
    std::vector<std::size_t> all(disk_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    RENVOI_CHECK(rewrite(all, true));
    return remove_orphans();
  }

  std::shared_ptr<const Snapshot> snapshot() const override {
    const std::lock_guard lock(snapshot_mutex_);
    return snapshot_;
  }

  Result<void> refresh() override {
    const std::lock_guard lock(mutex_);
    if (mode_ == Mode::write || !loader_.changed_since(view_)) return {};
    RENVOI_TRY(LoadedIndex loaded, loader_.load_beside_writer(disk_));
    take(std::move(loaded));
    return {};
  }

  IndexStats stats() const override {
    const std::lock_guard lock(mutex_);
    IndexStats stats;
    stats.segments = disk_.size();
    stats.bytes = files_.disk_bytes(folder_);
    stats.log_bytes = files_.disk_bytes(loader_.log_path(manifest_.log_number));
    std::vector<Part> parts = disk_;
    parts.insert(parts.end(), memory_.begin(), memory_.end());
    for (const Part& part : parts) {
      stats.passages += part.live->count();
      stats.dead_passages += part.dead();
    }
    for (const Part& part : disk_) {
      const Segment& segment = *part.segment;
      for (const Section section : {Section::scan, Section::rest, Section::order, Section::cells})
        stats.code_bytes += segment.section_bytes(section);
      for (const Section section : {Section::blocks, Section::dictionary, Section::postings, Section::lengths})
        stats.posting_bytes += segment.section_bytes(section);
      for (const Section section : {Section::references, Section::passages, Section::fingerprints})
        stats.table_bytes += segment.section_bytes(section);
    }
    for (const ManifestQuantizer& quantizer : manifest_.quantizers)
      stats.code_bytes += files_.disk_bytes(loader_.quantizer_path(quantizer.file_number));
    stats.references = snapshot()->references().size();
    stats.terms = count_terms(parts);
    return stats;
  }

  Result<void> check() override {
    const std::lock_guard lock(mutex_);
    return check_files(files_, loader_, mode_ == Mode::write ? Beside::nobody : Beside::a_writer);
  }

 private:
  Result<void> may_write() const {
    if (mode_ == Mode::read)
      return Error{ErrorCode::denied, fmt::format("the index in {} is opened for reading only", folder_.string())};
    if (broken_.has_value()) return *broken_;
    return {};
  }

  bool log_is_empty() const { return log_->last_sequence() == manifest_.log_first_sequence; }

  Result<LoadedIndex> missing_is_corrupt(Result<LoadedIndex> loaded) const {
    if (loaded.ok() || loaded.error().code != ErrorCode::not_found) return loaded;
    return Error{ErrorCode::corrupt,
                 loaded.error().message +
                     "; the manifest names it: restore the index from a copy, or remove its folder and run sync"};
  }

  // A folder without a manifest is new, unless it holds segments: then the manifest was lost.
  Result<void> create() {
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
    RENVOI_CHECK(files_.replace(loader_.manifest_path(), as_bytes(to_bytes(manifest))));
    return files_.sync_folder(folder_.parent_path());
  }

  void take(LoadedIndex loaded) {
    manifest_ = loaded.manifest;
    quantizers_ = *loaded.quantizers;
    disk_ = std::move(loaded.disk);
    memory_ = std::move(loaded.memory);
    loaded.disk.clear();
    loaded.memory.clear();
    loaded.log.batches.clear();
    view_ = std::move(loaded);
    publish_snapshot();
  }

  void publish_snapshot() {
    std::vector<Part> parts = disk_;
    parts.insert(parts.end(), memory_.begin(), memory_.end());
    auto next = make_snapshot(std::move(parts), identity_.dimensions);
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_ = std::move(next);
  }

  static std::uint64_t count_terms(std::span<const Part> parts) {
    std::set<std::string> distinct;
    if (parts.size() == 1) return parts[0].segment->terms();
    for (const Part& part : parts)
      for (Dictionary::Walk walk(part.segment->dictionary()); walk.next();) distinct.insert(walk.term());
    return distinct.size();
  }

  // After a commit: the log to a segment when it is long, merges when there are many segments or many dead. The commit
  // is acknowledged by then, so that a full disk here only postpones the work.
  void maintain() {
    if (log_->size_bytes() > kLogToSegmentBytes && log_->size_bytes() > postponed_until_bytes_) {
      if (!rewrite({}, true).ok()) postponed_until_bytes_ = log_->size_bytes() + kLogToSegmentBytes;
    }
    for (int i = 0; i < kMaxMergesAtOnce && !broken_.has_value(); ++i) {
      std::vector<SegmentSize> sizes;
      for (const Part& part : disk_) sizes.push_back({part.live->count(), part.dead()});
      const std::vector<std::size_t> chosen = choose_merge(sizes);
      if (chosen.empty() || !rewrite(chosen, false).ok()) return;
    }
  }

  // A version 1 of the manifest becomes the present one before anything else is written.
  Result<void> renew_manifest() {
    Manifest next = manifest_;
    ++next.generation;
    next.version = kManifestVersion;
    RENVOI_CHECK(publish_manifest(next));
    manifest_ = std::move(next);
    return {};
  }

  // The whole file, durable, or none.
  Result<void> write_file(const std::filesystem::path& path, std::string_view bytes) {
    const auto write = [&]() -> Result<void> {
      RENVOI_TRY(const std::unique_ptr<io::AppendFile> file, files_.append(path, 0));
      RENVOI_CHECK(file->append(as_bytes(bytes)));
      return file->sync();
    };
    if (Result<void> written = write(); !written.ok()) {
      (void)files_.remove(path);  // room for others; an orphan otherwise
      return std::move(written).error();
    }
    return {};
  }

  // Writes the chosen segments, and what is in memory when `with_log`, as one segment; publishes it; starts a new log.
  Result<void> rewrite(const std::vector<std::size_t>& chosen, bool with_log) {
    std::vector<Part> inputs;
    std::vector<Part> next_disk;
    for (std::size_t i = 0; i < disk_.size(); ++i)
      (std::find(chosen.begin(), chosen.end(), i) != chosen.end() ? inputs : next_disk).push_back(disk_[i]);
    if (with_log) inputs.insert(inputs.end(), memory_.begin(), memory_.end());
    Manifest next = manifest_;
    ++next.generation;
    Quantizers quantizers = quantizers_;
    RENVOI_TRY(std::optional<Quantizer> fitted, fit_to_parts(inputs, quantizers, options_));
    if (fitted.has_value()) {
      quantizers.add(NamedQuantizer::of(*fitted));
      next.quantizers.push_back({next.next_file_number++, quantizers.current().digest});
      RENVOI_CHECK(write_file(loader_.quantizer_path(next.quantizers.back().file_number), fitted->bytes()));
    }
    RENVOI_TRY(const std::string bytes, merge_parts(inputs, quantizers.current(), options_.cells_from));
    if (!bytes.empty()) {
      const std::uint64_t number = next.next_file_number++;
      RENVOI_CHECK(write_file(loader_.segment_path(number), bytes));
      RENVOI_TRY(Part part, loader_.open_segment(number, quantizers));
      next_disk.push_back(std::move(part));
    }
    std::optional<LogWriter> next_log;
    if (with_log) {
      next.log_number = next.next_file_number++;
      next.log_first_sequence = log_->last_sequence();
      RENVOI_TRY(LogWriter log, LogWriter::create(files_, loader_.log_path(next.log_number), next.log_number,
                                                  next.log_first_sequence));
      next_log.emplace(std::move(log));
    }
    next.segments.clear();
    for (const Part& part : next_disk)
      next.segments.push_back(
          {part.file_number, part.segment->file_bytes(), part.segment->passages(), part.live->words()});
    RENVOI_CHECK(files_.sync_folder(folder_));
    RENVOI_CHECK(publish_manifest(next));

    manifest_ = std::move(next);
    quantizers_ = std::move(quantizers);
    disk_ = std::move(next_disk);
    if (next_log.has_value()) {
      log_ = std::move(next_log);
      memory_.clear();
      postponed_until_bytes_ = 0;
    }
    publish_snapshot();
    (void)remove_orphans();
    return {};
  }

  // On an error the old manifest is certainly in force; when that cannot be known, nothing is written any more.
  Result<void> publish_manifest(const Manifest& next) {
    const std::string bytes = to_bytes(next);
    Result<void> replaced = files_.replace(loader_.manifest_path(), as_bytes(bytes));
    if (replaced.ok()) return replaced;
    const auto found = files_.read(loader_.manifest_path(), kMaxManifestBytes);
    const auto old = found.ok() ? read_manifest(*found, "the manifest") : Result<Manifest>(found.error());
    if (old.ok() && old->generation == manifest_.generation && files_.sync_folder(folder_).ok()) return replaced;
    if (found.ok() && *found == bytes && files_.sync_folder(folder_).ok()) return {};
    broken_ =
        Error{ErrorCode::unavailable, "the index cannot tell whether its manifest was written (" +
                                          replaced.error().message + "); nothing acknowledged is lost: open it again"};
    return *broken_;
  }

  // Removes files that no manifest names: left by a crash, or replaced by a merge.
  Result<void> remove_orphans() {
    std::set<std::string> named = {"lock", "manifest", log_file_name(manifest_.log_number)};
    for (const Part& part : disk_) named.insert(segment_file_name(part.file_number));
    for (const ManifestQuantizer& quantizer : manifest_.quantizers)
      named.insert(quantizer_file_name(quantizer.file_number));
    RENVOI_TRY(const std::vector<std::string> names, files_.list(folder_));
    for (const std::string& name : names) {
      const bool ours = name.starts_with("segment-") || name.starts_with("quantizer-") || name.starts_with("log-") ||
                        name.starts_with("manifest.tmp-");
      if (ours && !named.contains(name)) RENVOI_CHECK(files_.remove(folder_ / name));
    }
    return {};
  }

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  const Identity identity_;
  const Mode mode_;
  const IndexOptions options_;
  const Loader loader_;

  mutable std::mutex mutex_;  // all below but the snapshot
  std::optional<io::FileLock> lock_;
  Manifest manifest_;
  Quantizers quantizers_;
  std::vector<Part> disk_;
  std::vector<Part> memory_;
  LoadedIndex view_;  // what a reader saw last
  std::optional<LogWriter> log_;
  std::string pending_;
  std::uint64_t postponed_until_bytes_ = 0;
  std::optional<Error> broken_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace

Result<std::unique_ptr<Index>> Index::open(io::FileSystem& files, const std::filesystem::path& folder,
                                           const Identity& identity, Mode mode, const IndexOptions& options) {
  if (identity.dimensions == 0 || identity.dimensions > kMaxDimensions)
    return Error{ErrorCode::invalid, fmt::format("an index cannot hold vectors of {} dimensions; 1 to {} are possible",
                                                 identity.dimensions, kMaxDimensions)};
  auto index = std::make_unique<FolderIndex>(files, folder, identity, mode, options);
  if (Result<void> opened = index->open(); !opened.ok()) {
    const bool absent = mode == Mode::read && opened.error().code == ErrorCode::not_found;
    if (absent)
      return Error{ErrorCode::not_found, fmt::format("there is no index in {}; add a source first", folder.string())};
    return std::move(opened).error();
  }
  return std::unique_ptr<Index>(std::move(index));
}

}  // namespace renvoi::index
