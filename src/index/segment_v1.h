// Reads a segment of version 1, as was written until November 2026, by making one of the present version from it.
//
//   sections, each padded with zeros to a multiple of 8, from byte 0 on; then the table, then the footer
//   0 meta          u32 passages p, references r, dimensions, bytes of a code, width of a length w, terms t
//   1 references    r x 12: u32 reference (rising), u32 first passage, u32 offset in section 2
//   2 passages      as in passage_table.h
//   3 fingerprints  p x 8
//   4 lengths       p x w (1, 2 or 4 bytes): sum of the term frequencies, exact
//   5 codes         as in codes.h
//   6 blocks        ceil(t / 16) x 4: where each block of 16 terms begins in section 7
//   7 dictionary    block: varint offset of its first list in section 8, then for each term in order: varint bytes
//                   shared with the term before (0 for the first), text of the rest, varint passages that hold it,
//                   varint bytes of its list
//   8 postings      the lists (postings.h), in the order of the terms
//   table           9 x 24: u32 section, u32 CRC, u64 offset, u64 size
//   footer          as now
//
// Frequencies above 15 and lengths become what the present version stores; codes are decoded and encoded with the plain
// quantizer, which has twice their bits.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "index/quantizers.h"

namespace renvoi::index {

// Whether the bytes end as a segment of version 1.
bool is_segment_v1(std::span<const std::byte> bytes);

// The bytes of a segment of the present version. Every checksum is verified, everything is read. Errors: `corrupt`,
// naming `name`.
Result<std::string> convert_segment_v1(std::span<const std::byte> bytes, const std::string& name,
                                       const Quantizers& quantizers);

}  // namespace renvoi::index
