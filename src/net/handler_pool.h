// The threads on which handlers run, and the bounded queue before them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace renvoi::net {

// Thread-safe. Tasks must not throw. At most `at_once` tasks are worked on; those that wait elsewhere (wait_elsewhere)
// do not count, and others run beside them on threads that come and go.
class HandlerPool {
 public:
  HandlerPool(std::uint32_t at_once, std::uint32_t max_queued);
  ~HandlerPool() { join(); }
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  // False when as many tasks wait already as may, or no thread can be had.
  bool submit(std::function<void()> task);
  // Runs what is queued, then ends the threads. Nothing is accepted any more.
  void join();
  std::uint32_t running() const;

  // Of the pool that the calling thread is of; elsewhere they do nothing. In pairs.
  static void begin_to_wait_elsewhere();
  static void end_to_wait_elsewhere();

 private:
  using Thread = std::list<std::thread>::iterator;

  void work(Thread self);
  bool has_place() const { return running_ - elsewhere_ < at_once_; }
  void add_thread_if_needed();
  void wake_one();
  void join_finished();

  const std::uint32_t at_once_, max_queued_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  std::uint32_t idle_ = 0, running_ = 0, elsewhere_ = 0;
  bool stopping_ = false;
  std::list<std::thread> threads_, finished_;
};

}  // namespace renvoi::net
