#include "answer/time_limit.h"

#include <algorithm>
#include <utility>

namespace renvoi::answer {

TimeLimit::TimeLimit(std::stop_token outer, std::uint32_t limit_ms)
    : end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms)),
      outer_(std::move(outer), [this] { source_.request_stop(); }),
      timer_([this](std::stop_token ended) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, ended, end_, [] { return false; });
        if (!ended.stop_requested()) source_.request_stop();
      }) {}

std::uint32_t TimeLimit::remaining_ms() const {
  if (fired()) return 0;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  return static_cast<std::uint32_t>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace renvoi::answer
