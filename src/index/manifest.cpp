#include "index/manifest.h"

#include <fmt/format.h>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

constexpr std::string_view kMagic = "RNVOIMAN";
constexpr std::size_t kMaxSegments = 1'000;
constexpr std::size_t kMaxQuantizers = 100;

}  // namespace

std::string to_bytes(const Manifest& manifest) {
  io::ByteWriter writer;
  writer.append(kMagic);
  writer.u32(kManifestVersion);
  writer.u32(manifest.identity.dimensions);
  writer.u32(manifest.identity.extractor_version);
  writer.text(manifest.identity.model_digest);
  writer.u64(manifest.generation);
  writer.u64(manifest.next_file_number);
  writer.u64(manifest.log_number);
  writer.u64(manifest.log_first_sequence);
  writer.varint(manifest.quantizers.size());
  for (const ManifestQuantizer& quantizer : manifest.quantizers) {
    writer.u64(quantizer.file_number);
    writer.text(quantizer.digest);
  }
  writer.varint(manifest.segments.size());
  for (const ManifestSegment& segment : manifest.segments) {
    writer.u64(segment.file_number);
    writer.u64(segment.file_bytes);
    writer.u32(segment.passages);
    for (const std::uint64_t word : segment.live_words) writer.u64(word);
  }
  writer.u32(io::crc32c(writer.str()));
  return writer.take();
}

Result<Manifest> read_manifest(std::string_view bytes, const std::string& name) {
  const auto damaged = [&](std::string_view what) {
    return Error{ErrorCode::corrupt,
                 fmt::format("{} is damaged ({}); restore the index from a copy, or remove its folder "
                             "and run sync to build it again",
                             name, what)};
  };
  if (bytes.size() < 16 || bytes.substr(0, 8) != kMagic) return damaged("it does not begin as a manifest");
  io::ByteReader crc(bytes.substr(bytes.size() - 4));
  if (crc.u32() != io::crc32c(bytes.substr(0, bytes.size() - 4))) return damaged("checksum");
  io::ByteReader reader(bytes.substr(8, bytes.size() - 12));
  const std::uint32_t version = reader.u32();
  if (version == 0 || version > kManifestVersion)
    return Error{ErrorCode::invalid,
                 fmt::format("{} has format version {}, this program knows 1 to {}; use the renvoi that wrote "
                             "it, or remove the index's folder and run sync",
                             name, version, kManifestVersion)};
  Manifest manifest;
  manifest.version = version;
  manifest.identity.dimensions = reader.u32();
  manifest.identity.extractor_version = reader.u32();
  manifest.identity.model_digest = reader.text();
  manifest.generation = reader.u64();
  manifest.next_file_number = reader.u64();
  manifest.log_number = reader.u64();
  manifest.log_first_sequence = reader.u64();
  const std::uint64_t quantizers = version >= 2 ? reader.varint() : 0;
  if (!reader.ok() || quantizers > kMaxQuantizers) return damaged("its head");
  for (std::uint64_t i = 0; i < quantizers; ++i) {
    ManifestQuantizer& quantizer = manifest.quantizers.emplace_back();
    quantizer.file_number = reader.u64();
    quantizer.digest = reader.text();
  }
  const std::uint64_t segments = reader.varint();
  if (!reader.ok() || segments > kMaxSegments) return damaged("its head");
  for (std::uint64_t i = 0; i < segments; ++i) {
    ManifestSegment segment;
    segment.file_number = reader.u64();
    segment.file_bytes = reader.u64();
    segment.passages = reader.u32();
    const std::uint64_t words = (std::uint64_t{segment.passages} + 63) / 64;
    if (!reader.ok() || words > reader.remaining() / 8) return damaged("its list of segments");
    for (std::uint64_t j = 0; j < words; ++j) segment.live_words.push_back(reader.u64());
    if (segment.passages % 64 != 0 && segment.live_words.back() >> (segment.passages % 64) != 0)
      return damaged("a live bitmap");
    manifest.segments.push_back(std::move(segment));
  }
  if (!reader.ok() || !reader.at_end()) return damaged("its end");
  return manifest;
}

std::string segment_file_name(std::uint64_t number) { return fmt::format("segment-{:08}.seg", number); }
std::string log_file_name(std::uint64_t number) { return fmt::format("log-{:08}.log", number); }
std::string quantizer_file_name(std::uint64_t number) { return fmt::format("quantizer-{:08}.qtz", number); }

}  // namespace renvoi::index
