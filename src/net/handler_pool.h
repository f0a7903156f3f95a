// The threads on which handlers run, and the bounded queue before them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace renvoi::net {

// Thread-safe. Tasks must not throw.
class HandlerPool {
 public:
  HandlerPool(std::uint32_t threads, std::uint32_t max_queued);
  ~HandlerPool() { join(); }
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  // False when as many tasks wait already as may.
  bool submit(std::function<void()> task);
  // Runs what is queued, then ends the threads. Nothing is accepted any more.
  void join();
  std::uint32_t running() const { return running_.load(); }

 private:
  void work();

  const std::uint32_t max_queued_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  std::uint32_t idle_ = 0;
  bool stopping_ = false;
  std::atomic<std::uint32_t> running_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace renvoi::net
