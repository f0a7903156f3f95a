// FastScan: sums of table entries, 32 passages at a time (Andre, Kermarrec and Le Scouarnec, "Cache locality is not
// enough: high-performance nearest neighbor search with product quantization fast scan", VLDB 2015).
//
// A passage's hot bits are `rows` bytes. A block holds those of 32 passages, transposed: byte [row][passage], so that
// one shuffle instruction looks up the same four bits of 16 passages. For each row a table has 32 entries of one byte:
// 16 for the low four bits of its bytes, then 16 for the high four. The score of a passage is the sum of its 2 x rows
// entries, an exact integer: the same on every level of instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "index/quantizer_simd.h"

namespace renvoi::index {

constexpr std::size_t kScanLanes = 32;        // passages in a block
constexpr std::size_t kTableRowEntries = 32;  // bytes of table for one row

// sums[32 x b + l] = the score of lane l of block b, for b below `blocks`. `table` has 32 x rows bytes, `codes` the
// blocks, each 32 x rows bytes, one every `stride_bytes`; `sums` 32 x blocks numbers. Any rows up to 2^23, any
// alignment. The level must be one of available_simd().
void scan_blocks(Simd level, const std::uint8_t* table, std::size_t rows, const std::uint8_t* codes, std::size_t blocks,
                 std::size_t stride_bytes, std::uint32_t* sums);

// The same by its definition: what the others are held against.
void scan_blocks_naive(const std::uint8_t* table, std::size_t rows, const std::uint8_t* codes, std::size_t blocks,
                       std::size_t stride_bytes, std::uint32_t* sums);

// Turns sums into approximate scores, with two numbers of sixteen bits a passage.
struct LaneScoring {
  float step = 0;         // of one unit of a sum
  float offset = 0;       // added to step x sum, before the passage's scale
  float unit = 0;         // of one unit of a passage's scale
  float axis_step = 0;    // of one unit of a passage's axis
  float axis_offset = 0;  // added to axis_step x axis
};
// scores[l] = (step x sums[l] + offset) x (unit x scales[l]) + (axis_step x axes[l] + axis_offset); bit l of the
// answer: scores[l] >= threshold. Of 32 lanes; scales and axes are 32 numbers of sixteen bits, little-endian, any
// alignment. The same bits on every level: no fused multiply-add.
std::uint32_t score_lanes(Simd level, const LaneScoring& scoring, const std::uint32_t* sums, const std::uint8_t* scales,
                          const std::uint8_t* axes, float threshold, float* scores);

}  // namespace renvoi::index
