// The writer of an index in a folder: commits where it is called; the log to a segment and merges in a thread of its
// own, one at a time.
//
// State is behind one mutex. A rewrite (a flush of the log, a merge, a compaction) takes its inputs with the mutex,
// works without it on what never changes, and takes it again to publish: what died meanwhile dies in the result too.
// Whoever rewrites has the slot (`rewriting_`): only that one makes files, publishes manifests and removes orphans. A
// merge lets a flush go first at its next block, so that the log, which is memory too, does not wait for it.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "index/index.h"
#include "index/loader.h"
#include "index/log.h"
#include "index/maintenance.h"
#include "index/manifest_file.h"
#include "index/pace.h"
#include "index/rewrite.h"
#include "io/file_lock.h"

namespace renvoi::index {

class FolderWriter final : public Index {
 public:
  static Result<std::unique_ptr<Index>> open(io::FileSystem& files, std::filesystem::path folder,
                                             const Identity& identity, const IndexOptions& options);
  ~FolderWriter() override;
  FolderWriter(const FolderWriter&) = delete;
  FolderWriter& operator=(const FolderWriter&) = delete;

  Result<void> put(ReferenceId reference, std::span<const PassageInput> passages) override;
  Result<void> remove(ReferenceId reference) override;
  Result<void> commit() override;
  void rollback() override;
  Result<void> compact() override;
  Result<void> settle() override;
  std::shared_ptr<const Snapshot> snapshot() const override;
  Result<void> refresh() override { return {}; }
  IndexStats stats() const override;
  Result<void> check() override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class With : std::uint8_t { segments, log_too };
  enum class Fit : std::uint8_t { allowed, not_now };
  struct LogMark {  // a place in the log, between batches
    std::uint64_t offset = 0;
    std::uint64_t sequence = 0;
  };

  FolderWriter(io::FileSystem& files, std::filesystem::path folder, const Identity& identity,
               const IndexOptions& options);

  // folder_writer.cpp: opening and commits.
  Result<void> open_files();
  Result<void> create();
  Result<void> renew_log();
  void publish_snapshot();

  // folder_writer_background.cpp: when, in which thread, how fast.
  void maintain(Lock& lock);
  bool has_thread();  // starts it, if that is wanted and possible
  void work();
  Step next_step(SteadyTime now) const;
  Result<void> run(Lock& lock, const Step& step, const WorkControl& control);
  WorkControl control_of(Task task);
  bool must_give_way(Task task) const;
  Result<void> attend(Lock& lock, Task task);
  Result<void> keep_pace(Task task, std::uint64_t bytes);
  bool log_is_too_long() const;
  Result<void> wait_for_room(Lock& lock);

  // folder_writer_rewrite.cpp: what a rewrite does. The slot must be held; the mutex is free while it works.
  Result<void> rewrite(Lock& lock, const std::vector<std::uint64_t>& chosen, With with, Fit fit,
                       const WorkControl& control);
  Result<void> build_and_publish(Lock& lock, const std::vector<Part>& inputs, With with, const IndexOptions& options,
                                 const NewFile& new_file, const WorkControl& control);
  LogMark log_end() const { return {log_->size_bytes(), log_->last_sequence()}; }
  Result<void> copy_log(LogWriter& log, const std::filesystem::path& from, LogMark& copied, const LogMark& end);
  void freeze();
  void thaw();
  Result<void> publish(const std::vector<Part>& inputs, With with, const Rewritten& rewritten,
                       std::optional<LogWriter> log, std::uint64_t log_number, std::uint64_t first_sequence);
  Result<void> remove_orphans(Lock& lock);

  io::FileSystem& files_;
  const std::filesystem::path folder_;
  const Identity identity_;
  const IndexOptions options_;
  const Loader loader_;

  mutable std::mutex mutex_;  // all below but the snapshot
  std::condition_variable changed_;
  std::optional<io::FileLock> lock_;
  ManifestFile manifest_;
  Quantizers quantizers_;
  std::vector<Part> disk_;
  std::vector<Part> frozen_;  // of the log up to frozen_end_, to be a segment: only deaths change it
  std::vector<Part> memory_;  // of the log, the rest
  std::optional<LogWriter> log_;
  std::string pending_;
  std::uint64_t next_file_number_ = 1;

  std::thread thread_;
  std::stop_source stop_;
  bool rewriting_ = false;  // the slot is taken
  bool log_is_frozen_ = false;
  LogMark frozen_end_;
  std::set<std::string> unfinished_;  // files that are being made: in no manifest, and no orphans
  int compactions_ = 0;               // that want the slot or have it
  int waiting_for_room_ = 0;          // commits
  bool flush_asked_ = false;          // by one of them
  std::uint64_t failed_flushes_ = 0;  // ever
  std::optional<Error> flush_error_;  // of the last one
  std::optional<Error> corrupt_;      // what one has met that read bad bytes; until all was compacted
  Maintenance maintenance_;
  Pace pace_;

  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace renvoi::index
