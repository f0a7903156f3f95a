#include "model/table_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "model/support.h"
#include "model/table_fit_solver.h"
#include "model/table_support.h"

namespace renvoi::model {
namespace {

using Dense = std::vector<std::vector<double>>;

SparseRows random_rows(std::size_t rows, std::uint32_t columns, std::size_t entries, std::mt19937_64& random) {
  SparseRows a;
  a.columns = columns;
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<std::uint32_t> chosen(entries);
    for (auto& c : chosen)
      c = static_cast<std::uint32_t>(random() % (1 + random() % columns));  // the first are frequent
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (const auto c : chosen) {
      a.column.push_back(c);
      a.value.push_back(random_number(random));
    }
    a.starts.push_back(a.column.size());
  }
  return a;
}

Dense dense(const SparseRows& a) {
  Dense out(a.rows(), std::vector<double>(a.columns));
  for (std::size_t r = 0; r < a.rows(); ++r)
    for (std::size_t e = a.starts[r]; e < a.starts[r + 1]; ++e) out[r][a.column[e]] += a.value[e];
  return out;
}

Dense product(const Dense& a, const Dense& b) {
  Dense out(a.size(), std::vector<double>(b.empty() ? 0 : b[0].size()));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t j = 0; j < out[i].size(); ++j) out[i][j] += a[i][k] * b[k][j];
  return out;
}

Dense transposed(const Dense& a) {
  Dense out(a.empty() ? 0 : a[0].size(), std::vector<double>(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < out.size(); ++j) out[j][i] = a[i][j];
  return out;
}

// (A A' + ridge I)^-1 right, by elimination with pivots, as in a first course.
Dense eliminate(const Dense& a, double ridge, Dense right) {
  Dense k = product(a, transposed(a));
  const std::size_t n = k.size();
  for (std::size_t i = 0; i < n; ++i) k[i][i] += ridge;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i; r < n; ++r)
      if (std::abs(k[r][i]) > std::abs(k[pivot][i])) pivot = r;
    std::swap(k[i], k[pivot]);
    std::swap(right[i], right[pivot]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double factor = k[r][i] / k[i][i];
      for (std::size_t c = 0; c < n; ++c) k[r][c] -= factor * k[i][c];
      for (std::size_t c = 0; c < right[r].size(); ++c) right[r][c] -= factor * right[i][c];
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    for (double& x : right[i]) x /= k[i][i];
  return right;
}

Dense as_dense(std::span<const float> values, std::size_t width) {
  Dense out(values.size() / width);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i].assign(values.begin() + static_cast<std::ptrdiff_t>(i * width),
                  values.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
  return out;
}

double largest_difference(const Dense& a, std::span<const float> b, std::size_t width) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t c = 0; c < width; ++c) largest = std::max(largest, std::abs(a[i][c] - b[i * width + c]));
  return largest;
}

TEST(TableFitSolver, BothWaysAgreeWithElimination) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    const std::size_t rows = 1 + random() % 70;  // across the blocks of 32
    const std::size_t width = 1 + random() % 70;
    const SparseRows a = random_rows(rows, 1 + random() % 90, 1 + random() % 12, random);
    const double ridge = .05 + .5 * mean_diagonal(a);
    const auto right = random_numbers(rows * width, random);
    const Dense expected = eliminate(dense(a), ridge, as_dense(right, width));
    auto closed = right;
    ASSERT_TRUE(solve_closed_form(a, ridge, width, closed, {}));
    EXPECT_LT(largest_difference(expected, closed, width), 1e-5) << "seed " << seed;
    auto iterated = right;
    const auto iterations = solve_iteratively(a, ridge, width, iterated, {200, 1e-6}, {});
    ASSERT_TRUE(iterations) << iterations.error().describe();
    EXPECT_LT(*iterations, 200U);
    EXPECT_LT(largest_difference(expected, iterated, width), 1e-4) << "seed " << seed;
  }
}

TEST(TableFitSolver, AgreeWithOneAnotherOnManyRows) {
  std::mt19937_64 random(5);
  const SparseRows a = random_rows(600, 3'000, 80, random);
  const double ridge = .1 * mean_diagonal(a);
  const auto right = random_numbers(600 * 40, random);
  auto closed = right;
  auto iterated = right;
  auto again = right;
  ASSERT_TRUE(solve_closed_form(a, ridge, 40, closed, {}));
  ASSERT_TRUE(solve_iteratively(a, ridge, 40, iterated, {200, 1e-3}, {}));
  ASSERT_TRUE(solve_iteratively(a, ridge, 40, again, {200, 1e-3}, {}));
  EXPECT_EQ(iterated, again);
  EXPECT_GT(cosine(closed, iterated), .99999);
  EXPECT_LT(largest_difference(as_dense(closed, 40), iterated, 40), .01);
}

TEST(TableFitSolver, MultipliesAsAWholeMatrixDoes) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::mt19937_64 random(seed);
    const SparseRows a = random_rows(random() % 20 + 1, 30, 6, random);
    const auto by_column = random_numbers(30 * 7, random);
    const auto by_row = random_numbers(a.rows() * 7, random);
    std::vector<float> out(a.rows() * 7), out_transposed(30 * 7);
    multiply(a, by_column, 7, out);
    multiply_transposed(a, by_row, 7, out_transposed);
    EXPECT_LT(largest_difference(product(dense(a), as_dense(by_column, 7)), out, 7), 1e-5);
    EXPECT_LT(largest_difference(product(transposed(dense(a)), as_dense(by_row, 7)), out_transposed, 7), 1e-5);
  }
}

TEST(TableFitSolver, StopsAndRefusesWhatIsNotANumber) {
  std::mt19937_64 random(1);
  SparseRows a = random_rows(40, 50, 5, random);
  auto right = random_numbers(40 * 3, random);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(solve_closed_form(a, 1, 3, right, stop.get_token()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(solve_iteratively(a, 1, 3, right, {}, stop.get_token()).error().code, ErrorCode::unavailable);
  a.value[7] = std::nanf("");
  EXPECT_EQ(solve_closed_form(a, 1, 3, right, {}).error().code, ErrorCode::internal);
  EXPECT_EQ(solve_iteratively(a, 1, 3, right, {}, {}).error().code, ErrorCode::internal);
}

// --- fitting ---------------------------------------------------------------------------------------------------------

// Passages whose vectors are those of a hidden table, around a mean, with some noise.
struct Collection {
  Collection(const StaticTable& base, std::size_t passages, float noise, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const std::size_t d = base.dimensions();
    const auto hidden = random_numbers(base.tokens() * d, random);
    const auto mean = random_numbers(d, random);
    for (std::size_t p = 0; p < passages; ++p) {
      std::vector<std::uint32_t> tokens(15 + random() % 30);
      for (auto& t : tokens) t = static_cast<std::uint32_t>(random() % (1 + random() % base.tokens()));
      bags.push_back(count_tokens(tokens));
      keys.push_back(p * 7 + 3);
      std::vector<double> vector(d);
      double square = 0;
      for (const auto& [token, count] : bags.back())
        for (std::size_t i = 0; i < d; ++i)
          vector[i] += base.weight(token) * static_cast<double>(count) * hidden[token * d + i];
      for (const double x : vector) square += x * x;
      for (double& x : vector) x /= std::sqrt(square);
      square = 0;
      for (std::size_t i = 0; i < d; ++i) {
        vector[i] += 2 * mean[i] + noise * random_number(random);
        square += vector[i] * vector[i];
      }
      for (const double x : vector) vectors.push_back(static_cast<float>(x / std::sqrt(square)));
    }
  }
  FitPassages all() const { return {bags, keys, vectors}; }
  std::vector<TokenBag> bags;
  std::vector<std::uint64_t> keys;
  std::vector<float> vectors;
};

class TableFit : public testing::Test {
 protected:
  std::shared_ptr<const StaticTable> base(std::uint32_t tokens, std::uint32_t dimensions) {
    write_bytes(folder_ / "base", RandomTable(tokens, dimensions, 17).bytes());
    return StaticTable::open(*files_, folder_ / "base", "").value();
  }
  TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::real_file_system();
};

// Every step of the formula written out with whole matrices.
TEST_F(TableFit, IsTheFormulaOfKernelRidge) {
  const auto table = base(60, 6);
  const Collection collection(*table, 40, .1F, 3);
  for (const std::uint32_t closed_form : {1'000U, 0U}) {
    FitOptions options;
    options.ridges = {.2};
    options.held_out_share = 0;
    options.target_length = .8;
    options.closed_form_passages = closed_form;
    const auto fitted = fit_table(*table, *table, collection.all(), options);
    ASSERT_TRUE(fitted) << fitted.error().describe();

    Dense z0(60, std::vector<double>(6));
    for (std::uint32_t token = 0; token < 60; ++token) {
      std::vector<float> row(6);
      ASSERT_TRUE(table->add_row(token, 1, row));
      z0[token].assign(row.begin(), row.end());
    }
    Dense a(40, std::vector<double>(60));
    for (std::size_t i = 0; i < 40; ++i)
      for (const auto& [token, count] : collection.bags[i])
        a[i][token] = static_cast<double>(table->weight(token)) * count;
    const Dense sums = product(a, z0);
    Dense e = as_dense(collection.vectors, 6);
    std::vector<double> mean(6);
    for (const auto& row : e)
      for (int d = 0; d < 6; ++d) mean[d] += row[d] / 40;
    double diagonal = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      double naive = 0;
      double length = 0;
      for (int d = 0; d < 6; ++d) {
        naive += sums[i][d] * sums[i][d];
        e[i][d] -= mean[d];
        length += e[i][d] * e[i][d];
      }
      for (double& x : a[i]) x /= std::sqrt(naive);
      for (double& x : e[i]) x *= .8 / std::sqrt(length);
      for (const double x : a[i]) diagonal += x * x / 40;
    }
    const Dense az0 = product(a, z0);
    for (std::size_t i = 0; i < 40; ++i)
      for (int d = 0; d < 6; ++d) e[i][d] -= az0[i][d];
    const Dense change = product(transposed(a), eliminate(a, .2 * diagonal, e));

    ASSERT_EQ(fitted->rows.size(), fitted->tokens.size() * 6);
    std::vector<bool> occurs(60);
    for (const auto& bag : collection.bags)
      for (const auto& [token, count] : bag) occurs[token] = true;
    EXPECT_EQ(static_cast<std::ptrdiff_t>(fitted->tokens.size()), std::count(occurs.begin(), occurs.end(), true));
    for (std::size_t i = 0; i < fitted->tokens.size(); ++i)
      for (int d = 0; d < 6; ++d) {
        const auto token = fitted->tokens[i];
        EXPECT_NEAR(fitted->rows[i * 6 + d], z0[token][d] + change[token][d], closed_form > 0 ? 1e-4 : 2e-2) << token;
      }
    for (int d = 0; d < 6; ++d) EXPECT_NEAR(fitted->mean[d], mean[d], 1e-6);
    EXPECT_EQ(fitted->report.held_out, 0U);
    EXPECT_FALSE(fitted->report.better());
  }
}

TEST_F(TableFit, ComesNearerToTheEncoderOnPassagesItHasNotSeen) {
  const auto table = base(300, 8);
  const Collection collection(*table, 600, .1F, 4);
  const auto fitted = fit_table(*table, *table, collection.all());
  ASSERT_TRUE(fitted) << fitted.error().describe();
  EXPECT_TRUE(fitted->report.better());
  EXPECT_GT(fitted->report.score, .8);
  EXPECT_LT(fitted->report.score_before, .5);
  EXPECT_GT(fitted->report.held_out, 20U);
  EXPECT_EQ(fitted->report.passages + fitted->report.held_out, 600U);

  // The score is what the published file gives on the held-out passages.
  ASSERT_TRUE(write_fitted_table(*fitted, *table, 12, *files_, folder_ / "fitted"));
  const auto published = FittedTable::open(*files_, folder_ / "fitted", table);
  ASSERT_TRUE(published) << published.error().describe();
  EXPECT_EQ((*published)->generation(), 12U);
  EXPECT_EQ((*published)->passages(), fitted->report.passages);
  const auto held_out = choose_held_out(collection.keys, {});
  double sum = 0;
  for (std::size_t i = 0; i < 600; ++i) {
    if (!held_out[i]) continue;
    std::vector<float> vector(8), target(8);
    ASSERT_TRUE(embed_tokens(**published, collection.bags[i], vector));
    for (int d = 0; d < 8; ++d) target[d] = collection.vectors[i * 8 + d] - (*published)->mean()[d];
    sum += cosine(vector, target);
  }
  EXPECT_NEAR(sum / fitted->report.held_out, fitted->report.score, .01);

  // A refit of the same is no better than what is in use.
  const auto again = fit_table(*table, **published, collection.all());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rows, fitted->rows) << "the same input, the same table";
  EXPECT_NEAR(again->report.score_before, again->report.score, .01);
}

TEST_F(TableFit, DoesNotCallATableBetterThatWasFittedToNoise) {
  const auto table = base(200, 8);
  const Collection sound(*table, 400, .05F, 6);
  FitOptions options;
  options.held_out = HeldOut::fitted_last;
  const auto good = fit_table(*table, *table, sound.all(), options);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->report.passages, 400U);
  ASSERT_TRUE(write_fitted_table(*good, *table, 1, *files_, folder_ / "good"));
  const auto in_use = FittedTable::open(*files_, folder_ / "good", table);
  ASSERT_TRUE(in_use);
  // Only what is fitted becomes noise; the judges stay.
  Collection noisy = sound;
  const auto held_out = choose_held_out(noisy.keys, options);
  std::mt19937_64 random(9);
  for (std::size_t i = 0; i < 400; ++i)
    if (!held_out[i])
      for (std::size_t d = 0; d < 8; ++d) noisy.vectors[i * 8 + d] = random_number(random);
  const auto bad = fit_table(*table, **in_use, noisy.all(), options);
  ASSERT_TRUE(bad);
  EXPECT_FALSE(bad->report.better()) << bad->report.score << " after " << bad->report.score_before;
}

TEST_F(TableFit, HoldsOutNoPassageLaterThatItHasFitted) {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> keys;
  std::vector<bool> before;
  FitOptions options;
  options.max_held_out = 50;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 40; ++i) keys.push_back(round % 2 == 0 ? keys.size() : random());
    const auto now = choose_held_out(keys, options);
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(!now[i] || before[i]) << i;
    EXPECT_LE(std::count(now.begin(), now.end(), true), 50);
    before = now;
  }
  EXPECT_EQ(std::count(before.begin(), before.end(), true), 50);
}

TEST_F(TableFit, PassesOverPassagesThatSayNothing) {
  const auto table = base(100, 4);
  Collection collection(*table, 50, .1F, 8);
  collection.bags[3].clear();
  collection.bags[10] = {{100'000, 2}};  // no token of the model
  FitOptions options;
  options.held_out_share = 0;
  const auto fitted = fit_table(*table, *table, collection.all(), options);
  ASSERT_TRUE(fitted) << fitted.error().describe();
  EXPECT_EQ(fitted->report.passages, 48U);
  for (auto& bag : collection.bags) bag.clear();
  EXPECT_EQ(fit_table(*table, *table, collection.all(), options).error().code, ErrorCode::invalid);
}

TEST_F(TableFit, RefusesWhatDoesNotFitTogether) {
  const auto table = base(100, 4);
  const Collection sound(*table, 40, .1F, 8);
  const auto code = [&](const Collection& collection, const FitOptions& options) {
    const auto fitted = fit_table(*table, *table, collection.all(), options);
    return fitted ? ErrorCode::internal : fitted.error().code;
  };
  Collection bad = sound;
  bad.keys.pop_back();
  EXPECT_EQ(code(bad, {}), ErrorCode::invalid);
  bad = sound;
  bad.vectors.pop_back();
  EXPECT_EQ(code(bad, {}), ErrorCode::invalid);
  bad = sound;
  bad.vectors[5] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(code(bad, {}), ErrorCode::invalid);
  EXPECT_EQ(code(Collection(*table, kMinFitPassages - 1, .1F, 8), {}), ErrorCode::invalid);
  for (const double wrong : {0.0, -1.0, std::nan("")}) {
    FitOptions options;
    options.ridges = {.1, wrong};
    EXPECT_EQ(code(sound, options), ErrorCode::invalid);
    options = {};
    options.target_length = wrong;
    EXPECT_EQ(code(sound, options), ErrorCode::invalid);
  }
  FitOptions options;
  options.held_out_share = 1;
  EXPECT_EQ(code(sound, options), ErrorCode::invalid);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(fit_table(*table, *table, sound.all(), {}, stop.get_token()).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace renvoi::model
