#include "index/quantizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "index/quantizer_state.h"

namespace renvoi::index {
namespace {

// The distance of two evenly spaced levels that is best for Gaussian numbers of variance 1 (Max, "Quantizing for
// minimum distortion", 1960), by number of bits.
constexpr std::array<float, kMaxBits + 1> kGaussianStep = {0.0F,    1.596F,  0.9957F, 0.586F, 0.3352F,
                                                           0.1881F, 0.1041F, 0.0569F, 0.0308F};

// And far from where a product of some of them would no longer be finite.
bool all_positive(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value >= 1e-12F && value <= 1e12F; });
}

double square_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * double{value};
  return sum;
}

Error invalid(std::string_view what) {
  return {ErrorCode::invalid, fmt::format("not a quantizer: {}; make it again from the model", what)};
}

Result<void> check_vectors(const QuantizerParts& parts) {
  const std::size_t dimensions = parts.dimensions;
  const std::size_t coordinates = parts.bits.size();
  if (dimensions == 0 || dimensions > kMaxDimensions)
    return invalid(fmt::format("{} dimensions (1 to {})", dimensions, kMaxDimensions));
  if ((!parts.mean.empty() && parts.mean.size() != dimensions) || !all_finite(parts.mean) || square_of(parts.mean) > 4)
    return invalid("its mean");
  if ((!parts.axis.empty() && parts.axis.size() != dimensions) || !all_finite(parts.axis) ||
      (!parts.axis.empty() && std::abs(square_of(parts.axis) - 1) > 1e-3))
    return invalid("its axis is not of unit length");
  if (coordinates == 0 || coordinates > dimensions || (parts.basis.empty() && coordinates != dimensions))
    return invalid("its number of coordinates");
  if (parts.basis.empty()) return {};
  if (parts.basis.size() != coordinates * dimensions || !all_finite(parts.basis)) return invalid("its basis");
  for (std::size_t i = 0; i < coordinates; ++i)
    if (std::abs(square_of(std::span(parts.basis).subspan(i * dimensions, dimensions)) - 1) > 1e-3)
      return invalid("a direction of its basis is not of unit length");
  return {};
}

Result<void> check_bits(const QuantizerParts& parts) {
  const std::size_t coordinates = parts.bits.size();
  if (parts.hot_bits.size() != coordinates || parts.steps.size() != coordinates ||
      parts.hot_steps.size() != coordinates || parts.weights.size() != coordinates)
    return invalid("the number of its coordinates is not the same everywhere");
  for (std::size_t i = 0; i < coordinates; ++i)
    if (parts.bits[i] == 0 || parts.bits[i] > kMaxBits || parts.hot_bits[i] > parts.bits[i] ||
        (i > 0 && (parts.bits[i] > parts.bits[i - 1] || parts.hot_bits[i] > parts.hot_bits[i - 1])))
      return invalid("its bits");
  if (parts.hot_bits.front() == 0) return invalid("no bit is hot");
  if (!all_positive(parts.steps) || !all_positive(parts.hot_steps) || !all_positive(parts.weights) ||
      !all_positive({&parts.typical_length, 1}))
    return invalid("a step or a weight is not above zero");
  return {};
}

}  // namespace

Result<Quantizer> Quantizer::make(QuantizerParts parts) {
  RENVOI_CHECK(check_vectors(parts));
  RENVOI_CHECK(check_bits(parts));
  auto state = std::make_shared<State>();
  const std::size_t coordinates = parts.bits.size();
  const std::size_t dimensions = parts.dimensions;
  const auto plane_bytes = [&](const std::vector<std::uint8_t>& bits, std::size_t plane) {
    const auto above = std::count_if(bits.begin(), bits.end(), [&](std::uint8_t count) { return count > plane; });
    return (static_cast<std::size_t>(above) + 7) / 8;
  };
  for (std::size_t plane = 0; plane < kMaxBits; ++plane) {
    state->hot_plane_bytes[plane] = plane_bytes(parts.hot_bits, plane);
    state->cold_plane_bytes[plane] = plane_bytes(parts.bits, plane) - state->hot_plane_bytes[plane];
    state->layout.hot_bytes += state->hot_plane_bytes[plane];
    state->layout.cold_bytes += state->cold_plane_bytes[plane];
  }
  for (std::size_t i = 0; i < coordinates; i += kGroup) state->group_planes.push_back(parts.bits[i]);
  if (parts.basis.empty()) {
    state->rotation = std::make_unique<const Rotation>(parts.rotation_seed, parts.dimensions);
  } else {
    state->columns.resize(parts.basis.size());
    for (std::size_t i = 0; i < coordinates; ++i)
      for (std::size_t j = 0; j < dimensions; ++j)
        state->columns[j * coordinates + i] = parts.basis[i * dimensions + j];
  }
  state->parts = std::move(parts);
  return Quantizer(std::move(state));
}

Quantizer Quantizer::plain(std::string_view model_digest, std::uint32_t dimensions, std::uint8_t bits) {
  QuantizerParts parts;
  parts.dimensions = dimensions;
  parts.rotation_seed = model_digest;
  // A coordinate of a rotated unit vector has this standard deviation.
  const float deviation = 1.0F / std::sqrt(static_cast<float>(dimensions));
  parts.bits.assign(dimensions, bits);
  parts.hot_bits.assign(dimensions, 1);
  parts.steps.assign(dimensions, kGaussianStep[bits] * deviation);
  parts.hot_steps.assign(dimensions, kGaussianStep[1] * deviation);
  parts.weights.assign(dimensions, 1.0F);
  return make(std::move(parts)).value();
}

std::string Quantizer::digest() const { return to_hex(sha256(bytes())); }
const QuantizerParts& Quantizer::parts() const { return state_->parts; }
const CodeLayout& Quantizer::layout() const { return state_->layout; }

}  // namespace renvoi::index
