#include "index/codes.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "base/hash.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kRounds = 3;
constexpr float kCentre = 7.5F;  // level c stands for (c - 7.5) x scale

// Fast Walsh-Hadamard transform, not yet divided by sqrt(size). Additions only: the same on every machine.
void hadamard(std::span<float> values) {
  for (std::size_t width = 1; width < values.size(); width *= 2)
    for (std::size_t begin = 0; begin < values.size(); begin += 2 * width)
      for (std::size_t i = begin; i < begin + width; ++i) {
        const float sum = values[i] + values[i + width];
        const float difference = values[i] - values[i + width];
        values[i] = sum;
        values[i + width] = difference;
      }
}

void scale_all(std::span<float> values, float factor) {
  for (float& value : values) value *= factor;
}

}  // namespace

Rotation::Rotation(std::string_view seed, std::uint32_t dimensions)
    : dimensions_(dimensions), block_(std::bit_floor(dimensions)), negate_(std::size_t{kRounds} * dimensions) {
  // mt19937_64 is specified to the bit by the standard.
  std::mt19937_64 random(fingerprint(seed));
  for (std::uint8_t& sign : negate_) sign = static_cast<std::uint8_t>(random() >> 63);
}

void Rotation::apply(std::span<float> values) const {
  const float factor = 1.0F / std::sqrt(static_cast<float>(block_));
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < dimensions_; ++i)
      if (negate_[std::size_t{round} * dimensions_ + i] != 0) values[i] = -values[i];
    hadamard(values.first(block_));
    scale_all(values.first(block_), factor);
    if (block_ == dimensions_) continue;
    hadamard(values.last(block_));
    scale_all(values.last(block_), factor);
  }
}

void Rotation::apply_inverse(std::span<float> values) const {
  const float factor = 1.0F / std::sqrt(static_cast<float>(block_));
  for (std::uint32_t round = kRounds; round-- > 0;) {
    if (block_ != dimensions_) {
      hadamard(values.last(block_));
      scale_all(values.last(block_), factor);
    }
    hadamard(values.first(block_));
    scale_all(values.first(block_), factor);
    for (std::size_t i = 0; i < dimensions_; ++i)
      if (negate_[std::size_t{round} * dimensions_ + i] != 0) values[i] = -values[i];
  }
}

void decode_old_code(std::span<const std::byte> code, std::span<float> rotated) {
  const std::size_t half = (rotated.size() + 1) / 2;
  float scale = 0;
  std::memcpy(&scale, code.data() + half, sizeof scale);
  for (std::size_t i = 0; i < rotated.size(); ++i) {
    const auto byte = std::to_integer<unsigned>(code[i < half ? i : i - half]);
    rotated[i] = scale * (static_cast<float>(i < half ? byte & 15 : byte >> 4) - kCentre);
  }
}

}  // namespace renvoi::index
