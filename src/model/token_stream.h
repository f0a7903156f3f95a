// The bytes of one answer on their way from the thread that decodes to the one that waits for them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"

namespace renvoi::model {

// Thread-safe: one thread writes, one reads. Neither waits for the other's work.
class TokenStream {
 public:
  // --- who decodes ---
  bool is_wanted() const { return wanted_.load(std::memory_order_relaxed); }
  void push(std::string bytes);
  void end(std::string finish_reason);
  void fail(Error error);
  void set_reused(std::uint32_t prompt_tokens) { reused_.store(prompt_tokens, std::memory_order_relaxed); }

  // --- who listens ---
  // The next token's bytes, nothing at the end. Errors: of fail(); `unavailable` when stopped or at the deadline.
  Result<std::optional<std::string>> next(std::chrono::steady_clock::time_point deadline, std::stop_token stop);
  // Nobody listens any more.
  void leave() { wanted_.store(false, std::memory_order_relaxed); }
  std::string finish_reason() const;
  std::uint32_t reused() const { return reused_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> pieces_;
  bool ended_ = false;
  std::string finish_reason_;
  std::optional<Error> error_;
  std::atomic<bool> wanted_ = true;
  std::atomic<std::uint32_t> reused_ = 0;
};

}  // namespace renvoi::model
