#include "index/pace.h"

#include <algorithm>

namespace renvoi::index {
namespace {

constexpr auto kMostSavedUp = std::chrono::milliseconds(100);

}  // namespace

SteadyTime Pace::wrote(std::uint64_t bytes, SteadyTime now) {
  if (bytes_per_second_ == 0) return now;
  const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
  next_ = std::max(next_, now - kMostSavedUp) +
          std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
  return next_;
}

void Backoff::failed(SteadyTime now) {
  pause_ = std::clamp<std::chrono::milliseconds>(2 * pause_, kFirstBackoff, kMostBackoff);
  until_ = now + pause_;
}

}  // namespace renvoi::index
