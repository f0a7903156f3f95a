// A stop token that also fires when time is up, so that whatever waits on it has a deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace renvoi::answer {

// Fires when `outer` does, or `limit_ms` after it was made. Its destructor ends its thread at once.
class TimeLimit {
 public:
  TimeLimit(std::stop_token outer, std::uint32_t limit_ms);
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  bool fired() const { return source_.stop_requested(); }
  // 0 when it has fired.
  std::uint32_t remaining_ms() const;

 private:
  std::chrono::steady_clock::time_point end_;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> outer_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread timer_;
};

}  // namespace renvoi::answer
