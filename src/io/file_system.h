// Every file of ours is reached through this seam, so that a test can make the disk full, slow, or broken.
// Libraries that open their own files (SQLite, llama.cpp) get paths from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::io {

// A file that only grows. Not thread-safe. Closed by its destructor.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // All of `bytes` or an error (`exhausted` when the disk is full); after an error the tail of the file is undefined.
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;
  // Returns when everything appended is on stable storage (fdatasync).
  virtual Result<void> sync() = 0;
  virtual std::uint64_t size_bytes() const = 0;
};

// A whole file, read-only, mapped. Thread-safe. Unmapped by its destructor; the file may be unlinked meanwhile.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};

// Thread-safe. Errors: `not_found`, `denied`, `exhausted` (no space, file too large), `unavailable` (I/O error);
// each message names the path and the system's reason.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Errors also: `exhausted` when the file is larger than `max_bytes`; `invalid` when it is a folder or not a plain
  // file.
  virtual Result<std::string> read(const std::filesystem::path& path, std::uint64_t max_bytes) = 0;
  // What follows byte `offset_bytes`, to the end; empty when the file is not longer than that. Errors as read(), with
  // `max_bytes` counted from the offset.
  virtual Result<std::string> read_from(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                        std::uint64_t max_bytes) = 0;
  virtual Result<std::unique_ptr<MappedFile>> map(const std::filesystem::path& path) = 0;
  // Opens for appending, created when absent; `truncate_to` cuts it to that size first when it is not negative.
  virtual Result<std::unique_ptr<AppendFile>> append(const std::filesystem::path& path,
                                                     std::int64_t truncate_to = -1) = 0;
  // The file holds either its old content or all of `bytes`, whatever happens: temporary file, fsync, rename, fsync of
  // the folder. `mode` is the permission bits of the new file.
  virtual Result<void> replace(const std::filesystem::path& path, std::span<const std::byte> bytes,
                               unsigned mode = 0644) = 0;
  // Writes over what is there, in place, and makes it durable: for bytes that must leave the disk. A crash may leave
  // any mixture of old and new. Errors also: `invalid` when the file ends before `offset_bytes` + the size of `bytes`.
  virtual Result<void> overwrite(const std::filesystem::path& path, std::uint64_t offset_bytes,
                                 std::span<const std::byte> bytes);
  virtual Result<void> remove(const std::filesystem::path& path) = 0;  // not_found is not an error
  virtual Result<void> create_folders(const std::filesystem::path& path) = 0;
  virtual Result<void> sync_folder(const std::filesystem::path& path) = 0;
  // Names (not paths) of what is directly in the folder, sorted.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& path) = 0;
  virtual bool exists(const std::filesystem::path& path) = 0;
  // Of a file, or of all plain files under a folder. Absent is 0.
  virtual std::uint64_t disk_bytes(const std::filesystem::path& path) = 0;
};

// The real one. No state.
std::unique_ptr<FileSystem> real_file_system();

}  // namespace renvoi::io
