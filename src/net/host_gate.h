// Lets at most so many requests to one host, and in all, run at once; the others wait their turn.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "base/result.h"

namespace renvoi::net {

// Thread-safe. Must outlive its passes.
class HostGate {
 public:
  HostGate(std::uint32_t max_per_host, std::uint32_t max_total) : max_per_host_(max_per_host), max_total_(max_total) {}

  // The right to talk to a host, given back when destroyed.
  class Pass {
   public:
    Pass(HostGate* gate, std::string host) : gate_(gate), host_(std::move(host)) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), host_(std::move(other.host_)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave(host_);
    }

   private:
    HostGate* gate_;
    std::string host_;
  };

  // Errors: `unavailable` after `limit_ms`, or when stopped.
  Result<Pass> enter(const std::string& host, std::chrono::milliseconds limit_ms, std::stop_token stop);

 private:
  void leave(const std::string& host);

  const std::uint32_t max_per_host_;
  const std::uint32_t max_total_;
  std::mutex mutex_;
  std::condition_variable_any free_;
  std::map<std::string, std::uint32_t> running_;
  std::uint32_t total_ = 0;
};

}  // namespace renvoi::net
