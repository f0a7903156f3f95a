// When work that nobody waits for may go on: how fast it writes, and when it is tried again after an error. Pure: the
// time is passed in.
#pragma once

#include <chrono>
#include <cstdint>

namespace renvoi::index {

using SteadyTime = std::chrono::steady_clock::time_point;

// An allowance of bytes a second. Time in which nothing is written is not saved up beyond a tenth of a second, so that
// a merge never makes up for its own pauses with a burst.
class Pace {
 public:
  explicit Pace(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}  // 0: no limit
  // `bytes` were written at `now`; returns when the next ones may be.
  SteadyTime wrote(std::uint64_t bytes, SteadyTime now);

 private:
  std::uint64_t bytes_per_second_;
  SteadyTime next_{};
};

// After the first failure in a row a second, then twice as long each time, at most kMostBackoff.
constexpr auto kFirstBackoff = std::chrono::seconds(1);
constexpr auto kMostBackoff = std::chrono::minutes(5);

class Backoff {
 public:
  void failed(SteadyTime now);
  void succeeded() { *this = {}; }
  bool due(SteadyTime now) const { return now >= until_; }
  SteadyTime until() const { return until_; }

 private:
  SteadyTime until_ = SteadyTime::min();
  std::chrono::milliseconds pause_{0};
};

}  // namespace renvoi::index
