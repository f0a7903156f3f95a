#include "net/host_gate.h"

namespace renvoi::net {

Result<HostGate::Pass> HostGate::enter(const std::string& host, std::chrono::milliseconds limit_ms,
                                       std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + limit_ms;
  const bool entered = free_.wait_until(lock, stop, deadline, [&] {
    const auto running = running_.find(host);
    return total_ < max_total_ && (running == running_.end() || running->second < max_per_host_);
  });
  if (stop.stop_requested())
    return Error{ErrorCode::unavailable, "stopped while waiting for other requests to " + host};
  if (!entered) return Error{ErrorCode::unavailable, "other requests to " + host + " did not end in time"};
  ++running_[host];
  ++total_;
  return Pass(this, host);
}

void HostGate::leave(const std::string& host) {
  {
    const std::lock_guard lock(mutex_);
    const auto running = running_.find(host);
    if (--running->second == 0) running_.erase(running);
    --total_;
  }
  free_.notify_all();
}

}  // namespace renvoi::net
