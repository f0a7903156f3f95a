// Queries, made ready, and their estimates by all bits of a code.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "index/quantizer_dot.h"
#include "index/quantizer_state.h"

namespace renvoi::index {

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
  return similarity(query, unpacked, load_units(code, state_->layout.axis_at()),
                    load_units(code, state_->layout.scale_at()), level);
}

}  // namespace renvoi::index
