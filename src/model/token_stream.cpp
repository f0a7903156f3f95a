#include "model/token_stream.h"

namespace renvoi::model {

void TokenStream::push(std::string bytes) {
  {
    const std::lock_guard lock(mutex_);
    pieces_.push_back(std::move(bytes));
  }
  changed_.notify_all();
}

void TokenStream::end(std::string finish_reason) {
  {
    const std::lock_guard lock(mutex_);
    finish_reason_ = std::move(finish_reason);
    ended_ = true;
  }
  changed_.notify_all();
}

void TokenStream::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    ended_ = true;
  }
  changed_.notify_all();
}

Result<std::optional<std::string>> TokenStream::next(std::chrono::steady_clock::time_point deadline,
                                                     std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // Both hold for an answer that is already there, too: a listener that is slow is late.
  const bool there = changed_.wait_until(lock, stop, deadline, [&] { return ended_ || !pieces_.empty(); });
  if (stop.stop_requested()) return Error{ErrorCode::unavailable, "generation was stopped"};
  if (!there || std::chrono::steady_clock::now() >= deadline) {
    return Error{ErrorCode::unavailable, "generation took longer than its deadline allows"};
  }
  if (!pieces_.empty()) {
    std::optional<std::string> piece(std::move(pieces_.front()));
    pieces_.pop_front();
    return piece;
  }
  if (error_) return *error_;
  return std::optional<std::string>();
}

std::string TokenStream::finish_reason() const {
  const std::lock_guard lock(mutex_);
  return finish_reason_;
}

}  // namespace renvoi::model
