#include "quality/scratch_folder.h"

#include <stdlib.h>

#include <string>
#include <system_error>

namespace renvoi::quality {

Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "renvoi-eval-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr) {
    return Error{ErrorCode::unavailable, "cannot make a temporary folder " + name + ": set TMPDIR to a writable one"};
  }
  return std::unique_ptr<ScratchFolder>(new ScratchFolder(name));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace renvoi::quality
