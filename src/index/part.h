// A segment as a snapshot sees it: its bytes and which of its passages are alive.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/segment.h"

namespace renvoi::index {

// The live bitmap of a segment, with what makes the n-th live passage quick to find. Immutable once shared.
class LiveSet {
 public:
  static LiveSet all(const Segment& segment);
  // From the words of a manifest. `words` must be (passages + 63) / 64 numbers without a bit beyond the last passage.
  static LiveSet from_words(const Segment& segment, std::vector<std::uint64_t> words);
  // Without the passages of those references. Sorted or not, absent ones are passed over.
  LiveSet without(const Segment& segment, std::span<const ReferenceId> references) const;

  bool contains(std::uint32_t passage) const { return (words_[passage / 64] >> (passage % 64) & 1) != 0; }
  std::uint32_t count() const { return count_; }
  std::uint64_t total_length() const { return total_length_; }  // of the live passages' lengths
  // How many live passages come before this one; and the passage that has `rank` before it (rank < count()).
  std::uint32_t rank(std::uint32_t passage) const {
    if (whole_) return passage;
    const std::uint64_t below = words_[passage / 64] & ((std::uint64_t{1} << (passage % 64)) - 1);
    return ranks_[passage / 64] + static_cast<std::uint32_t>(std::popcount(below));
  }
  std::uint32_t select(std::uint32_t rank) const;
  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  void count_again();
  bool whole_ = false;  // all passages are alive
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> ranks_;
  std::uint32_t count_ = 0;
  std::uint64_t total_length_ = 0;
};

struct Part {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const LiveSet> live;
  std::uint64_t file_number = 0;  // 0: in memory only, its passages are in the log
  std::uint32_t dead() const { return segment->passages() - live->count(); }
};

}  // namespace renvoi::index
