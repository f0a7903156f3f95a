// Fetches ahead of whoever decides: several hosts are asked at once, answers are given one by one as they arrive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "crawl/fetcher.h"

namespace renvoi::crawl {

// All methods are of one thread; the fetches run on threads of its own, made when they are needed. Two requests that
// are asked at once should be of different hosts: they would only wait for each other.
class LookAhead {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    // Up to 1: no thread is made, ask() fetches itself.
    std::uint32_t max_running = 32;
    // Of the bodies of answers that nobody has taken yet: beyond it, or as many answers as may run, there is room for
    // no more. So at most these bytes and `max_running` bodies of the fetcher's limit are held.
    std::uint64_t max_held_bytes = 64u << 20;
  };
  struct Answer {
    std::uint64_t ticket = 0;
    Observation seen;
  };
  // `fetcher` must outlive it. `stop` ends what runs, and every wait.
  LookAhead(Fetcher& fetcher, Limits limits, std::stop_token stop);
  ~LookAhead();  // ends what runs
  LookAhead(const LookAhead&) = delete;
  LookAhead& operator=(const LookAhead&) = delete;

  // Whether another request would be begun at once, and its answer not be one too many.
  bool has_room() const;
  // Also without room: it is begun when one of the others has its answer.
  void ask(std::uint64_t ticket, Fetcher::Request request);
  // Nobody wants the answer any more: it is ended, and none will be given.
  void drop(std::uint64_t ticket);
  // Waits for an answer, the earliest first. Nothing: it is `until`, or `stop` was requested.
  std::optional<Answer> next(Clock::time_point until);

 private:
  struct Job {
    std::uint64_t ticket;
    Fetcher::Request request;
    std::stop_token stop;
  };
  void work();

  Fetcher& fetcher_;
  const Limits limits_;
  const std::stop_token stop_;
  mutable std::mutex mutex_;
  std::condition_variable wanted_;       // there is a job, or the end
  std::condition_variable_any arrived_;  // there is an answer
  std::deque<Job> jobs_;
  std::map<std::uint64_t, std::stop_source> asked_;  // without an answer yet, by ticket
  std::deque<Answer> answers_;
  std::uint64_t held_bytes_ = 0;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace renvoi::crawl
