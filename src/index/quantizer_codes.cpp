// Points of code space to codes and back.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "index/quantizer_state.h"

namespace renvoi::index {
namespace {

// Factors on the step that belongs to a vector's length; the one that keeps the direction best is taken.
constexpr std::array<float, 7> kStepFactors = {0.7F, 0.8F, 0.9F, 1.0F, 1.1F, 1.2F, 1.35F};

std::uint16_t to_units(double value, double unit) {
  const double units = std::floor(value / unit + 0.5);
  if (!(units > 0)) return 0;
  return units >= 65'535 ? std::uint16_t{65'535} : static_cast<std::uint16_t>(units);
}

void store(std::span<std::byte> code, std::size_t at, std::uint16_t value) {
  std::memcpy(code.data() + at, &value, sizeof value);
}

// Levels at one step, for values divided by it: the integer part of value / step, from the middle of 2^bits levels.
void levels_with(std::span<const float> values, std::span<const float> inverse_steps, std::span<const float> middle,
                 float factor, std::span<float> levels) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float place = values[i] * (inverse_steps[i] * factor) + middle[i];
    levels[i] = static_cast<float>(static_cast<std::int32_t>(std::clamp(place, 0.0F, 2 * middle[i] - 0.5F)));
  }
}

struct Products {
  double length = 0;  // sum of weight x value^2
  double mixed = 0;   // sum of weight x value x decoded
  double code = 0;    // sum of weight x decoded^2
};

double unbiased_scale(const Products& products) {
  return products.mixed > 0 && std::isfinite(products.length / products.mixed) ? products.length / products.mixed : 0;
}

}  // namespace

void Quantizer::encode(std::span<const float> vector, std::span<std::byte> code) const {
  std::vector<float> point(space());
  to_space(vector, point);
  encode_point(point, code);
}

void Quantizer::encode_point(std::span<const float> point, std::span<std::byte> code) const {
  const QuantizerParts& parts = state_->parts;
  const std::size_t coordinates = parts.bits.size();
  const std::span<const float> values = point.subspan(1);
  std::fill(code.begin(), code.end(), std::byte{0});
  store(code, state_->layout.axis_at(), to_units(double{point[0]} - double{kAxisLowest}, double{kAxisUnit}));

  double square = 0;
  for (std::size_t i = 0; i < coordinates; ++i)
    square += double{parts.weights[i]} * double{values[i]} * double{values[i]};
  const double inverse_length = double{parts.typical_length} / std::sqrt(square);
  if (!(inverse_length > 1e-12 && inverse_length < 1e12)) return;  // nothing to code: the scales are 0

  std::vector<float> inverse_steps(coordinates);
  std::vector<float> middle(coordinates);
  for (std::size_t i = 0; i < coordinates; ++i) {
    inverse_steps[i] = static_cast<float>(inverse_length) / parts.steps[i];
    middle[i] = static_cast<float>(1U << (parts.bits[i] - 1U));
  }
  std::vector<float> levels(coordinates);
  std::vector<float> best_levels(coordinates);
  Products best;
  double best_quality = -1;
  for (const float factor : kStepFactors) {
    levels_with(values, inverse_steps, middle, factor, levels);
    Products products{square, 0, 0};
    for (std::size_t i = 0; i < coordinates; ++i) {
      const double decoded = (double{levels[i]} - double{middle[i]} + 0.5) * double{parts.steps[i]};
      products.mixed += double{parts.weights[i]} * double{values[i]} * decoded;
      products.code += double{parts.weights[i]} * decoded * decoded;
    }
    const double quality = products.mixed > 0 ? products.mixed * products.mixed / products.code : 0;
    if (quality <= best_quality) continue;
    best_quality = quality;
    best = products;
    best_levels.swap(levels);
  }

  Products hot{square, 0, 0};
  for (std::size_t i = 0; i < coordinates; ++i) {
    if (parts.hot_bits[i] == 0) continue;
    const unsigned level = static_cast<unsigned>(best_levels[i]) >> (parts.bits[i] - parts.hot_bits[i]);
    const double decoded =
        (static_cast<double>(level) - (std::ldexp(1.0, parts.hot_bits[i]) - 1) / 2) * double{parts.hot_steps[i]};
    hot.mixed += double{parts.weights[i]} * double{values[i]} * decoded;
  }
  store(code, state_->layout.scale_at(), to_units(unbiased_scale(best), double{kScaleUnit}));
  store(code, state_->layout.hot_scale_at(), to_units(unbiased_scale(hot), double{kScaleUnit}));

  std::size_t hot_at = 0;
  std::size_t cold_at = state_->layout.hot_bytes;
  for (std::size_t plane = 0; plane < kMaxBits; ++plane) {
    const std::size_t hot_bytes = state_->hot_plane_bytes[plane];
    const std::size_t bytes = hot_bytes + state_->cold_plane_bytes[plane];
    for (std::size_t i = 0; i < std::min(coordinates, bytes * 8); ++i) {
      if (parts.bits[i] <= plane) break;
      const unsigned bit = static_cast<unsigned>(best_levels[i]) >> (parts.bits[i] - 1U - plane) & 1U;
      const std::size_t at = i / 8 < hot_bytes ? hot_at + i / 8 : cold_at + i / 8 - hot_bytes;
      code[at] |= static_cast<std::byte>(bit << (i % 8));
    }
    hot_at += hot_bytes;
    cold_at += bytes - hot_bytes;
  }
}

void Quantizer::decode(std::span<const std::byte> code, std::span<float> point) const {
  const QuantizerParts& parts = state_->parts;
  const float scale = kScaleUnit * static_cast<float>(load_units(code, state_->layout.scale_at()));
  point[0] = kAxisLowest + kAxisUnit * static_cast<float>(load_units(code, state_->layout.axis_at()));
  std::size_t hot_at = 0;
  std::size_t cold_at = state_->layout.hot_bytes;
  std::vector<unsigned> levels(parts.bits.size());
  for (std::size_t plane = 0; plane < kMaxBits; ++plane) {
    const std::size_t hot_bytes = state_->hot_plane_bytes[plane];
    for (std::size_t i = 0; i < levels.size() && parts.bits[i] > plane; ++i) {
      const std::size_t at = i / 8 < hot_bytes ? hot_at + i / 8 : cold_at + i / 8 - hot_bytes;
      levels[i] = levels[i] * 2 + (std::to_integer<unsigned>(code[at]) >> (i % 8) & 1U);
    }
    hot_at += hot_bytes;
    cold_at += state_->cold_plane_bytes[plane];
  }
  for (std::size_t i = 0; i < levels.size(); ++i)
    point[1 + i] = scale * ((static_cast<float>(2 * levels[i] + 1) - static_cast<float>(1U << parts.bits[i])) / 2 *
                            parts.steps[i]);
}

}  // namespace renvoi::index
