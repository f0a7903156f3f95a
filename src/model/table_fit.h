// Fits the rows of a StaticTable to the encoder's own vectors of the passages that it has encoded so far.
//
// E holds the encoder's vectors, less their mean, at one length (`target_length`); row i of A the weighted token counts
// of passage i, over the length of its vector by the table, so that A Z0 are the unit vectors of the table Z0. The
// fitted table
//     Z = Z0 + A' (A A' + ridge I)^-1 (E - A Z0)
// is kernel ridge regression (Saunders, Gammerman and Vovk, ICML 1998) of what Z0 leaves over, with the linear kernel
// of SIF-weighted bags of tokens: only rows of tokens that occur change. The ridge is chosen on held-out passages,
// which also say whether the result is nearer to the encoder than the table in use.
//
// The length of the targets against the unit vectors of the table says how much fitted rows weigh beside those that are
// not fitted: at 1 queries with unseen words suffer, at .3 the fit says too little. nDCG@10 of a table fitted on a
// random fifth at ridge .1 and lengths .3, .6, .8, 1 (numpy prototype):
//     query by the table, documents by the encoder: fr-cnil .888 .826 .783 .734; en-xquad .856 .857 .842 .823;
//     en-cranfield .318 .331 .329 .326
//     both by the table: fr-cnil .753 .734 .715 .700; en-xquad .767 .816 .826 .828; en-cranfield .268 .311 .318 .322
// Fitted on all passages the length makes a difference of .01 at most from .6 on. Hence .7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/static_table.h"

namespace renvoi::model {

// Passages that have been encoded, in any order. All three of one length n.
struct FitPassages {
  std::span<const TokenBag> bags;
  std::span<const std::uint64_t>
      keys;  // that stay the same from one fit to the next (fingerprints): they choose who is held out
  std::span<const float> vectors;  // n x dimensions, unit vectors of the encoder
};

// What becomes of the held-out passages once they have judged.
enum class HeldOut : std::uint8_t {
  kept_out,     // never fitted: the next fit is then judged fairly against this one
  fitted_last,  // a last fit takes them in: the best table, whose score is that of the fit before
};

struct FitOptions {
  std::vector<double> ridges = {0.03, 0.1, 0.3};  // to choose from, in mean diagonals of A A'
  double target_length = 0.7;
  double held_out_share = 0.1;  // of the keys
  std::uint32_t max_held_out = 256;
  HeldOut held_out = HeldOut::kept_out;
  std::uint32_t closed_form_passages = 2'000;  // up to here Cholesky, above conjugate gradients
};

// Held-out passages like a larger ridge than those that are fitted: the smallest whose score is within this of the best
// is taken. (Chosen on fr-cnil, en-xquad and en-cranfield, where the best alone gave up .03 and .007 of nDCG@10 on
// two.)
constexpr double kScoreTolerance = 0.01;

struct FitReport {
  std::uint32_t passages = 0;  // fitted
  std::uint32_t held_out = 0;
  double ridge = 0;              // chosen, in mean diagonals
  double score = 0;              // mean cosine of held-out passages with the encoder's centred vectors
  double score_before = 0;       // the same of `in_use`
  std::uint32_t iterations = 0;  // of conjugate gradients, at most; 0 in closed form
  // False where no passage was held out: nothing is known then (both scores are 0).
  bool better() const { return score > score_before; }
};

struct FittedRows {
  std::vector<std::uint32_t> tokens;  // rising
  std::vector<float> rows;            // tokens x dimensions
  std::vector<float> mean;            // of the encoder's vectors
  FitReport report;
};

constexpr std::uint32_t kMinFitPassages = 20;
constexpr std::uint32_t kMaxFitPassages = 50'000;

// Which passages judge: those whose key, hashed, is below the share, and of these at most `max_held_out`, least hash
// first. So, as a collection grows, a passage that was fitted is never held out later.
std::vector<bool> choose_held_out(std::span<const std::uint64_t> keys, const FitOptions& options);

// One thread; the same result for the same input in the same order. `in_use` is `base` or a table fitted over it.
// Passages without a token that says anything are passed over. From a larger collection the caller draws a sample.
// Memory, beside the input: 16 bytes for each distinct token of each passage, 12 bytes for each passage and dimension
// and for each distinct token and dimension, 8 n^2 bytes in closed form: 150 MB for 6,433 paragraphs of Wikipedia with
// 22,757 distinct tokens.
// Errors: `invalid` (fewer than kMinFitPassages or more than kMaxFitPassages, lengths that differ, vectors
// that are not finite, options out of range), `unavailable` when stopped, `corrupt` (a table), `internal`.
Result<FittedRows> fit_table(const TokenTable& base, const TokenTable& in_use, const FitPassages& passages,
                             const FitOptions& options = {}, const std::stop_token& stop = {});

// The bytes of a FittedTable over `base`, for `path` in a collection: replaced whole. Errors: those of the file system.
Result<void> write_fitted_table(const FittedRows& fitted, const StaticTable& base, std::uint64_t generation,
                                io::FileSystem& files, const std::filesystem::path& path);

}  // namespace renvoi::model
