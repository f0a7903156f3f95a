// Solves (A A' + ridge I) X = R for a sparse A with more columns than rows and a few hundred right-hand sides: the
// inner problem of kernel ridge regression. For table_fit.cpp and its tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

// Compressed sparse rows; columns rise within a row.
struct SparseRows {
  std::uint32_t columns = 0;
  std::vector<std::size_t> starts = {0};  // rows + 1
  std::vector<std::uint32_t> column;
  std::vector<float> value;
  std::size_t rows() const { return starts.size() - 1; }
};

// The mean of the diagonal of A A': of the rows' squared lengths. 0 without rows.
double mean_diagonal(const SparseRows& a);

// out (rows x width) = A in (columns x width); and out (columns x width) = A' in (rows x width). Row-major.
void multiply(const SparseRows& a, std::span<const float> in, std::size_t width, std::span<float> out);
void multiply_transposed(const SparseRows& a, std::span<const float> in, std::size_t width, std::span<float> out);

// Both: `right` is rows x width, row-major, and becomes X. `ridge` > 0. One thread; the same result every time.
// Errors: `unavailable` when stopped, `internal` (a matrix that is not positive definite: a number was not finite).

// Cholesky, in double: rows^2 / 2 x (rows / 3 + width) multiplications, rows^2 x 8 bytes.
Result<void> solve_closed_form(const SparseRows& a, double ridge, std::size_t width, std::span<float> right,
                               const std::stop_token& stop);

struct ConjugateGradientOptions {
  std::uint32_t max_iterations = 200;
  double tolerance = 1e-2;  // of the length of a column's residual, relative to the column
};
// Conjugate gradients (Hestenes and Stiefel 1952), 32 columns at a time: 4 x entries x width multiplications an
// iteration, (columns + 4 x rows) x 128 bytes. Gives the iterations of the slowest column; at `max_iterations` it stops
// where it is. On 1,398 abstracts, ridges .03, .1 and .3, tolerances of 1e-3, 1e-2 and 3e-2 took 102, 68 and 54
// iterations at most; nDCG@10 of the fitted table was .3666, .3662 and .3653, in closed form .3667.
Result<std::uint32_t> solve_iteratively(const SparseRows& a, double ridge, std::size_t width, std::span<float> right,
                                        const ConjugateGradientOptions& options, const std::stop_token& stop);

}  // namespace renvoi::model
