#include "model/calibration.h"

#include <algorithm>
#include <random>

#include "model/distil_encoder.h"

namespace renvoi::model {

std::vector<std::vector<std::int32_t>> pseudo_passages(const SequenceEncoder& encoder,
                                                       const PseudoPassageOptions& options) {
  const Vocabulary& vocabulary = encoder.vocabulary();
  std::vector<double> cumulative(vocabulary.probability.size());
  double sum = 0;
  std::size_t last_possible = 0;
  for (std::size_t i = 0; i < cumulative.size(); ++i) {
    cumulative[i] = sum += vocabulary.probability[i];
    if (vocabulary.probability[i] > 0) last_possible = i;
  }
  // The library's distributions differ from one library to the next; the generator does not.
  std::mt19937_64 random(options.seed);
  const auto draw = [&] {
    const double at = static_cast<double>(random() >> 11) * 0x1p-53;  // in [0, 1)
    const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), at) - cumulative.begin();
    return static_cast<std::int32_t>(std::min(static_cast<std::size_t>(found), last_possible));
  };
  const auto around =
      static_cast<std::uint32_t>(vocabulary.begin.size() + encoder.passage_prefix().size() + vocabulary.end.size());
  const std::uint32_t room = encoder.window_tokens() > around ? encoder.window_tokens() - around : 1;
  const std::uint32_t spread = options.max_tokens - options.min_tokens + 1;
  std::vector<std::vector<std::int32_t>> passages(options.passages);
  for (std::uint32_t i = 0; i < options.passages; ++i) {
    auto& passage = passages[i];
    passage = vocabulary.begin;
    passage.insert(passage.end(), encoder.passage_prefix().begin(), encoder.passage_prefix().end());
    // Sorted by length, so that neighbours fill a micro-batch without padding it.
    const std::uint64_t length = options.min_tokens + std::uint64_t{i} * spread / options.passages;
    for (std::uint64_t t = 0; t < std::min<std::uint64_t>(length, room); ++t) passage.push_back(draw());
    passage.insert(passage.end(), vocabulary.end.begin(), vocabulary.end.end());
  }
  return passages;
}

Result<std::vector<float>> mean_of_pseudo_passages(SequenceEncoder& encoder, const PseudoPassageOptions& options,
                                                   const std::stop_token& stop) {
  const auto passages = pseudo_passages(encoder, options);
  const std::size_t dimensions = encoder.dimensions();
  std::vector<float> rows(passages.size() * dimensions);
  RENVOI_CHECK(encoder.encode(passages, rows, stop));
  std::vector<double> sum(dimensions);
  for (std::size_t i = 0; i < rows.size(); ++i) sum[i % dimensions] += rows[i];
  std::vector<float> mean(dimensions);
  const double count = std::max<double>(1, static_cast<double>(passages.size()));
  std::transform(sum.begin(), sum.end(), mean.begin(), [&](double x) { return static_cast<float>(x / count); });
  return mean;
}

}  // namespace renvoi::model
