// The inner product of integer weights with the levels of a code that is held as planes of bits.
//
// Exact in 64 bits whatever the order of the additions, hence the same on every level of instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "index/quantizer_simd.h"

namespace renvoi::index {

// Sum over coordinates i of weights[i] x level(i), where bit 7 - p of level(i), 0 to 255, is bit i % 8 of byte
// p x stride_bytes + i / 8 of `planes`. Coordinates come in groups of 64: group_planes[g] (0 to 8) says how many planes
// may have bits there, the others are not read. 64 x group_planes.size() weights, the sum of whose absolute values is
// at most 2^31 / 256; stride_bytes at least 8 x group_planes.size().
std::int64_t planes_dot(Simd level, const std::uint8_t* planes, std::size_t stride_bytes,
                        std::span<const std::uint8_t> group_planes, const std::int16_t* weights);

// The same by its definition.
std::int64_t planes_dot_naive(const std::uint8_t* planes, std::size_t stride_bytes,
                              std::span<const std::uint8_t> group_planes, const std::int16_t* weights);

}  // namespace renvoi::index
