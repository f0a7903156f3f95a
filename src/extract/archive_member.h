// Names of files in archives: "/notes/a.zip!/inner/page.html", and of archives in archives "/a.zip!/b.tar!/c.md". Of
// paths and of addresses alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "extract/archive.h"

namespace renvoi::extract {

// By its extension: an archive that is a folder of documents (.zip, .tar, .tgz, .tar.gz, .tbz2, .tar.bz2).
bool is_archive_name(std::string_view name);

struct MemberName {
  std::string_view archive;  // the outermost one: "/notes/a.zip"
  std::string_view member;   // in it: "inner/page.html", "b.tar!/c.md"
};

// Nothing when the name is not one of a file in an archive.
std::optional<MemberName> split_member(std::string_view name);

// The bytes of a member of an archive, which may lie in archives in it, three deep. Errors: `not_found`; `invalid`
// (deeper); `corrupt` (it or an archive is damaged), `exhausted` (longer than max_bytes, an archive beyond its limits,
// or the deadline).
Result<std::string> read_member(std::string_view archive, std::string_view member, std::uint64_t max_bytes,
                                ArchiveDeadline deadline);

}  // namespace renvoi::extract
