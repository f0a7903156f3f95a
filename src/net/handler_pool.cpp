#include "net/handler_pool.h"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace renvoi::net {
namespace {

constexpr std::chrono::seconds kIdleThreadStays{10};

thread_local HandlerPool* pool_of_this_thread = nullptr;

}  // namespace

HandlerPool::HandlerPool(std::uint32_t at_once, std::uint32_t max_queued)
    : at_once_(std::max(1U, at_once)), max_queued_(max_queued) {}

void HandlerPool::join() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  ready_.notify_all();
  ready_.wait(lock, [&] { return threads_.empty(); });
  join_finished();
}

std::uint32_t HandlerPool::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool HandlerPool::submit(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  // Tasks for which there is a place do not count as waiting, even before a thread has woken up.
  const std::uint32_t working = running_ - elsewhere_;
  const std::size_t places = at_once_ > working ? at_once_ - working : 0;
  if (stopping_ || queue_.size() >= places + max_queued_) return false;
  queue_.push_back(std::move(task));
  add_thread_if_needed();
  if (threads_.empty()) {
    queue_.pop_back();
    return false;
  }
  ready_.notify_one();
  return true;
}

// A machine that gives no more threads leaves the tasks to those that there are.
void HandlerPool::add_thread_if_needed() {
  join_finished();
  if (queue_.size() <= idle_ || !has_place()) return;
  const Thread place = threads_.emplace(threads_.end());
  try {
    *place = std::thread([this, place] { work(place); });
    ++idle_;
  } catch (const std::system_error&) {
    threads_.erase(place);
  }
}

void HandlerPool::wake_one() {
  if (queue_.empty() && !stopping_) return;
  if (stopping_) {
    ready_.notify_all();  // join() waits, too
  } else {
    ready_.notify_one();
  }
}

void HandlerPool::join_finished() {
  for (std::thread& thread : finished_) thread.join();
  finished_.clear();
}

void HandlerPool::work(Thread self) {
  pool_of_this_thread = this;
  std::unique_lock lock(mutex_);
  while (true) {
    const auto may_work = [&] { return !queue_.empty() && has_place(); };
    const bool woken =
        ready_.wait_for(lock, kIdleThreadStays, [&] { return may_work() || (stopping_ && queue_.empty()); });
    if (!may_work()) {
      if (!woken && !queue_.empty()) continue;
      break;
    }
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
    wake_one();  // there is a place now
  }
  --idle_;
  finished_.splice(finished_.end(), threads_, self);
  ready_.notify_all();
}

void HandlerPool::begin_to_wait_elsewhere() {
  HandlerPool* pool = pool_of_this_thread;
  if (pool == nullptr) return;
  const std::lock_guard lock(pool->mutex_);
  ++pool->elsewhere_;
  pool->add_thread_if_needed();
  pool->wake_one();
}

void HandlerPool::end_to_wait_elsewhere() {
  HandlerPool* pool = pool_of_this_thread;
  if (pool == nullptr) return;
  const std::lock_guard lock(pool->mutex_);
  --pool->elsewhere_;
}

}  // namespace renvoi::net
