#include "index/quantizer_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace renvoi::index {
namespace {

constexpr std::size_t kBitsAtOnce = 8;  // coordinates that get a bit together: planes are whole bytes
constexpr int kMaxSweeps = 40;
constexpr double kOrthogonal = 1e-12;  // cosine of two rows that need no turn
// Distance of evenly spaced levels, and mean square error, for Gaussian numbers of variance 1 (Max 1960), by bits.
constexpr std::array<double, kMaxBits + 1> kStep = {0, 1.596, 0.9957, 0.586, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308};
constexpr std::array<double, kMaxBits + 1> kDistortion = {1,        0.3634,  0.1188,   0.03744,  0.01154,
                                                          0.003495, 0.00104, 0.000304, 0.0000877};

using Matrix = std::vector<double>;  // row-major, dimensions x dimensions

std::vector<double> mean_of(std::span<const float> rows, std::size_t dimensions) {
  std::vector<double> mean(dimensions);
  for (std::size_t i = 0; i < rows.size(); ++i) mean[i % dimensions] += double{rows[i]};
  for (double& value : mean) value /= static_cast<double>(rows.size() / dimensions);
  return mean;
}

double normalise(std::vector<double>& vector) {
  const double length = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
  if (length > 0)
    for (double& value : vector) value /= length;
  return length;
}

// Adds `share` of the covariance, about their own mean and without what lies along `axis`.
void add_covariance(std::span<const float> rows, std::size_t dimensions, const std::vector<double>& axis, double share,
                    Matrix& covariance) {
  const std::vector<double> mean = mean_of(rows, dimensions);
  const double factor = share / static_cast<double>(rows.size() / dimensions);
  std::vector<double> rest(dimensions);
  for (std::size_t begin = 0; begin < rows.size(); begin += dimensions) {
    for (std::size_t i = 0; i < dimensions; ++i) rest[i] = double{rows[begin + i]} - mean[i];
    const double along = std::inner_product(rest.begin(), rest.end(), axis.begin(), 0.0);
    for (std::size_t i = 0; i < dimensions; ++i) rest[i] -= along * axis[i];
    for (std::size_t i = 0; i < dimensions; ++i) {
      const double left = factor * rest[i];
      double* row = covariance.data() + i * dimensions;
      for (std::size_t j = 0; j < dimensions; ++j) row[j] += left * rest[j];
    }
  }
}

// One-sided Jacobi (Hestenes 1958): turns pairs of rows until all are orthogonal. From a symmetric positive matrix, row
// i ends as an eigenvalue times its eigenvector.
void orthogonalise(Matrix& matrix, std::size_t dimensions) {
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    bool turned = false;
    for (std::size_t p = 0; p + 1 < dimensions; ++p)
      for (std::size_t q = p + 1; q < dimensions; ++q) {
        double* a = matrix.data() + p * dimensions;
        double* b = matrix.data() + q * dimensions;
        double aa = 0;
        double bb = 0;
        double ab = 0;
        for (std::size_t i = 0; i < dimensions; ++i) {
          aa += a[i] * a[i];
          bb += b[i] * b[i];
          ab += a[i] * b[i];
        }
        if (std::abs(ab) <= kOrthogonal * std::sqrt(aa * bb)) continue;
        turned = true;
        const double zeta = (bb - aa) / (2 * ab);
        const double tangent = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
        const double cosine = 1 / std::sqrt(1 + tangent * tangent);
        const double sine = cosine * tangent;
        for (std::size_t i = 0; i < dimensions; ++i) {
          const double left = a[i];
          a[i] = cosine * left - sine * b[i];
          b[i] = sine * left + cosine * b[i];
        }
      }
    if (!turned) return;
  }
}

struct Spectrum {
  std::vector<double> variances;           // descending, above 0
  std::vector<std::vector<double>> basis;  // unit length
};

Spectrum spectrum_of(Matrix& covariance, std::size_t dimensions) {
  orthogonalise(covariance, dimensions);
  std::vector<std::vector<double>> rows(dimensions);
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < dimensions; ++i) {
    rows[i].assign(covariance.begin() + static_cast<std::ptrdiff_t>(i * dimensions),
                   covariance.begin() + static_cast<std::ptrdiff_t>((i + 1) * dimensions));
    order.emplace_back(-normalise(rows[i]), i);
  }
  std::sort(order.begin(), order.end());
  Spectrum spectrum;
  for (const auto& [negative, i] : order) {
    if (-negative <= 1e-8 * -order.front().first) break;  // the axis, and what the model never uses
    spectrum.variances.push_back(-negative);
    spectrum.basis.push_back(std::move(rows[i]));
  }
  return spectrum;
}

// Reverse water-filling, one bit for kBitsAtOnce coordinates at a time. `importance` descending. Returns the bits of
// each coordinate, which never rise.
std::vector<std::uint8_t> allot_bits(const std::vector<double>& importance, std::size_t bytes) {
  std::vector<std::uint8_t> bits(importance.size());
  const std::size_t groups = (importance.size() + kBitsAtOnce - 1) / kBitsAtOnce;
  std::vector<double> sums(groups);
  for (std::size_t i = 0; i < importance.size(); ++i) sums[i / kBitsAtOnce] += importance[i];
  std::vector<std::size_t> given(groups);
  for (std::size_t spent = 0; spent < bytes; ++spent) {
    std::size_t best = groups;
    double best_gain = 0;
    for (std::size_t group = 0; group < groups; ++group) {
      if (given[group] == kMaxBits) continue;
      const double gain = sums[group] * (kDistortion[given[group]] - kDistortion[given[group] + 1]);
      if (gain > best_gain) {
        best_gain = gain;
        best = group;
      }
    }
    if (best == groups) break;
    ++given[best];
  }
  // A last group that is not full may have been passed by: the order of bits is kept all the same.
  for (std::size_t group = 1; group < groups; ++group) given[group] = std::min(given[group], given[group - 1]);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint8_t>(given[i / kBitsAtOnce]);
  return bits;
}

// The step at which the first `hot` of `bits` bits decode a Gaussian number of variance 1 best.
double hot_step(std::size_t bits, std::size_t hot) {
  double mixed = 0;
  double square = 0;
  const double highest = std::ldexp(1.0, static_cast<int>(bits)) - 1;
  for (int i = -6'000; i < 6'000; ++i) {
    const double x = (i + 0.5) / 1'000;
    const double density = std::exp(-x * x / 2);
    const double level = std::clamp(std::floor(x / kStep[bits] + (highest + 1) / 2), 0.0, highest);
    const double coarse = std::floor(std::ldexp(level, static_cast<int>(hot) - static_cast<int>(bits)));
    const double centred = coarse - (std::ldexp(1.0, static_cast<int>(hot)) - 1) / 2;
    mixed += density * x * centred;
    square += density * centred * centred;
  }
  return mixed / square;
}

double typical_length(std::span<const float> passages, const QuantizerParts& parts) {
  // With the length 1 the quantizer is whole, and its own transform says how long passages are.
  const Result<Quantizer> quantizer = Quantizer::make(parts);
  if (!quantizer.ok()) return 0;
  std::vector<float> point(quantizer.value().space());
  double sum = 0;
  for (std::size_t begin = 0; begin < passages.size(); begin += parts.dimensions) {
    quantizer.value().to_space(passages.subspan(begin, parts.dimensions), point);
    for (std::size_t i = 0; i < parts.weights.size(); ++i)
      sum += double{parts.weights[i]} * double{point[1 + i]} * double{point[1 + i]};
  }
  return std::sqrt(sum / static_cast<double>(passages.size() / parts.dimensions));
}

Error invalid(std::string_view what) { return {ErrorCode::invalid, fmt::format("cannot make a quantizer: {}", what)}; }

}  // namespace

Result<Quantizer> fit_quantizer(std::span<const float> passages, std::span<const float> queries,
                                std::uint32_t dimensions, const FitOptions& options) {
  if (dimensions < 2 || dimensions > kMaxFittedDimensions)
    return invalid(fmt::format("{} dimensions (2 to {})", dimensions, kMaxFittedDimensions));
  if (passages.size() % dimensions != 0 || queries.size() % dimensions != 0 || passages.size() / dimensions < 2)
    return invalid("at least two whole passage vectors are needed");
  for (const std::span<const float> rows : {passages, queries})
    if (!std::all_of(rows.begin(), rows.end(), [](float value) { return std::abs(value) <= 2; }))
      return invalid("the vectors are not finite and of unit length");
  const std::size_t scales = CodeLayout{}.code_bytes();
  if (options.code_bytes <= scales || options.hot_bytes == 0 || options.hot_bytes > options.code_bytes - scales ||
      !(options.shrinkage >= 0 && options.shrinkage <= 1) || !(options.emphasis >= 0 && options.emphasis <= 1))
    return invalid("its options are out of range");

  QuantizerParts parts;
  parts.dimensions = dimensions;
  const std::vector<double> mean = mean_of(passages, dimensions);
  std::vector<double> axis = queries.empty() ? mean : mean_of(queries, dimensions);
  if (normalise(axis) < 1e-3) std::fill(axis.begin(), axis.end(), 0.0);  // nothing in common
  Matrix covariance(std::size_t{dimensions} * dimensions);
  add_covariance(passages, dimensions, axis, queries.empty() ? 1.0 : 0.5, covariance);
  if (!queries.empty()) add_covariance(queries, dimensions, axis, 0.5, covariance);
  double trace = 0;
  for (std::size_t i = 0; i < dimensions; ++i) trace += covariance[i * dimensions + i];
  if (!(trace > 1e-9)) return invalid("all vectors are the same");
  for (double& value : covariance) value *= 1 - options.shrinkage;
  for (std::size_t i = 0; i < dimensions; ++i)  // an even spectrum, but along the axis
    for (std::size_t j = 0; j < dimensions; ++j)
      covariance[i * dimensions + j] += options.shrinkage * trace / dimensions * ((i == j ? 1 : 0) - axis[i] * axis[j]);
  const Spectrum spectrum = spectrum_of(covariance, dimensions);

  std::vector<double> importance;
  for (const double variance : spectrum.variances) importance.push_back(std::pow(variance, 1 + options.emphasis));
  const std::vector<std::uint8_t> bits = allot_bits(importance, options.code_bytes - scales);
  const std::vector<std::uint8_t> hot = allot_bits(importance, options.hot_bytes);
  const double largest = spectrum.variances.front();
  for (std::size_t i = 0; i < bits.size() && bits[i] > 0; ++i) {
    const double deviation = std::sqrt(spectrum.variances[i]);
    parts.bits.push_back(bits[i]);
    parts.hot_bits.push_back(hot[i]);
    parts.steps.push_back(static_cast<float>(kStep[bits[i]] * deviation));
    parts.hot_steps.push_back(static_cast<float>(hot_step(bits[i], std::max<std::size_t>(hot[i], 1)) * deviation));
    parts.weights.push_back(static_cast<float>(std::pow(spectrum.variances[i] / largest, options.emphasis)));
    for (const double value : spectrum.basis[i]) parts.basis.push_back(static_cast<float>(value));
  }
  parts.mean.assign(mean.begin(), mean.end());
  if (std::any_of(axis.begin(), axis.end(), [](double value) { return value != 0; }))
    parts.axis.assign(axis.begin(), axis.end());
  parts.typical_length = static_cast<float>(typical_length(passages, parts));
  return Quantizer::make(std::move(parts));
}

}  // namespace renvoi::index
