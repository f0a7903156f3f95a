// The files of a folder that may be documents.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace renvoi::crawl {

struct FolderWalk {
  // Absolute paths, sorted; in place of an archive the files in it, in its order: "/notes/a.zip!/page.html".
  std::vector<std::string> files;
  std::vector<std::string> problems;  // folders that could not be read
  bool truncated = false;             // there were more than max_files

  struct Archive {
    std::vector<std::string> problems;  // what in it could not be listed
    bool complete = true;               // all that is in it is in `files`, or will never be
  };
  std::map<std::string, Archive> archives;  // by path
};

// Plain files, but hidden ones and those whose extension says that they are no documents. ZIP and tar files are folders
// (archive_members.h). Symbolic links are followed to places inside `root` only, and no folder is entered twice. `root`
// may be such an archive. Errors: `not_found`, `denied`, `invalid` (neither).
Result<FolderWalk> walk_folder(const std::filesystem::path& root, std::size_t max_files);

// What walk_folder() would find at or under `part`, an absolute path inside `root` as that is really called: a file, a
// folder, or something that is not there (any more): then nothing. Errors: as above, about `root`.
Result<FolderWalk> walk_part(const std::filesystem::path& root, const std::filesystem::path& part,
                             std::size_t max_files);

}  // namespace renvoi::crawl
