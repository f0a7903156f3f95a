// The manifest: which files make up the index, replaced as a whole by one rename. Drawn in docs/format.md, "Manifest".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/index.h"

namespace renvoi::index {

constexpr std::uint32_t kManifestVersion = 2;

struct ManifestSegment {
  std::uint64_t file_number = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t passages = 0;
  std::vector<std::uint64_t> live_words;  // (passages + 63) / 64
};

// A file that holds exactly Quantizer::bytes().
struct ManifestQuantizer {
  std::uint64_t file_number = 0;
  std::string digest;  // Quantizer::digest(): the SHA-256 of the file
};

struct Manifest {
  std::uint64_t generation = 0;  // grows by one with each manifest
  Identity identity;
  std::uint64_t next_file_number = 1;  // a number is never used again
  std::uint64_t log_number = 0;
  std::uint64_t log_first_sequence = 0;       // all commits up to this one are in the segments
  std::vector<ManifestQuantizer> quantizers;  // in the order in which they were made
  std::vector<ManifestSegment> segments;
  std::uint32_t version = kManifestVersion;  // of the bytes it was read from; what is written is always the newest
};

std::string to_bytes(const Manifest& manifest);
// Errors: `corrupt`, naming `name`; `invalid` (a newer version).
Result<Manifest> read_manifest(std::string_view bytes, const std::string& name);

std::string segment_file_name(std::uint64_t number);    // "segment-00000012.seg"
std::string log_file_name(std::uint64_t number);        // "log-00000013.log"
std::string quantizer_file_name(std::uint64_t number);  // "quantizer-00000014.qtz"

}  // namespace renvoi::index
