// Which files make up an index at one moment: the only place outside the index proper that knows this. For backups and
// salvage, which treat manifest, segments and log as files, and leave their content to Index.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/index.h"
#include "index/manifest.h"
#include "io/file_system.h"

namespace renvoi::index {

// Names, in the index's folder, of the files that a manifest names and that never change once they are there.
std::vector<std::string> immutable_files(const Manifest& manifest);

// The manifest as it is. Errors: as read_manifest; `not_found` when there is none.
Result<Manifest> current_manifest(io::FileSystem& files, const std::filesystem::path& folder);

// An index held as it was committed at one moment, whatever a writer, in this process or another, merges or removes
// afterwards.
struct HeldFile {
  std::string name;
  std::string bytes;                       // of those that change: manifest and log
  std::unique_ptr<io::MappedFile> mapped;  // of those that never do
  std::span<const std::byte> content() const {
    return mapped != nullptr ? mapped->bytes() : std::as_bytes(std::span(bytes.data(), bytes.size()));
  }
};
struct HeldIndex {
  Identity identity;
  std::vector<HeldFile> files;  // the manifest last
};

// Takes milliseconds: maps the segments, reads manifest and log. Holds at least every commit that was acknowledged
// before the call. Errors: `not_found` when there is no index; `corrupt` when a file that is named is not there.
Result<HeldIndex> hold_index(io::FileSystem& files, const std::filesystem::path& folder);

}  // namespace renvoi::index
