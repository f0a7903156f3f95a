// One writer at a time: an advisory lock on a file, released when the process ends, however it ends.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace renvoi::io {

// Held for as long as the object lives.
class FileLock {
 public:
  // Does not wait. Errors: `conflict` when another process (or another FileLock here) holds it; the message says which
  // process by its id and what to do. The file is created when absent and holds the owner's process id.
  static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace renvoi::io
