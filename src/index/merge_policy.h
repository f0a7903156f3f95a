// Which segments to merge. A pure decision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace renvoi::index {

constexpr std::size_t kMaxSegments = 8;

struct SegmentSize {
  std::uint64_t live = 0;
  std::uint64_t dead = 0;
};

// Positions of the segments to rewrite as one; empty when all is well: at most kMaxSegments of them, and at most half
// of the passages dead. Too many: the smallest, in a run of like sizes, so that a passage is copied a logarithmic
// number of times. Too many dead: every segment of which a quarter is.
std::vector<std::size_t> choose_merge(std::span<const SegmentSize> segments);

}  // namespace renvoi::index
