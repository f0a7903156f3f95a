#include "index/manifest_file.h"

#include <span>
#include <string>

#include "index/loader.h"

namespace renvoi::index {

Result<void> ManifestFile::publish(Manifest next) {
  next.generation = current_.generation + 1;
  next.version = kManifestVersion;
  RENVOI_CHECK(replace(next));
  current_ = std::move(next);
  return {};
}

Result<void> ManifestFile::replace(const Manifest& next) {
  const std::string bytes = to_bytes(next);
  Result<void> replaced = files_->replace(path_, std::as_bytes(std::span(bytes)));
  if (replaced.ok()) return replaced;
  const auto found = files_->read(path_, kMaxManifestBytes);
  const auto old = found.ok() ? read_manifest(*found, "the manifest") : Result<Manifest>(found.error());
  const std::filesystem::path folder = path_.parent_path();
  if (old.ok() && old->generation == current_.generation && files_->sync_folder(folder).ok()) return replaced;
  if (found.ok() && *found == bytes && files_->sync_folder(folder).ok()) return {};
  broken_ =
      Error{ErrorCode::unavailable, "the index cannot tell whether its manifest was written (" +
                                        replaced.error().message + "); nothing acknowledged is lost: open it again"};
  return *broken_;
}

}  // namespace renvoi::index
