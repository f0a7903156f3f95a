#include "index/named_files.h"

#include <chrono>
#include <thread>

#include "index/loader.h"

namespace renvoi::index {
namespace {

constexpr int kAttempts = 50;
constexpr auto kPause = std::chrono::milliseconds(20);

Result<HeldIndex> hold_once(io::FileSystem& files, const std::filesystem::path& folder) {
  HeldIndex held;
  HeldFile manifest_file{"manifest", {}, {}};
  RENVOI_TRY(manifest_file.bytes, files.read(folder / "manifest", kMaxManifestBytes));
  RENVOI_TRY(const Manifest manifest, read_manifest(manifest_file.bytes, (folder / "manifest").string()));
  held.identity = manifest.identity;
  for (const std::string& name : immutable_files(manifest)) {
    HeldFile file{name, {}, {}};
    RENVOI_TRY(file.mapped, files.map(folder / name));
    held.files.push_back(std::move(file));
  }
  // The log last: while its manifest is in force it only grows. What it holds then may be coded by a quantizer that was
  // made since.
  HeldFile log{log_file_name(manifest.log_number), {}, {}};
  RENVOI_TRY(log.bytes, files.read(folder / log.name, kMaxLogFileBytes));
  RENVOI_TRY(const Manifest now, current_manifest(files, folder));
  if (now.quantizers.size() != manifest.quantizers.size())
    return Error{ErrorCode::not_found, "the manifest has changed"};
  held.files.push_back(std::move(log));
  held.files.push_back(std::move(manifest_file));
  return held;
}

}  // namespace

std::vector<std::string> immutable_files(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const ManifestQuantizer& quantizer : manifest.quantizers)
    names.push_back(quantizer_file_name(quantizer.file_number));
  for (const ManifestSegment& segment : manifest.segments) names.push_back(segment_file_name(segment.file_number));
  return names;
}

Result<Manifest> current_manifest(io::FileSystem& files, const std::filesystem::path& folder) {
  RENVOI_TRY(const std::string bytes, files.read(folder / "manifest", kMaxManifestBytes));
  return read_manifest(bytes, (folder / "manifest").string());
}

Result<HeldIndex> hold_index(io::FileSystem& files, const std::filesystem::path& folder) {
  for (int attempt = 1;; ++attempt) {
    Result<HeldIndex> held = hold_once(files, folder);
    // A merge removes what the manifest named a moment ago: then there is a new one.
    if (held.ok() || held.error().code != ErrorCode::not_found || !files.exists(folder / "manifest")) return held;
    if (attempt == kAttempts)
      return Error{ErrorCode::corrupt, held.error().message + "; the manifest names it: run renvoi repair"};
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace renvoi::index
