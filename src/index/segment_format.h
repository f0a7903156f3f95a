// What the writer and the reader of a segment share. Drawn in docs/format.md, "Segment".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace renvoi::index {

// Sections follow one another from byte 0, each from a multiple of kSectionAlignment on, in this order.
enum class Section : std::uint8_t {
  meta,
  references,
  passages,
  fingerprints,
  lengths,
  scan,  // the four of code_store.h
  rest,
  order,
  cells,
  blocks,  // the three of dictionary.h
  dictionary,
  postings,
  checksums
};
constexpr std::size_t kSections = 13;
constexpr std::size_t kSectionAlignment = 64;

constexpr std::string_view kSegmentMagic = "RNVOISEG";
// Version 2 differs in nothing but that its codes are never those of the plain quantizer of kSmallBits.
constexpr std::uint32_t kSegmentVersion = 3;
constexpr std::uint32_t kOldestSegmentVersion = 2;  // that is read as it is
constexpr std::size_t kTableEntryBytes = 24;        // u32 section, u32 zero, u64 offset, u64 size
// u32 sections, u32 CRC of checksums and table, u64 file size, u32 version, u32 CRC of this, magic. Version 1 ends the
// same way.
constexpr std::size_t kFooterBytes = 32;

constexpr std::uint64_t aligned(std::uint64_t offset) {
  return (offset + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

}  // namespace renvoi::index
