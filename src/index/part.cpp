#include "index/part.h"

#include <algorithm>
#include <optional>

namespace renvoi::index {

LiveSet LiveSet::all(const Segment& segment) {
  std::vector<std::uint64_t> words((segment.passages() + 63) / 64, ~std::uint64_t{0});
  if (segment.passages() % 64 != 0) words.back() = (std::uint64_t{1} << (segment.passages() % 64)) - 1;
  return from_words(segment, std::move(words));
}

LiveSet LiveSet::from_words(const Segment& segment, std::vector<std::uint64_t> words) {
  LiveSet live;
  live.words_ = std::move(words);
  for (std::uint32_t passage = 0; passage < segment.passages(); ++passage)
    if (live.contains(passage)) live.total_length_ += segment.length(passage);
  live.count_again();
  return live;
}

LiveSet LiveSet::without(const Segment& segment, std::span<const ReferenceId> references) const {
  LiveSet live = *this;
  for (const ReferenceId reference : references) {
    const std::optional<std::uint32_t> index = segment.table().find(reference);
    if (!index.has_value()) continue;
    const PassageSpan span = segment.table().passages_at(*index);
    for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
      if (!live.contains(passage)) continue;
      live.words_[passage / 64] &= ~(std::uint64_t{1} << (passage % 64));
      live.total_length_ -= segment.length(passage);
    }
  }
  live.count_again();
  return live;
}

void LiveSet::count_again() {
  ranks_.resize(words_.size());
  count_ = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    ranks_[i] = count_;
    count_ += static_cast<std::uint32_t>(std::popcount(words_[i]));
  }
  whole_ =
      !words_.empty() && count_ == (words_.size() - 1) * 64 + static_cast<std::size_t>(std::bit_width(words_.back()));
}

std::uint32_t LiveSet::select(std::uint32_t rank) const {
  if (whole_) return rank;
  const auto above = std::upper_bound(ranks_.begin(), ranks_.end(), rank);
  const auto word = static_cast<std::size_t>(above - ranks_.begin()) - 1;
  std::uint64_t bits = words_[word];
  for (std::uint32_t left = rank - ranks_[word]; left > 0; --left) bits &= bits - 1;
  return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
}

}  // namespace renvoi::index
