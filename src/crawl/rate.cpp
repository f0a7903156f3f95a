#include "crawl/rate.h"

#include <algorithm>

namespace renvoi::crawl {

Rate::Clock::time_point Rate::next() const {
  const std::scoped_lock lock(mutex_);
  return next_;
}

void Rate::count() {
  const std::scoped_lock lock(mutex_);
  next_ = std::max(next_, Clock::now()) + interval_;
}

bool Rate::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const Clock::time_point turn = std::max(next_, Clock::now());
  next_ = turn + interval_;
  changed_.wait_until(lock, stop, turn, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace renvoi::crawl
