#include "net/handler_pool.h"

#include <algorithm>

namespace renvoi::net {

HandlerPool::HandlerPool(std::uint32_t threads, std::uint32_t max_queued) : max_queued_(max_queued) {
  idle_ = std::max(1u, threads);
  for (std::uint32_t i = 0; i < std::max(1u, threads); ++i) threads_.emplace_back([this] { work(); });
}

void HandlerPool::join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool HandlerPool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    // Tasks for which a thread is free do not count as waiting, even before it has woken up.
    if (stopping_ || queue_.size() >= std::size_t{idle_} + max_queued_) return false;
    queue_.push_back(std::move(task));
  }
  ready_.notify_one();
  return true;
}

void HandlerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    --idle_;
    ++running_;
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before the lock is taken
    lock.lock();
    --running_;
    ++idle_;
  }
}

}  // namespace renvoi::net
