// What the writer and the reader of a segment share. Drawn in docs/format.md, "Segment".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace renvoi::index {

// Sections follow one another from byte 0, each padded with zeros to 8 bytes, in this order.
enum class Section : std::uint8_t {
  meta,
  references,
  passages,
  fingerprints,
  lengths,
  codes,
  blocks,
  dictionary,
  postings
};
constexpr std::size_t kSections = 9;

constexpr std::string_view kSegmentMagic = "RNVOISEG";
constexpr std::uint32_t kSegmentVersion = 1;
constexpr std::size_t kTableEntryBytes = 24;  // u32 section, u32 CRC-32C, u64 offset, u64 size
constexpr std::size_t kFooterBytes =
    32;  // u32 sections, u32 CRC of table, u64 file size, u32 version, u32 CRC of this, magic
constexpr std::size_t kReferenceBytes = 12;  // u32 reference, u32 first passage, u32 offset in `passages`
constexpr std::size_t kTermsPerBlock = 16;

}  // namespace renvoi::index
