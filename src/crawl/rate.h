// At most so many requests a minute, evenly spread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace renvoi::crawl {

// Thread-safe. Time is the steady clock's. What was not used does not add up: there are no bursts.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Rate(std::uint32_t requests_per_minute)  // 0: no limit
      : interval_(requests_per_minute == 0 ? Clock::duration::zero()
                                           : Clock::duration(std::chrono::minutes(1)) / requests_per_minute) {}

  // When the next request may be made.
  Clock::time_point next() const;
  // Counts one that is made whatever the rate says.
  void count();
  // Waits for the next moment and takes it. False when stopped.
  bool wait(const std::stop_token& stop);

 private:
  const Clock::duration interval_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Clock::time_point next_{};
};

}  // namespace renvoi::crawl
