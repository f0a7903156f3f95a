// Names of files in archives: "/notes/a.zip!/inner/page.html", and of archives in archives "/a.zip!/b.tar!/c.md". Of
// paths and of addresses alike; nothing is looked at.
#pragma once

#include <optional>
#include <string_view>

namespace renvoi::extract {

// By its extension: an archive that is a folder of documents (.zip, .tar, .tgz, .tar.gz, .tbz2, .tar.bz2).
bool is_archive_name(std::string_view name);

struct MemberName {
  std::string_view archive;  // the outermost one: "/notes/a.zip"
  std::string_view member;   // in it: "inner/page.html", "b.tar!/c.md"
};

// Nothing when the name is not one of a file in an archive.
std::optional<MemberName> split_member(std::string_view name);

}  // namespace renvoi::extract
