// Reads every file of an index and verifies all of it.
#pragma once

#include "base/result.h"
#include "index/loader.h"
#include "io/file_system.h"

namespace renvoi::index {

// Whether a writer may be at work on the files: then the end of the log may be half-written.
enum class Beside : std::uint8_t { nobody, a_writer };

// Errors: `corrupt`, naming each bad file.
Result<void> check_files(io::FileSystem& files, const Loader& loader, Beside beside);

}  // namespace renvoi::index
