#include "index/codes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "base/hash.h"

namespace renvoi::index {
namespace {

constexpr std::uint32_t kRounds = 3;
constexpr float kCentre = 7.5F;  // level c stands for (c - 7.5) x scale
constexpr int kSteps = 12;
constexpr std::size_t kLanes = 16;

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

struct Rounding {
  double product = 0;  // <vector, levels>
  double square = 0;   // <levels, levels>
};

float level_of(float value, float inverse_step) {
  return std::clamp(std::floor(value * inverse_step) + 8.0F, 0.0F, 15.0F);
}

Rounding round_with(std::span<const float> values, float inverse_step) {
  Rounding rounding;
  for (const float value : values) {
    const double level = static_cast<double>(level_of(value, inverse_step)) - 7.5;
    rounding.product += static_cast<double>(value) * level;
    rounding.square += level * level;
  }
  return rounding;
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

Codec::Codec(std::string_view model_digest, std::uint32_t dimensions, ScaleChoice choice)
    : dimensions_(dimensions), half_((dimensions + 1) / 2), choice_(choice), rotation_(model_digest, dimensions) {}

void Codec::encode(std::span<const float> vector, std::span<std::byte> code) const {
  std::vector<float> values(vector.begin(), vector.end());
  rotation_.apply(values);
  std::fill(code.begin(), code.end(), std::byte{0});
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  if (!(largest > 0) || !std::isnormal(largest)) return;  // the zero vector: scale 0

  float best_inverse_step = 0;
  double best_quality = -1;
  Rounding best;
  for (int i = 0; i < kSteps; ++i) {
    const float reach = largest * (0.45F + 0.05F * static_cast<float>(i));  // 0.45 to 1.0 of the largest coordinate
    const float inverse_step = 8.0F / reach;
    if (!std::isfinite(inverse_step)) continue;
    const Rounding rounding = round_with(values, inverse_step);
    const double quality = rounding.product * rounding.product / rounding.square;
    if (quality <= best_quality) continue;
    best_quality = quality;
    best = rounding;
    best_inverse_step = inverse_step;
  }
  if (best_inverse_step == 0) return;
  double scale = best.product / best.square;
  if (choice_ == ScaleChoice::unbiased) {
    double square = 0;
    for (const float value : values) square += static_cast<double>(value) * static_cast<double>(value);
    scale = square / best.product;
  }
  for (std::size_t i = 0; i < dimensions_; ++i) {
    const auto level = static_cast<unsigned>(level_of(values[i], best_inverse_step));
    std::byte& byte = code[i < half_ ? i : i - half_];
    byte |= static_cast<std::byte>(i < half_ ? level : level << 4);
  }
  const auto stored = static_cast<float>(scale);
  std::memcpy(code.data() + half_, &stored, sizeof stored);
}

std::vector<float> Codec::decode(std::span<const std::byte> code) const {
  float scale = 0;
  std::memcpy(&scale, code.data() + half_, sizeof scale);
  std::vector<float> values(dimensions_);
  for (std::size_t i = 0; i < dimensions_; ++i) {
    const auto byte = std::to_integer<unsigned>(code[i < half_ ? i : i - half_]);
    values[i] = scale * (static_cast<float>(i < half_ ? byte & 15 : byte >> 4) - kCentre);
  }
  return values;
}

PreparedQuery Codec::prepare(std::span<const float> query) const {
  std::vector<float> values(query.begin(), query.end());
  rotation_.apply(values);
  PreparedQuery prepared;
  prepared.low_.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half_));
  prepared.high_.assign(half_, 0.0F);
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(half_), values.end(), prepared.high_.begin());
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  prepared.offset_ = static_cast<float>(sum * static_cast<double>(kCentre));
  return prepared;
}

float Codec::inner_product(const PreparedQuery& query, const std::byte* code) const {
  // Independent sums, one a lane, so that the compiler may keep them in vector registers.
  std::array<float, kLanes> sums{};
  const float* low = query.low_.data();
  const float* high = query.high_.data();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(code);
  std::size_t i = 0;
  for (; i + kLanes <= half_; i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::uint8_t byte = bytes[i + lane];
      sums[lane] += low[i + lane] * static_cast<float>(byte & 15) + high[i + lane] * static_cast<float>(byte >> 4);
    }
  for (; i < half_; ++i)
    sums[i % kLanes] += low[i] * static_cast<float>(bytes[i] & 15) + high[i] * static_cast<float>(bytes[i] >> 4);
  float sum = 0;
  for (const float part : sums) sum += part;
  float scale = 0;
  std::memcpy(&scale, code + half_, sizeof scale);
  return scale * (sum - query.offset_);
}

}  // namespace renvoi::index
