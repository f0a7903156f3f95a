// The checksums of SQLite's write-ahead log. SQLite takes the first frame that fails its checksum for the end of the
// log, and says nothing: commits behind it are lost in silence. This tells
// (https://www.sqlite.org/fileformat2.html#walformat).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace renvoi::catalog {

// One line for each kind of damage in the log beside `catalog`; none when there is no log, or it is sound. A frame at
// the end that is not whole is what a crash leaves, and no damage.
std::vector<std::string> damage_of_write_ahead_log(const std::filesystem::path& catalog);

// The same of the log's bytes; `name` is told.
std::vector<std::string> damage_of_log_bytes(std::string_view bytes, const std::string& name);

}  // namespace renvoi::catalog
