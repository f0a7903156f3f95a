// Vectors to code space and back.
#include <algorithm>

#include "index/quantizer_state.h"

namespace renvoi::index {

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

}  // namespace renvoi::index
