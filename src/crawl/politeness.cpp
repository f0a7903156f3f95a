#include "crawl/politeness.h"

#include <algorithm>

namespace renvoi::crawl {

bool Politeness::wait(const std::string& host, std::chrono::milliseconds delay, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  Host& entry = hosts_[host];
  const Clock::time_point turn = std::max(entry.next, Clock::now());
  entry.next = turn + delay;
  changed_.wait_until(lock, stop, turn, [] { return false; });
  return !stop.stop_requested();
}

void Politeness::finished(const std::string& host, std::chrono::milliseconds delay) {
  const std::scoped_lock lock(mutex_);
  Host& entry = hosts_[host];
  entry.next = std::max(entry.next, Clock::now() + delay);
}

void Politeness::hold(const std::string& host, std::chrono::seconds time) {
  const std::scoped_lock lock(mutex_);
  Host& entry = hosts_[host];
  entry.held_until = std::max(entry.held_until, Clock::now() + time);
}

Politeness::Clock::time_point Politeness::turn(const std::string& host) {
  const std::scoped_lock lock(mutex_);
  const auto found = hosts_.find(host);
  return found == hosts_.end() ? Clock::time_point{} : found->second.next;
}

std::optional<std::chrono::seconds> Politeness::held(const std::string& host) {
  const std::scoped_lock lock(mutex_);
  const auto left = hosts_[host].held_until - Clock::now();
  if (left <= Clock::duration::zero()) return {};
  return std::chrono::ceil<std::chrono::seconds>(left);
}

}  // namespace renvoi::crawl
