#include "model/table_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/static_table_file.h"
#include "model/table_fit_solver.h"

namespace renvoi::model {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

bool share_of_one(double x) { return x >= 0 && x < 1; }
bool positive(double x) { return x > 0 && std::isfinite(x); }

Result<void> check(const TokenTable& base, const FitPassages& passages, const FitOptions& options) {
  const std::size_t n = passages.bags.size();
  if (n < kMinFitPassages || n > kMaxFitPassages) {
    return invalid("a table is fitted to " + std::to_string(kMinFitPassages) + " to " +
                   std::to_string(kMaxFitPassages) + " passages, not to " + std::to_string(n));
  }
  if (passages.keys.size() != n || passages.vectors.size() != n * base.dimensions())
    return invalid("bags, keys and vectors of passages differ in number");
  if (!std::all_of(passages.vectors.begin(), passages.vectors.end(), [](float x) { return std::isfinite(x); }))
    return invalid("a passage's vector is not finite");
  if (options.ridges.empty() || !std::all_of(options.ridges.begin(), options.ridges.end(), positive) ||
      !positive(options.target_length) || !share_of_one(options.held_out_share)) {
    return invalid("a fit needs ridges and a target length above 0 and a held-out share of 0 to 1");
  }
  return {};
}

// SplitMix64 (Steele, Lea and Flood 2014): keys may be anything, also numbers in a row.
std::uint64_t mix(std::uint64_t key) {
  key += 0x9E3779B97F4A7C15U;
  key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9U;
  key = (key ^ (key >> 27)) * 0x94D049BB133111EBU;
  return key ^ (key >> 31);
}

double length(std::span<const float> x) {
  double square = 0;
  for (const float value : x) square += static_cast<double>(value) * value;
  return std::sqrt(square);
}

double cosine(std::span<const float> x, std::span<const float> y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * y[i];
  const double lengths = length(x) * length(y);
  return lengths > 0 ? sum / lengths : 0;
}

// Some of the passages: A, their unit vectors by the base table (A Z0), and their targets.
struct Side {
  SparseRows a;
  std::vector<float> naive, target;  // rows x dimensions
  std::vector<std::size_t> source;   // rows of the passages
};

class Fit {
 public:
  Fit(const TokenTable& base, const TokenTable& in_use, const FitPassages& passages, const FitOptions& options,
      const std::stop_token& stop)
      : base_(base),
        in_use_(in_use),
        passages_(passages),
        options_(options),
        stop_(stop),
        dimensions_(base.dimensions()) {}

  Result<FittedRows> run() {
    number_tokens();
    find_mean();
    const std::vector<bool> held_out = choose_held_out(passages_.keys, options_);
    RENVOI_TRY(Side fitted, side(held_out, false));
    RENVOI_TRY(const Side judges, side(held_out, true));
    if (fitted.a.rows() == 0) return invalid("no passage has a token that says anything");
    FitReport report;
    report.held_out = static_cast<std::uint32_t>(judges.a.rows());
    RENVOI_TRY(report.score_before, score_in_use(judges));

    RENVOI_TRY(std::vector<float> changes, choose_ridge(fitted, judges, report));
    if (options_.held_out == HeldOut::fitted_last && judges.a.rows() > 0) {
      RENVOI_TRY(fitted, side(std::vector<bool>(held_out.size()), false));
      RENVOI_TRY(changes, solve(fitted, report.ridge, report.iterations));
    }
    report.passages = static_cast<std::uint32_t>(fitted.a.rows());
    return result(fitted, changes, report);
  }

 private:
  // Tokens that say anything get numbers in the order of their ids.
  void number_tokens() {
    std::vector<bool> seen(base_.tokens());
    for (const TokenBag& bag : passages_.bags)
      for (const auto& [token, count] : bag)
        if (base_.weight(token) > 0) seen[token] = true;
    number_of_.assign(base_.tokens(), 0);
    for (std::uint32_t token = 0; token < base_.tokens(); ++token) {
      if (!seen[token]) continue;
      number_of_[token] = static_cast<std::uint32_t>(token_of_.size());
      token_of_.push_back(token);
    }
  }

  void find_mean() {
    std::vector<double> sum(dimensions_);
    for (std::size_t i = 0; i < passages_.vectors.size(); ++i) sum[i % dimensions_] += passages_.vectors[i];
    mean_.resize(dimensions_);
    for (std::size_t d = 0; d < dimensions_; ++d)
      mean_[d] = static_cast<float>(sum[d] / static_cast<double>(passages_.bags.size()));
  }

  Result<Side> side(const std::vector<bool>& held_out, bool wanted) const {
    Side side;
    side.a.columns = static_cast<std::uint32_t>(token_of_.size());
    std::vector<float> vector(dimensions_);
    for (std::size_t i = 0; i < held_out.size(); ++i) {
      if (held_out[i] != wanted) continue;
      if (stop_.stop_requested()) return Error{ErrorCode::unavailable, "fitting was stopped"};
      RENVOI_TRY(const double norm, sum_tokens(base_, passages_.bags[i], vector));
      if (!(norm > 0)) continue;
      for (const auto& [token, count] : passages_.bags[i]) {
        const float weight = base_.weight(token);
        if (weight <= 0) continue;
        side.a.column.push_back(number_of_[token]);
        side.a.value.push_back(static_cast<float>(static_cast<double>(weight) * count / norm));
      }
      side.a.starts.push_back(side.a.column.size());
      side.source.push_back(i);
      for (const float x : vector) side.naive.push_back(static_cast<float>(x / norm));
      append_target(i, side.target);
    }
    return side;
  }

  void append_target(std::size_t passage, std::vector<float>& targets) const {
    const std::size_t first = targets.size();
    for (std::size_t d = 0; d < dimensions_; ++d)
      targets.push_back(passages_.vectors[passage * dimensions_ + d] - mean_[d]);
    const std::span<float> target = std::span(targets).subspan(first);
    const double norm = length(target);
    const double scale = norm > 0 ? options_.target_length / norm : 0;
    for (float& x : target) x = static_cast<float>(x * scale);
  }

  // The changes of the rows of the tokens by the ridge that is chosen. From the largest ridge down, the solution in
  // hand is the chosen one as long as its score is near enough to the best: at most two are held.
  Result<std::vector<float>> choose_ridge(const Side& fitted, const Side& judges, FitReport& report) const {
    std::vector<double> ridges = options_.ridges;
    std::sort(ridges.begin(), ridges.end(), std::greater<>());
    if (judges.a.rows() == 0) ridges = {ridges[ridges.size() / 2]};
    std::vector<float> chosen;
    double best = -2;
    for (const double ridge : ridges) {
      RENVOI_TRY(std::vector<float> candidate, solve(fitted, ridge, report.iterations));
      const double score = score_of(judges, candidate);
      best = std::max(best, score);
      if (score < best - kScoreTolerance) continue;
      report.score = score;
      report.ridge = ridge;
      chosen = std::move(candidate);
    }
    return chosen;
  }

  // A' (A A' + ridge I)^-1 (E - A Z0): tokens x dimensions.
  Result<std::vector<float>> solve(const Side& fitted, double ridge, std::uint32_t& iterations) const {
    std::vector<float> right(fitted.target.size());
    std::transform(fitted.target.begin(), fitted.target.end(), fitted.naive.begin(), right.begin(), std::minus<>());
    const double scaled = ridge * mean_diagonal(fitted.a);
    if (fitted.a.rows() <= options_.closed_form_passages) {
      RENVOI_CHECK(solve_closed_form(fitted.a, scaled, dimensions_, right, stop_));
    } else {
      RENVOI_TRY(const auto needed, solve_iteratively(fitted.a, scaled, dimensions_, right, {}, stop_));
      iterations = std::max(iterations, needed);
    }
    std::vector<float> changes(token_of_.size() * dimensions_);
    multiply_transposed(fitted.a, right, dimensions_, changes);
    return changes;
  }

  double score_of(const Side& judges, std::span<const float> changes) const {
    std::vector<float> vectors(judges.naive.size());
    multiply(judges.a, changes, dimensions_, vectors);
    std::transform(vectors.begin(), vectors.end(), judges.naive.begin(), vectors.begin(), std::plus<>());
    double sum = 0;
    for (std::size_t i = 0; i < judges.a.rows(); ++i) sum += cosine(row(vectors, i), row(judges.target, i));
    return judges.a.rows() == 0 ? 0 : sum / static_cast<double>(judges.a.rows());
  }

  Result<double> score_in_use(const Side& judges) const {
    std::vector<float> vector(dimensions_);
    double sum = 0;
    for (std::size_t i = 0; i < judges.a.rows(); ++i) {
      RENVOI_CHECK(sum_tokens(in_use_, passages_.bags[judges.source[i]], vector));
      sum += cosine(vector, row(judges.target, i));
    }
    return judges.a.rows() == 0 ? 0 : sum / static_cast<double>(judges.a.rows());
  }

  std::span<const float> row(std::span<const float> values, std::size_t i) const {
    return values.subspan(i * dimensions_, dimensions_);
  }

  Result<FittedRows> result(const Side& fitted, std::span<const float> changes, const FitReport& report) {
    FittedRows out;
    out.report = report;
    out.mean = mean_;
    std::vector<bool> occurs(token_of_.size());
    for (const std::uint32_t number : fitted.a.column) occurs[number] = true;
    for (std::size_t number = 0; number < token_of_.size(); ++number) {
      if (!occurs[number]) continue;
      out.tokens.push_back(token_of_[number]);
      const std::size_t first = out.rows.size();
      out.rows.insert(out.rows.end(), row(changes, number).begin(), row(changes, number).end());
      RENVOI_CHECK(base_.add_row(token_of_[number], 1, std::span(out.rows).subspan(first)));
    }
    return out;
  }

  const TokenTable& base_;
  const TokenTable& in_use_;
  const FitPassages& passages_;
  const FitOptions& options_;
  const std::stop_token& stop_;
  std::size_t dimensions_;
  std::vector<std::uint32_t> token_of_, number_of_;
  std::vector<float> mean_;
};

}  // namespace

std::vector<bool> choose_held_out(std::span<const std::uint64_t> keys, const FitOptions& options) {
  const auto limit = static_cast<std::uint64_t>(options.held_out_share * 0x1p64);
  std::vector<std::pair<std::uint64_t, std::size_t>> chosen;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const std::uint64_t hash = mix(keys[i]); hash < limit) chosen.emplace_back(hash, i);
  std::sort(chosen.begin(), chosen.end());
  chosen.resize(std::min<std::size_t>(chosen.size(), options.max_held_out));
  std::vector<bool> held_out(keys.size());
  for (const auto& [hash, i] : chosen) held_out[i] = true;
  return held_out;
}

Result<FittedRows> fit_table(const TokenTable& base, const TokenTable& in_use, const FitPassages& passages,
                             const FitOptions& options, const std::stop_token& stop) {
  RENVOI_CHECK(check(base, passages, options));
  if (in_use.dimensions() != base.dimensions()) return invalid("the table in use has other dimensions than the base");
  return Fit(base, in_use, passages, options, stop).run();
}

Result<void> write_fitted_table(const FittedRows& fitted, const StaticTable& base, std::uint64_t generation,
                                io::FileSystem& files, const std::filesystem::path& path) {
  TableHeader header;
  header.kind = TableKind::fitted;
  header.dimensions = base.dimensions();
  header.rows = static_cast<std::uint32_t>(fitted.tokens.size());
  header.base_checksum = base.checksum();
  header.generation = generation;
  header.model_digest = base.model_digest();
  header.texts = fitted.report.passages;
  header.score = static_cast<float>(fitted.report.score);
  header.score_before = static_cast<float>(fitted.report.score_before);
  TableFileWriter writer(header);
  writer.set_mean(fitted.mean);
  for (std::uint32_t row = 0; row < header.rows; ++row) {
    writer.set_token(row, fitted.tokens[row]);
    writer.set_row(row, std::span(fitted.rows).subspan(std::size_t{row} * header.dimensions, header.dimensions));
  }
  const std::string bytes = writer.build();
  return files.replace(path, std::as_bytes(std::span(bytes)));
}

}  // namespace renvoi::model
