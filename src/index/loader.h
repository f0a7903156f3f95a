// Reads an index as it was last committed: manifest, segments, log.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/log.h"
#include "index/manifest.h"
#include "index/part.h"
#include "index/quantizers.h"
#include "io/file_system.h"

namespace renvoi::index {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxQuantizerBytes = std::uint64_t{1} << 28;
constexpr std::uint64_t kMaxLogFileBytes = std::uint64_t{16} << 30;

struct LoadedIndex {
  Manifest manifest;
  std::string manifest_bytes;
  std::optional<Quantizers> quantizers;  // always there
  std::vector<Part> disk;                // in the order of the manifest
  std::vector<Part> memory;              // what the log holds
  LogContent log;
  std::string log_tail;  // the log's bytes from LogContent::last_mark_offset: what tells whether it has grown
};

class Loader {
 public:
  Loader(io::FileSystem& files, std::filesystem::path folder, Identity identity)
      : files_(&files),
        folder_(std::move(folder)),
        identity_(std::move(identity)),
        plain_(identity_.model_digest, identity_.dimensions) {}

  // `known` are parts whose mapped segments may be used again. Errors: `not_found` when there is no manifest, or (for a
  // reader, while a writer merges) when a file has gone since the manifest was read; as Index::open otherwise.
  Result<LoadedIndex> load(std::span<const Part> known) const;
  // The same for a reader: tries again while a writer is replacing files.
  Result<LoadedIndex> load_beside_writer(std::span<const Part> known) const;
  // Whether load() would give something else.
  bool changed_since(const LoadedIndex& loaded) const;

  Result<Part> open_segment(std::uint64_t file_number, const Quantizers& quantizers) const;
  // The plain one and those that the manifest names. Errors: `corrupt`, naming the file.
  Result<Quantizers> open_quantizers(const Manifest& manifest, std::span<const Part> known) const;
  std::filesystem::path manifest_path() const { return folder_ / "manifest"; }
  std::filesystem::path segment_path(std::uint64_t number) const { return folder_ / segment_file_name(number); }
  std::filesystem::path quantizer_path(std::uint64_t number) const { return folder_ / quantizer_file_name(number); }
  std::filesystem::path log_path(std::uint64_t number) const { return folder_ / log_file_name(number); }

 private:
  Result<void> match_identity(const Identity& found) const;
  Result<Part> load_segment(const ManifestSegment& entry, const Quantizers& quantizers,
                            std::span<const Part> known) const;
  io::FileSystem* files_;
  std::filesystem::path folder_;
  Identity identity_;
  Quantizers plain_;
};

// The changes as parts over `disk` and `memory`: what they replace dies there, what they put is a new part of `memory`.
// Small parts are joined, so that there are never many: a logarithmic number for each quantizer. Errors: as
// merge_parts.
Result<void> apply_changes(std::span<const std::string_view> batches, const Quantizers& quantizers,
                           std::vector<Part>& disk, std::vector<Part>& memory);

}  // namespace renvoi::index
