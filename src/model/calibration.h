// Where an embedding model's vectors lie, found from the model alone: their mean.
//
// Vectors of one model crowd around one direction (of multilingual-e5-small's, 76 to 84 % of a passage's square length
// is that of its collection's mean). Pseudo-passages, tokens drawn at random from the unigram distribution, find it:
// the mean of 2,000 has cosine .92, .93 and .92 with the means of fr-cnil, en-xquad and en-cranfield, whose means have
// .90 to .95 with one another; taking it away leaves .30, .36 and .31 of the square length (their own means leave .16,
// .24, .16). That is as much as can be known before there are documents.
//
// Their covariance is not kept: its eigenvectors say little of a collection's. The first 96 of 384 capture .37, .37 and
// .31 of the variance of those three sets; random directions .25, another of the three .31 to .32, the set's own .76 to
// .84. A Karhunen-Loève basis must come from the collection's own passages.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

class SequenceEncoder;

struct PseudoPassageOptions {
  std::uint32_t passages = 512;
  std::uint32_t min_tokens = 20, max_tokens = 200;  // of text; their lengths are spread evenly between these
  std::uint64_t seed = 1;
};

// Token sequences as the encoder takes them: begin, prefix, tokens drawn by `probability` (which sums to 1), end. None
// is longer than `window_tokens`. The same on every machine.
std::vector<std::vector<std::int32_t>> pseudo_passages(const SequenceEncoder& encoder,
                                                       const PseudoPassageOptions& options);

// The mean of the unit vectors of the pseudo-passages; `dimensions` numbers; not of unit length. About 60,000 tokens
// through the encoder: half a minute on two cores. Errors: `unavailable` when stopped, `internal`.
Result<std::vector<float>> mean_of_pseudo_passages(SequenceEncoder& encoder, const PseudoPassageOptions& options,
                                                   const std::stop_token& stop);

}  // namespace renvoi::model
