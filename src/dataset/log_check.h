// Whether a log is whole to its last byte. For the room's own use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "io/record_log.h"

namespace renvoi::dataset {

// What is wrong is added to `problems`, by file and byte. Nobody may write the log meanwhile: a record that is not
// whole at its end is told too (it was never acknowledged, or it is the last mark, damaged).
void check_log(io::FileSystem& files, const std::filesystem::path& path, const io::LogKind& kind,
               std::vector<std::string>& problems);

}  // namespace renvoi::dataset
