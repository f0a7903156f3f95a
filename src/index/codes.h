// The random rotation, and the codes of version 1 of the index, which are only read now.
//
// A vector turned by a fixed random rotation (random signs and fast Hadamard transforms, seeded by the model's digest;
// Ailon and Chazelle 2009) has coordinates that look Gaussian, whatever the model.
// A code of version 1 is the rotated vector rounded to 16 evenly spaced levels: byte i holds the level of coordinate i
// in its low four bits and of coordinate i + ceil(dimensions / 2) in its high four; then an f32 scale. Level v stands
// for (v - 7.5) x scale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace renvoi::index {

constexpr std::uint32_t kMaxDimensions = 4'096;

// A proper rotation of any dimension: each round changes signs, then transforms the first and the last 2^k coordinates
// (they overlap when the dimension is no power of two), so lengths and inner products are kept. Immutable. The same on
// every machine.
class Rotation {
 public:
  Rotation(std::string_view seed, std::uint32_t dimensions);
  // In place; `values` has `dimensions` numbers.
  void apply(std::span<float> values) const;
  void apply_inverse(std::span<float> values) const;

 private:
  std::uint32_t dimensions_;
  std::uint32_t block_;               // the largest power of two that fits
  std::vector<std::uint8_t> negate_;  // kRounds x dimensions
};

// Bytes of a code of version 1.
constexpr std::size_t old_code_bytes(std::uint32_t dimensions) {
  return (std::size_t{dimensions} + 1) / 2 + sizeof(float);
}
// Decodes one: `rotated` has `dimensions` numbers and gets the vector as Rotation(model digest, dimensions) has it.
void decode_old_code(std::span<const std::byte> code, std::span<float> rotated);

}  // namespace renvoi::index
