#include "index/check_files.h"

#include <fmt/format.h>

namespace renvoi::index {

Result<void> check_files(io::FileSystem& files, const Loader& loader, Beside beside) {
  std::string problems;
  const auto note = [&](const Error& error) { problems += (problems.empty() ? "" : "\n") + error.message; };
  const auto manifest_bytes = files.read(loader.manifest_path(), kMaxManifestBytes);
  const auto manifest = manifest_bytes.ok() ? read_manifest(*manifest_bytes, loader.manifest_path().string())
                                            : Result<Manifest>(manifest_bytes.error());
  if (!manifest.ok()) {
    note(manifest.error());
    return Error{ErrorCode::corrupt, problems};
  }
  const auto quantizers = loader.open_quantizers(*manifest, {});
  if (!quantizers.ok()) note(quantizers.error());
  for (const ManifestSegment& entry : manifest->segments) {
    if (!quantizers.ok()) break;
    const auto part = loader.open_segment(entry.file_number, *quantizers);
    const Result<void> outcome = part.ok() ? part->segment->check() : Result<void>(part.error());
    if (!outcome.ok()) note(outcome.error());
  }
  const std::filesystem::path log_path = loader.log_path(manifest->log_number);
  const auto log_bytes = files.read(log_path, kMaxLogFileBytes);
  if (!log_bytes.ok()) {
    note(log_bytes.error());
  } else {
    const auto log = read_log(*log_bytes, log_path.string(), manifest->log_number, manifest->log_first_sequence);
    if (!log.ok())
      note(log.error());
    else if (log->mark_damaged || (beside == Beside::nobody && log->whole_bytes != log_bytes->size()))
      note({ErrorCode::corrupt,
            fmt::format("{} holds damaged bytes that carry nothing; compact the index", log_path.string())});
  }
  if (!problems.empty()) return Error{ErrorCode::corrupt, problems};
  return {};
}

}  // namespace renvoi::index
