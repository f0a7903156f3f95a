#include "model/table_fit_solver.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace renvoi::model {
namespace {

Error stopped() { return {ErrorCode::unavailable, "fitting was stopped"}; }

struct Entry {
  std::uint32_t row;
  float value;
};

// A' as lists of entries by column.
struct Columns {
  explicit Columns(const SparseRows& a) : starts(a.columns + 1), entries(a.column.size()) {
    for (const std::uint32_t c : a.column) ++starts[c + 1];
    for (std::size_t c = 0; c < a.columns; ++c) starts[c + 1] += starts[c];
    std::vector<std::size_t> at(starts.begin(), starts.end() - 1);
    for (std::size_t r = 0; r < a.rows(); ++r)
      for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e)
        entries[at[a.column[e]]++] = {static_cast<std::uint32_t>(r), a.value[e]};
  }
  std::vector<std::size_t> starts;
  std::vector<Entry> entries;  // of a column by rising row
};

// The lower triangle of A A' + ridge I, row-major, rows x rows.
std::vector<double> kernel(const SparseRows& a, double ridge) {
  const std::size_t n = a.rows();
  const Columns columns(a);
  std::vector<double> k(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    double* row = k.data() + i * n;
    for (std::size_t e = a.starts[i]; e < a.starts[i + 1]; ++e) {
      const double value = a.value[e];
      for (std::size_t p = columns.starts[a.column[e]]; p < columns.starts[a.column[e] + 1]; ++p) {
        if (columns.entries[p].row > i) break;
        row[columns.entries[p].row] += value * columns.entries[p].value;
      }
    }
    row[i] += ridge;
  }
  return k;
}

double dot(const double* x, const double* y, std::size_t count) {
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += x[i + lane] * y[i + lane];
  double sum = 0;
  for (; i < count; ++i) sum += x[i] * y[i];
  for (const double part : sums) sum += part;
  return sum;
}

// k = L L', L in the lower triangle. Blocks of columns, whose rows stay in the cache while all rows below pass by.
Result<void> factor(std::vector<double>& k, std::size_t n, const std::stop_token& stop) {
  constexpr std::size_t block = 32;
  for (std::size_t first = 0; first < n; first += block) {
    if (stop.stop_requested()) return stopped();
    const std::size_t last = std::min(n, first + block);
    for (std::size_t i = first; i < n; ++i) {
      double* row = k.data() + i * n;
      for (std::size_t j = first; j < std::min(last, i + 1); ++j) {
        const double* other = k.data() + j * n;
        const double rest = row[j] - dot(row, other, j);
        if (j < i) {
          row[j] = rest / other[j];
        } else {
          if (!(rest > 0) || !std::isfinite(rest))
            return Error{ErrorCode::internal, "the passages' kernel is not positive definite"};
          row[i] = std::sqrt(rest);
        }
      }
    }
  }
  return {};
}

constexpr std::size_t kStrip = 32;  // columns of the right-hand side at a time
using Strip = std::array<double, kStrip>;

void subtract(Strip& from, double factor, const Strip& what) {
  for (std::size_t c = 0; c < kStrip; ++c) from[c] -= factor * what[c];
}

// L L' x = right, in place, for one strip.
void substitute(const std::vector<double>& l, std::vector<Strip>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = l.data() + i * n;
    for (std::size_t j = 0; j < i; ++j) subtract(x[i], row[j], x[j]);
    for (double& value : x[i]) value /= row[i];
  }
  for (std::size_t i = n; i-- > 0;) {
    const double* row = l.data() + i * n;
    for (double& value : x[i]) value /= row[i];
    for (std::size_t j = 0; j < i; ++j) subtract(x[j], row[j], x[i]);
  }
}

// Calls solve(strip) for each strip of columns, copied out of and back into `right`.
template <typename Number, typename Solve>
Result<void> for_each_strip(std::size_t width, std::span<float> right, const std::stop_token& stop, Solve solve) {
  const std::size_t n = width == 0 ? 0 : right.size() / width;
  std::vector<std::array<Number, kStrip>> strip(n);
  for (std::size_t first = 0; first < width; first += kStrip) {
    if (stop.stop_requested()) return stopped();
    const std::size_t count = std::min(kStrip, width - first);
    for (std::size_t i = 0; i < n; ++i) {
      strip[i].fill(0);
      for (std::size_t c = 0; c < count; ++c) strip[i][c] = right[i * width + first + c];
    }
    RENVOI_CHECK(solve(strip));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < count; ++c) right[i * width + first + c] = static_cast<float>(strip[i][c]);
  }
  return {};
}

// --- conjugate gradients -----------------------------------------------------------------------------------------

using FloatStrip = std::array<float, kStrip>;

void add(FloatStrip& to, float factor, const FloatStrip& what) {
  for (std::size_t c = 0; c < kStrip; ++c) to[c] += factor * what[c];
}

// out = (A A' + ridge I) in; `by_column` is scratch of A's columns.
void apply(const SparseRows& a, float ridge, const std::vector<FloatStrip>& in, std::vector<FloatStrip>& by_column,
           std::vector<FloatStrip>& out) {
  std::fill(by_column.begin(), by_column.end(), FloatStrip{});
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e) add(by_column[a.column[e]], a.value[e], in[r]);
  for (std::size_t r = 0; r < a.rows(); ++r) {
    FloatStrip sum{};
    add(sum, ridge, in[r]);
    for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e) add(sum, a.value[e], by_column[a.column[e]]);
    out[r] = sum;
  }
}

// By column: the inner products of two strips.
Strip inner(const std::vector<FloatStrip>& x, const std::vector<FloatStrip>& y) {
  Strip sums{};
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t c = 0; c < kStrip; ++c) sums[c] += static_cast<double>(x[i][c]) * y[i][c];
  return sums;
}

// to += factor x what, by column.
void add_columns(std::vector<FloatStrip>& to, const FloatStrip& factor, const std::vector<FloatStrip>& what) {
  for (std::size_t i = 0; i < to.size(); ++i)
    for (std::size_t c = 0; c < kStrip; ++c) to[i][c] += factor[c] * what[i][c];
}

struct Scratch {
  std::vector<FloatStrip> residual, direction, image, by_column;
};

// x holds the right-hand side and becomes the solution.
Result<std::uint32_t> conjugate_gradients(const SparseRows& a, float ridge, std::vector<FloatStrip>& x, Scratch& s,
                                          const ConjugateGradientOptions& options, const std::stop_token& stop) {
  s.residual = x;
  s.direction = x;
  s.image.resize(x.size());
  s.by_column.resize(a.columns);
  std::fill(x.begin(), x.end(), FloatStrip{});
  Strip square = inner(s.residual, s.residual);
  Strip enough = square;
  for (double& limit : enough) limit *= options.tolerance * options.tolerance;
  std::uint32_t iteration = 0;
  for (; iteration < options.max_iterations; ++iteration) {
    if (stop.stop_requested()) return stopped();
    bool all_done = true;
    for (std::size_t c = 0; c < kStrip; ++c) all_done = all_done && square[c] <= enough[c];
    if (all_done) break;
    apply(a, ridge, s.direction, s.by_column, s.image);
    const Strip curvature = inner(s.direction, s.image);
    FloatStrip step{};
    FloatStrip back{};
    for (std::size_t c = 0; c < kStrip; ++c) {
      if (square[c] <= enough[c]) continue;  // a column that is done stands still
      if (!(curvature[c] > 0) || !std::isfinite(curvature[c]))
        return Error{ErrorCode::internal, "the passages' kernel is not positive definite"};
      step[c] = static_cast<float>(square[c] / curvature[c]);
      back[c] = -step[c];
    }
    add_columns(x, step, s.direction);
    add_columns(s.residual, back, s.image);
    const Strip next = inner(s.residual, s.residual);
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t c = 0; c < kStrip; ++c) {
        const float turn = step[c] == 0 ? 0 : static_cast<float>(next[c] / square[c]);
        s.direction[i][c] = s.residual[i][c] + turn * s.direction[i][c];
      }
    square = next;
  }
  return iteration;
}

}  // namespace

double mean_diagonal(const SparseRows& a) {
  double sum = 0;
  for (const float value : a.value) sum += static_cast<double>(value) * value;
  return a.rows() == 0 ? 0 : sum / static_cast<double>(a.rows());
}

void multiply(const SparseRows& a, std::span<const float> in, std::size_t width, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e) {
      const float* from = in.data() + a.column[e] * width;
      for (std::size_t c = 0; c < width; ++c) out[r * width + c] += a.value[e] * from[c];
    }
}

void multiply_transposed(const SparseRows& a, std::span<const float> in, std::size_t width, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e) {
      float* to = out.data() + a.column[e] * width;
      for (std::size_t c = 0; c < width; ++c) to[c] += a.value[e] * in[r * width + c];
    }
}

Result<void> solve_closed_form(const SparseRows& a, double ridge, std::size_t width, std::span<float> right,
                               const std::stop_token& stop) {
  std::vector<double> k = kernel(a, ridge);
  RENVOI_CHECK(factor(k, a.rows(), stop));
  return for_each_strip<double>(width, right, stop, [&](std::vector<Strip>& strip) -> Result<void> {
    substitute(k, strip);
    return {};
  });
}

Result<std::uint32_t> solve_iteratively(const SparseRows& a, double ridge, std::size_t width, std::span<float> right,
                                        const ConjugateGradientOptions& options, const std::stop_token& stop) {
  Scratch scratch;
  std::uint32_t slowest = 0;
  RENVOI_CHECK(for_each_strip<float>(width, right, stop, [&](std::vector<FloatStrip>& strip) -> Result<void> {
    RENVOI_TRY(const auto iterations, conjugate_gradients(a, static_cast<float>(ridge), strip, scratch, options, stop));
    slowest = std::max(slowest, iterations);
    return {};
  }));
  return slowest;
}

}  // namespace renvoi::model
