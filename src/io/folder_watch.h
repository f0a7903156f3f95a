// What changes in a folder, told by the system while it happens.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"

namespace renvoi::io {

struct FolderChanges {
  std::set<std::string> paths;  // absolute; what is there now, or was: files that were written, made, moved or removed,
                                // and folders that came or went, standing for all that is in them
  bool lost = false;            // there were too many to tell, or the folder itself went: look at everything
};

// Not thread-safe.
class FolderWatch {
 public:
  virtual ~FolderWatch() = default;
  // What changed since the last call, without waiting. After an answer with `lost` the watch is of no more use: make
  // another. Errors: `exhausted` (a new folder would need one watch too many), `unavailable`.
  virtual Result<FolderChanges> take() = 0;
};

// Watches `root`, a real path, and every folder in it whose name does not begin with a dot; symbolic links are not
// followed. What changed before it returned may be told or not: look at everything once, afterwards. Linux: inotify(7).
// Errors: `not_found`, `denied`, `invalid` (not a folder), `exhausted` (more than `max_folders`, or than the system
// allows: fs.inotify.max_user_watches).
Result<std::unique_ptr<FolderWatch>> watch_folder(const std::filesystem::path& root, std::size_t max_folders = 100'000);

}  // namespace renvoi::io
