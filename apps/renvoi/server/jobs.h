// Sources read in the background: one at a time, since there is one writer. While none waits, what is only in the first
// tier, or waits for the model that the index is being changed to, is encoded, at low priority.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "engine.h"
#include "output.h"

namespace renvoi::app {

enum class JobState : std::uint8_t { queued, running, done, failed, stopped };
std::string_view to_string(JobState state);

struct Job {
  JobState state = JobState::queued;
  ingest::IngestProgress progress;
  std::optional<ingest::IngestReport> report;  // done, stopped
  std::string error;                           // failed
  double seconds = 0;                          // that it has been running, or ran
};
Json json_of(const Job& job);

// Thread-safe. Ends its work when it goes: what is indexed stays, and the next sync goes on.
class Jobs {
 public:
  explicit Jobs(Engine& engine);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  // Errors: `conflict` when the source is already waiting or being read, `exhausted` when 100 others wait, `not_found`
  // when it was cancelled.
  Result<void> start(SourceId source, const Engine::Pass& pass);
  // Stops reading it and returns once nothing writes for it any more. For a source that is to be removed: it cannot be
  // started again.
  void cancel(SourceId source);
  // Ends the reading of it, or its waiting, as soon as the page at hand is done: what is indexed stays, and start()
  // goes on from there. Returns at once. Errors: `conflict` when it is neither read nor waiting.
  Result<void> stop(SourceId source);
  // The last job of the source since the server started.
  std::optional<Job> find(SourceId source) const;
  std::size_t active() const;  // waiting or running

 private:
  struct Order {
    SourceId source = SourceId::none;
    Engine::Pass pass{};
  };
  void work(std::stop_token stop);
  void run(const Order& order, std::stop_token stop);
  // Until it is done, or an order comes, or the server ends.
  void encode_waiting();
  Engine& engine_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Order> queue_;
  std::map<SourceId, Job> jobs_;
  std::set<SourceId> cancelled_;
  SourceId running_ = SourceId::none;
  std::stop_source running_stop_;
  std::chrono::steady_clock::time_point running_since_{};
  bool encoding_ = false;
  std::stop_source encoding_stop_;
  std::chrono::steady_clock::time_point encode_again_{};  // not before
  std::jthread thread_;
};

}  // namespace renvoi::app
