// Makes a quantizer from calibration vectors: Karhunen-Loeve basis and reverse water-filling.
//
// The axis is the direction of the mean query: there every query has most of its length, so that an error there counts
// most; it gets sixteen bits of its own. In what is left, the basis is that of the principal directions of passages and
// queries together (half each), and each next bit goes to the coordinate where it removes most of the error of an inner
// product, by the distortion of evenly spaced levels for Gaussian numbers (Max 1960). The first of these bits are hot.
//
// Measured with bench_codes (multilingual-e5-small, 384 dimensions; recall@10 against exact floats of 300 queries, by
// all bits). "Foreign" is fitted to the four other sets, shrinkage .3, emphasis .5; "own" to the set itself, .02 and 1,
// which for all but fr-piaf is more favourable than it would be in use (fr-piaf, fitted to one half, searched in the
// other: .884).
//   bytes of a code     rotation   foreign                             own
//                       198        100    136    160    200    280     136    200
//   fr-cnil      499    .897       .864   .915   .929   .965   .984    .973   .984
//   en-cranfield 1,400  .866       .824   .878   .908   .943   .976    .964   .982
//   fr-piaf      6,433  .810       .752   .835   .875   .922   .974    .882   .944
//   en-dl19     11,016  .902       .791   .870   .893   .930   .970    .974   .981   (43 queries)
// The scan of 48 hot bytes loses at most .003 of it with 200 candidates up to 136 bytes, where the sign plane of the
// rotation loses up to .12. .98 takes about 300 bytes when the calibration is foreign.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/quantizer.h"

namespace renvoi::index {

constexpr std::uint32_t kMaxFittedDimensions = 1'024;  // the basis takes time in the cube of the dimensions

struct FitOptions {
  std::size_t code_bytes = 136;  // of one code, scales included; the result's code_bytes() is at most this
  std::size_t hot_bytes = 48;    // of them, scanned; below code_bytes - 6
  // How much of an even spectrum is mixed into the measured one, 0 to 1: against calibration texts that are few, or of
  // other domains than what will be indexed. A collection's own vectors, some thousands of them, want 0.02.
  double shrinkage = 0.3;
  // How strongly bits follow what queries weigh: 0 codes the vectors as such, 1 takes queries to be spread like them,
  // which is best when the calibration is the collection itself.
  double emphasis = 0.5;
};

// `passages` and `queries`: rows of `dimensions` finite numbers, unit length; at least 2 passages; queries may be
// empty. Errors: `invalid`. O(rows x dimensions^2 + dimensions^3).
Result<Quantizer> fit_quantizer(std::span<const float> passages, std::span<const float> queries,
                                std::uint32_t dimensions, const FitOptions& options = {});

}  // namespace renvoi::index
