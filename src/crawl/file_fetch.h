// A file as an observation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "crawl/archive_members.h"
#include "crawl/observation.h"
#include "net/url.h"

namespace renvoi::crawl {

// Size and time of the last change: another one is another version. "" when the file is not there.
std::string file_version(const std::filesystem::path& path);

// Validators are size and time of the last change; the same ones give `not_modified`. A file that is not there in a
// folder that is, is `missing`; when its folder is not there either, `unreachable`: a disk may not be mounted. Of a
// file in an archive ("/notes/a.zip!/page.html") both are the archive's, and `members` reads it, with `keep` as there.
Observation fetch_file(const net::Url& url, const catalog::Validators& validators, std::uint64_t max_bytes,
                       MemberReader& members, bool keep, Timestamp now);

}  // namespace renvoi::crawl
