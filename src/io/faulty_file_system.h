// A file system that fails on purpose, over another one: for tests of everything that stores.
//
// Operations that change something (append, sync, replace, overwrite, remove, create_folders, sync_folder, opening to
// append) are counted from 1; a fault happens at one of them. It keeps account of what was never synced, so that
// lose_power() can take it away as a real disk might. One process, one storage at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace renvoi::io {

enum class Fault : std::uint8_t {
  error_before,  // the operation fails and does nothing
  error_after,   // it is done, and an error is reported all the same (append: half of it is done)
  crash_before,  // as error_before, and every later operation fails too: the process is dead
  crash_after,   // as error_after, likewise
};

struct FaultPlan {
  std::uint64_t at_operation = 0;  // 0: never
  Fault fault = Fault::error_before;
  ErrorCode code = ErrorCode::unavailable;
  std::uint64_t free_bytes = std::numeric_limits<std::uint64_t>::max();  // then the disk is full
};

class FaultyFileSystem final : public FileSystem {
 public:
  // `below` must outlive it.
  explicit FaultyFileSystem(FileSystem& below, FaultPlan plan = {}) : below_(below), plan_(plan) {}

  // From here on; what was counted stays.
  void set_plan(FaultPlan plan);
  std::uint64_t operations() const;

  enum class Unsynced : std::uint8_t { kept, lost, mixed };
  // What a power cut does to the files below: appended bytes that were not synced are kept, lost, or cut anywhere and
  // partly overwritten with zeros; names that appeared or vanished without a sync of their folder likewise. Seeded.
  // No file of this system may be used afterwards.
  void lose_power(Unsynced unsynced, std::uint64_t seed);

  Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) override;
  Result<std::string> read_from(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                std::uint64_t max_bytes) override;
  Result<std::unique_ptr<MappedFile>> map(const std::filesystem::path& path) override;
  Result<std::unique_ptr<AppendFile>> append(const std::filesystem::path& path, std::int64_t truncate_to) override;
  Result<void> replace(const std::filesystem::path& path, std::span<const std::byte> bytes, unsigned mode) override;
  Result<void> overwrite(const std::filesystem::path& path, std::uint64_t offset_bytes,
                         std::span<const std::byte> bytes) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> create_folders(const std::filesystem::path& path) override;
  Result<void> sync_folder(const std::filesystem::path& path) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& path) override;
  bool exists(const std::filesystem::path& path) override;
  std::uint64_t disk_bytes(const std::filesystem::path& path) override;

 private:
  friend class FaultyAppendFile;
  struct Unstable {
    std::uint64_t synced_bytes = 0;  // of the file's content
    std::string cut;                 // content above synced_bytes that a truncation removed, not yet for good
    bool name_synced = false;
  };
  enum class Verdict : std::uint8_t { proceed, fail, do_then_fail };
  Verdict next_operation(const std::filesystem::path& path, Error& error);
  Result<void> take_space(std::uint64_t bytes, const std::filesystem::path& path);
  void forget_folder(const std::filesystem::path& folder);  // its names are stable now

  FileSystem& below_;
  mutable std::mutex mutex_;
  FaultPlan plan_;
  std::uint64_t operations_ = 0;
  bool dead_ = false;
  std::map<std::filesystem::path, Unstable> unstable_;
  std::map<std::filesystem::path, std::string> removed_;  // removed, and the folder not synced since: old content
};

}  // namespace renvoi::io
