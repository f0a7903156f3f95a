// The files of a folder that may be documents.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace renvoi::crawl {

struct FolderWalk {
  std::vector<std::string> files;     // absolute paths, sorted
  std::vector<std::string> problems;  // folders that could not be read
  bool truncated = false;             // there were more than max_files
};

// Plain files, but hidden ones and those whose extension says that they are no documents. Symbolic links are followed
// to places inside `root` only, and no folder is entered twice. Errors: `not_found`, `denied`, `invalid` (not a
// folder).
Result<FolderWalk> walk_folder(const std::filesystem::path& root, std::size_t max_files);

// What walk_folder() would find at or under `part`, an absolute path inside `root` as that is really called: a file, a
// folder, or something that is not there (any more): then nothing. Errors: as above, about `root`.
Result<FolderWalk> walk_part(const std::filesystem::path& root, const std::filesystem::path& part,
                             std::size_t max_files);

}  // namespace renvoi::crawl
