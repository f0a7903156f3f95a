#include "index/quantizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "index/quantizer_dot.h"

namespace renvoi::index {
namespace {

constexpr std::size_t kGroup = 64;  // coordinates in a group of quantizer_dot.h
// A scale is stored in units of kScaleUnit, the axis' coordinate in units of kAxisUnit above -2. A unit vector less the
// mean of unit vectors is at most 2 long. A scale of 1 belongs to a vector of typical length that was coded perfectly.
constexpr float kScaleUnit = 8.0F / 65'535.0F;
constexpr float kAxisUnit = 4.0F / 65'535.0F;
constexpr float kAxisLowest = -2.0F;
// Factors on the step that belongs to a vector's length; the one that keeps the direction best is taken.
constexpr std::array<float, 7> kStepFactors = {0.7F, 0.8F, 0.9F, 1.0F, 1.1F, 1.2F, 1.35F};
// The distance of two evenly spaced levels that is best for Gaussian numbers of variance 1 (Max, "Quantizing for
// minimum distortion", 1960), by number of bits.
constexpr std::array<float, kMaxBits + 1> kGaussianStep = {0.0F,    1.596F,  0.9957F, 0.586F, 0.3352F,
                                                           0.1881F, 0.1041F, 0.0569F, 0.0308F};

std::uint16_t to_units(double value, double unit) {
  const double units = std::floor(value / unit + 0.5);
  if (!(units > 0)) return 0;
  return units >= 65'535 ? std::uint16_t{65'535} : static_cast<std::uint16_t>(units);
}

void store(std::span<std::byte> code, std::size_t at, std::uint16_t value) {
  std::memcpy(code.data() + at, &value, sizeof value);
}

std::uint16_t load(std::span<const std::byte> code, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, code.data() + at, sizeof value);
  return value;
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

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

void Quantizer::transform(std::span<const float> vector, std::span<float> point) const {
  const QuantizerParts& parts = state_->parts;
  std::vector<float> rest(vector.begin(), vector.end());
  point[0] = 0;
  if (!parts.axis.empty()) {
    double along = 0;
    for (std::size_t j = 0; j < rest.size(); ++j) along += double{rest[j]} * double{parts.axis[j]};
    point[0] = static_cast<float>(along);
    for (std::size_t j = 0; j < rest.size(); ++j) rest[j] -= point[0] * parts.axis[j];
  }
  const std::span<float> out = point.subspan(1);
  if (state_->rotation) {
    state_->rotation->apply(rest);
    std::copy(rest.begin(), rest.end(), out.begin());
    return;
  }
  std::fill(out.begin(), out.end(), 0.0F);
  const std::size_t coordinates = out.size();
  // Each coordinate adds its products in the order of the dimensions, so that every compiler's vectors give one result.
  for (std::size_t j = 0; j < rest.size(); ++j) {
    const float* column = state_->columns.data() + j * coordinates;
    const float factor = rest[j];
    for (std::size_t i = 0; i < coordinates; ++i) out[i] += factor * column[i];
  }
}

void Quantizer::to_space(std::span<const float> vector, std::span<float> point) const {
  const QuantizerParts& parts = state_->parts;
  std::vector<float> rest(vector.begin(), vector.end());
  for (std::size_t j = 0; j < parts.mean.size(); ++j) rest[j] -= parts.mean[j];
  transform(rest, point);
}

void Quantizer::encode(std::span<const float> vector, std::span<std::byte> code) const {
  std::vector<float> point(space());
  to_space(vector, point);
  encode_point(point, code);
}

namespace {

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
  const float scale = kScaleUnit * static_cast<float>(load(code, state_->layout.scale_at()));
  point[0] = kAxisLowest + kAxisUnit * static_cast<float>(load(code, state_->layout.axis_at()));
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

void Quantizer::to_vector(std::span<const float> point, std::span<float> vector) const {
  const QuantizerParts& parts = state_->parts;
  const std::span<const float> values = point.subspan(1);
  if (state_->rotation) {
    std::copy(values.begin(), values.end(), vector.begin());
    state_->rotation->apply_inverse(vector);
  } else {
    for (std::size_t j = 0; j < vector.size(); ++j) {
      const float* column = state_->columns.data() + j * values.size();
      double sum = 0;
      for (std::size_t i = 0; i < values.size(); ++i) sum += double{column[i]} * double{values[i]};
      vector[j] = static_cast<float>(sum);
    }
  }
  for (std::size_t j = 0; j < parts.axis.size(); ++j) vector[j] += point[0] * parts.axis[j];
  for (std::size_t j = 0; j < parts.mean.size(); ++j) vector[j] += parts.mean[j];
}

CodeQuery Quantizer::prepare(std::span<const float> query) const {
  std::vector<float> point(space());
  transform(query, point);
  double base = 0;
  for (std::size_t j = 0; j < state_->parts.mean.size(); ++j) base += double{query[j]} * double{state_->parts.mean[j]};
  return prepare_point(point, static_cast<float>(base));
}

CodeQuery Quantizer::prepare_point(std::span<const float> point, float base) const {
  const QuantizerParts& parts = state_->parts;
  const std::vector<float> nothing(all_finite(point) && std::isfinite(base) ? 0 : point.size());
  if (!nothing.empty()) return prepare_point(nothing, 0);
  const std::span<const float> values = point.subspan(1);
  CodeQuery query;
  query.scoring_.unit = kScaleUnit;
  query.scoring_.axis_step = point[0] * kAxisUnit;
  query.scoring_.axis_offset = base + point[0] * kAxisLowest;

  // What each hot bit adds when it is set rather than not, in the order of the hot bytes.
  std::vector<float> amounts(state_->layout.hot_bytes * 8);
  std::size_t at = 0;
  for (std::size_t plane = 0; plane < kMaxBits; ++plane) {
    for (std::size_t i = 0; i < values.size() && parts.hot_bits[i] > plane; ++i)
      amounts[at + i] = values[i] * parts.hot_steps[i] * static_cast<float>(1U << (parts.hot_bits[i] - 1U - plane));
    at += state_->hot_plane_bytes[plane] * 8;
  }
  const std::size_t nibbles = amounts.size() / 4;
  std::vector<float> lowest(nibbles);
  float widest = 0;
  for (std::size_t nibble = 0; nibble < nibbles; ++nibble) {
    float range = 0;
    for (std::size_t bit = 0; bit < 4; ++bit) range += std::abs(amounts[nibble * 4 + bit]);
    lowest[nibble] = -range / 2;
    widest = std::max(widest, range);
  }
  query.table_.resize(nibbles * 16);
  const float step = widest / 255.0F;
  double offset = 0;
  for (std::size_t nibble = 0; nibble < nibbles; ++nibble) {
    offset += double{lowest[nibble]};
    if (!std::isnormal(step)) continue;
    for (unsigned entry = 0; entry < 16; ++entry) {
      float sum = -lowest[nibble];
      for (unsigned bit = 0; bit < 4; ++bit)
        sum += (entry >> bit & 1U) != 0 ? amounts[nibble * 4 + bit] / 2 : -amounts[nibble * 4 + bit] / 2;
      query.table_[nibble * 16 + entry] = static_cast<std::uint8_t>(std::clamp(sum / step + 0.5F, 0.0F, 255.0F));
    }
  }
  query.scoring_.step = std::isnormal(step) ? step : 0.0F;
  query.scoring_.offset = static_cast<float>(offset);

  // Levels aligned to eight bits; the largest unit that keeps any sum of the product inside 31 bits.
  std::vector<double> factors(values.size());
  double largest = 0;
  double total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    factors[i] = double{values[i]} * double{parts.steps[i]} * std::ldexp(1.0, int{parts.bits[i]} - int{kMaxBits});
    largest = std::max(largest, std::abs(factors[i]));
    total += std::abs(factors[i]);
  }
  const double unit = std::max(largest / 32'767, total * 255 / std::ldexp(1.0, 30));
  query.weights_.assign(state_->padded(), 0);
  if (unit > 0 && std::isfinite(1 / unit)) {
    query.half_unit_ = unit / 2;
    for (std::size_t i = 0; i < values.size(); ++i) {
      query.weights_[i] =
          static_cast<std::int16_t>(std::clamp(std::floor(factors[i] / unit + 0.5), -32'767.0, 32'767.0));
      query.centre_ += std::int64_t{query.weights_[i]} * (256 - (1 << (kMaxBits - parts.bits[i])));
    }
  }
  return query;
}

CodePlanes Quantizer::planes() const {
  CodePlanes planes;
  planes.stride_ = state_->stride_bytes();
  planes.bits_.assign(kMaxBits * planes.stride_, 0);
  return planes;
}

void Quantizer::unpack(const std::uint8_t* hot, std::size_t hot_stride, const std::uint8_t* cold,
                       CodePlanes& planes) const {
  for (std::size_t plane = 0; plane < kMaxBits; ++plane) {
    std::uint8_t* out = planes.bits_.data() + plane * planes.stride_;
    for (std::size_t i = 0; i < state_->hot_plane_bytes[plane]; ++i, hot += hot_stride) *out++ = *hot;
    if (state_->cold_plane_bytes[plane] == 0) continue;
    std::memcpy(out, cold, state_->cold_plane_bytes[plane]);
    cold += state_->cold_plane_bytes[plane];
  }
}

float Quantizer::similarity(const CodeQuery& query, const CodePlanes& planes, std::uint16_t axis, std::uint16_t scale,
                            Simd level) const {
  const std::int64_t dot =
      planes_dot(level, planes.bits(), planes.stride_, state_->group_planes, query.weights_.data());
  const double product = static_cast<double>(2 * dot - query.centre_) * query.half_unit_;
  const double along = double{query.scoring_.axis_step} * axis + double{query.scoring_.axis_offset};
  return static_cast<float>(product * (double{kScaleUnit} * scale) + along);
}

float Quantizer::similarity(const CodeQuery& query, std::span<const std::byte> code, Simd level) const {
  CodePlanes unpacked = planes();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  unpack(bytes, 1, bytes + state_->layout.hot_bytes, unpacked);
  return similarity(query, unpacked, load(code, state_->layout.axis_at()), load(code, state_->layout.scale_at()),
                    level);
}

}  // namespace renvoi::index
