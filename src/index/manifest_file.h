// The manifest that is in force, and how another takes its place.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "index/manifest.h"
#include "io/file_system.h"

namespace renvoi::index {

// Not thread-safe.
class ManifestFile {
 public:
  ManifestFile(io::FileSystem& files, std::filesystem::path path) : files_(&files), path_(std::move(path)) {}

  // As read from the file.
  void take(Manifest manifest) { current_ = std::move(manifest); }
  const Manifest& current() const { return current_; }
  // Replaces it; every file that `next` names must be durable, with its name. On an error the old one is certainly in
  // force; or, when that cannot be known, broken() tells so from then on, and nothing must be written any more.
  Result<void> publish(Manifest next);
  // Errors: `unavailable`.
  Result<void> broken() const { return broken_.has_value() ? Result<void>(*broken_) : Result<void>(); }

 private:
  Result<void> replace(const Manifest& next);
  io::FileSystem* files_;
  std::filesystem::path path_;
  Manifest current_;
  std::optional<Error> broken_;
};

}  // namespace renvoi::index
