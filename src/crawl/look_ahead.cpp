#include "crawl/look_ahead.h"

#include <algorithm>

namespace renvoi::crawl {

LookAhead::LookAhead(Fetcher& fetcher, Limits limits, std::stop_token stop)
    : fetcher_(fetcher), limits_(limits), stop_(std::move(stop)) {}

LookAhead::~LookAhead() {
  std::map<std::uint64_t, std::stop_source> running;
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    jobs_.clear();
    running.swap(asked_);
  }
  for (auto& [ticket, source] : running) source.request_stop();
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool LookAhead::has_room() const {
  const std::scoped_lock lock(mutex_);
  if (limits_.max_running <= 1) return answers_.empty();
  return asked_.size() < limits_.max_running && answers_.size() < limits_.max_running &&
         held_bytes_ < limits_.max_held_bytes;
}

void LookAhead::ask(std::uint64_t ticket, Fetcher::Request request) {
  if (limits_.max_running <= 1) {
    Observation seen = fetcher_.fetch(request, stop_);
    const std::scoped_lock lock(mutex_);
    held_bytes_ += seen.body.size();
    answers_.push_back({ticket, std::move(seen)});
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    const auto& source = asked_.emplace(ticket, std::stop_source()).first->second;
    jobs_.push_back({ticket, std::move(request), source.get_token()});
    if (jobs_.size() > idle_ && threads_.size() < limits_.max_running) threads_.emplace_back([this] { work(); });
  }
  wanted_.notify_one();
}

void LookAhead::drop(std::uint64_t ticket) {
  std::optional<std::stop_source> running;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(jobs_, [&](const Job& job) { return job.ticket == ticket; });
    std::erase_if(answers_, [&](const Answer& answer) {
      if (answer.ticket == ticket) held_bytes_ -= answer.seen.body.size();
      return answer.ticket == ticket;
    });
    if (const auto found = asked_.find(ticket); found != asked_.end()) {
      running = std::move(found->second);
      asked_.erase(found);
    }
  }
  if (running) running->request_stop();
}

std::optional<LookAhead::Answer> LookAhead::next(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, stop_, until, [&] { return !answers_.empty(); });
  if (answers_.empty() || stop_.stop_requested()) return {};
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  held_bytes_ -= answer.seen.body.size();
  return answer;
}

void LookAhead::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wanted_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    --idle_;
    if (ending_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Observation seen;
    {
      // Whoever asked may drop it, or everything may stop.
      std::stop_source stop;
      const std::stop_callback on_drop(job.stop, [&] { stop.request_stop(); });
      const std::stop_callback on_stop(stop_, [&] { stop.request_stop(); });
      seen = fetcher_.fetch(job.request, stop.get_token());
    }
    lock.lock();
    if (asked_.erase(job.ticket) == 0) continue;  // dropped
    held_bytes_ += seen.body.size();
    answers_.push_back({job.ticket, std::move(seen)});
    arrived_.notify_one();
  }
}

}  // namespace renvoi::crawl
