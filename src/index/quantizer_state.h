// What the parts of Quantizer share: quantizer.cpp makes one, quantizer_space.cpp goes between vectors and code space,
// quantizer_codes.cpp between code space and codes, quantizer_query.cpp compares queries with codes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "index/quantizer.h"

namespace renvoi::index {

constexpr std::size_t kGroup = 64;  // coordinates in a group of quantizer_dot.h
// A scale is stored in units of kScaleUnit, the axis' coordinate in units of kAxisUnit above -2. A unit vector less the
// mean of unit vectors is at most 2 long. A scale of 1 belongs to a vector of typical length that was coded perfectly.
constexpr float kScaleUnit = 8.0F / 65'535.0F;
constexpr float kAxisUnit = 4.0F / 65'535.0F;
constexpr float kAxisLowest = -2.0F;

inline std::uint16_t load_units(std::span<const std::byte> code, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, code.data() + at, sizeof value);
  return value;
}

inline bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

struct Quantizer::State {
  QuantizerParts parts;
  CodeLayout layout;
  std::unique_ptr<const Rotation> rotation;  // when there is no basis
  std::vector<float> columns;                // the basis, transposed: dimensions x coordinates
  std::array<std::size_t, kMaxBits> hot_plane_bytes{};
  std::array<std::size_t, kMaxBits> cold_plane_bytes{};
  std::vector<std::uint8_t> group_planes;  // of each 64 coordinates
  std::size_t padded() const { return group_planes.size() * kGroup; }
  std::size_t stride_bytes() const { return padded() / 8; }
};

}  // namespace renvoi::index
