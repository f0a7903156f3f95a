// Where the members of a ZIP file are (APPNOTE 6.3.9 with ZIP64), for WACZ. Nothing is expanded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/random_file.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxZipMembers = 65'536;
inline constexpr std::uint64_t kMaxZipDirectoryBytes = 64u << 20;

struct ZipMember {
  std::string name;
  std::uint64_t offset_bytes = 0;  // of its data in the file
  std::uint64_t size_bytes = 0;    // of its data as stored
  bool stored = false;             // as it is; false: compressed or encrypted
};

// In the order of the directory. Every range lies within the file. Errors: `corrupt` (no ZIP, or one whose directory
// does not fit the file), `exhausted` (more than the limits), those of the file.
Result<std::vector<ZipMember>> zip_members(const io::RandomFile& file);

}  // namespace renvoi::crawl
