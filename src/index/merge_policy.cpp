#include "index/merge_policy.h"

#include <algorithm>
#include <numeric>

namespace renvoi::index {

std::vector<std::size_t> choose_merge(std::span<const SegmentSize> segments) {
  std::uint64_t live = 0;
  std::uint64_t dead = 0;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    live += segments[i].live;
    dead += segments[i].dead;
    if (segments[i].dead > 0 && segments[i].dead * 3 >= segments[i].live) chosen.push_back(i);
  }
  if (dead > live) return chosen;
  if (segments.size() <= kMaxSegments) return {};
  std::vector<std::size_t> by_size(segments.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return segments[a].live < segments[b].live; });
  chosen = {by_size[0], by_size[1]};
  std::uint64_t sum = segments[by_size[0]].live + segments[by_size[1]].live;
  for (std::size_t i = 2; i < by_size.size() && segments[by_size[i]].live <= 2 * sum; ++i) {
    chosen.push_back(by_size[i]);
    sum += segments[by_size[i]].live;
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace renvoi::index
