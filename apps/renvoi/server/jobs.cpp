#include "server/jobs.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "json_view.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxWaiting = 100;
constexpr std::chrono::seconds kLookEvery{2};      // for something to encode
constexpr std::chrono::minutes kAfterTrouble{10};  // what could not be read is asked for again after so long
constexpr int kLowPriority = 10;                   // as of nice(1)

double seconds_since(std::chrono::steady_clock::time_point moment) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - moment).count();
}

}  // namespace

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::failed:
      return "failed";
    case JobState::stopped:
      return "stopped";
  }
  return "failed";
}

Json json_of(const Job& job) {
  return {{"state", std::string(to_string(job.state))},
          {"progress", json_of(job.progress)},
          {"report", job.report ? json_of(*job.report) : Json(nullptr)},
          {"error", job.error.empty() ? Json(nullptr) : Json(job.error)},
          {"seconds", job.seconds}};
}

Jobs::Jobs(Engine& engine) : engine_(engine), thread_([this](std::stop_token stop) { work(stop); }) {}

Jobs::~Jobs() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    running_stop_.request_stop();
    encoding_stop_.request_stop();
  }
  changed_.notify_all();
}

Result<void> Jobs::start(SourceId source, const Engine::Pass& pass) {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_.contains(source))
      return Error{ErrorCode::not_found, fmt::format("source {} was removed", to_number(source))};
    if (const auto known = jobs_.find(source);
        known != jobs_.end() && (known->second.state == JobState::queued || known->second.state == JobState::running)) {
      return Error{ErrorCode::conflict,
                   fmt::format("source {} is already {}: GET /api/sources/{} shows how far it is", to_number(source),
                               known->second.state == JobState::queued ? "waiting to be read" : "being read",
                               to_number(source))};
    }
    if (queue_.size() >= kMaxWaiting) {
      return Error{ErrorCode::exhausted,
                   fmt::format("{} sources are already waiting to be read: try again later", kMaxWaiting)};
    }
    queue_.push_back({source, pass});
    jobs_[source] = {};
    encoding_stop_.request_stop();
  }
  changed_.notify_all();
  return {};
}

void Jobs::cancel(SourceId source) {
  std::unique_lock lock(mutex_);
  cancelled_.insert(source);
  std::erase_if(queue_, [&](const Order& order) { return order.source == source; });
  if (running_ == source) running_stop_.request_stop();
  encoding_stop_.request_stop();
  changed_.wait(lock, [&] { return running_ != source && !encoding_; });
  jobs_.erase(source);
}

Result<void> Jobs::stop(SourceId source) {
  const std::lock_guard lock(mutex_);
  const auto waiting = std::erase_if(queue_, [&](const Order& order) { return order.source == source; });
  if (waiting > 0) {
    jobs_[source].state = JobState::stopped;
    return {};
  }
  if (running_ != source)
    return Error{ErrorCode::conflict, fmt::format("source {} is not being read", to_number(source))};
  running_stop_.request_stop();
  return {};
}

std::optional<Job> Jobs::find(SourceId source) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(source);
  if (found == jobs_.end()) return std::nullopt;
  Job job = found->second;
  if (running_ == source && job.state == JobState::running) job.seconds = seconds_since(running_since_);
  return job;
}

std::size_t Jobs::active() const {
  const std::lock_guard lock(mutex_);
  return queue_.size() + (running_ == SourceId::none ? 0 : 1);
}

void Jobs::work(std::stop_token stop) {
  for (;;) {
    Order order;
    std::stop_token order_stop;
    {
      std::unique_lock lock(mutex_);
      const bool ordered = changed_.wait_for(lock, stop, kLookEvery, [&] { return !queue_.empty(); });
      if (stop.stop_requested()) return;
      if (!ordered) {
        if (engine_.fitter() != nullptr) engine_.fitter()->tend();
        if (std::chrono::steady_clock::now() < encode_again_) continue;
        encoding_ = true;
        encoding_stop_ = std::stop_source();
        lock.unlock();
        encode_waiting();
        lock.lock();
        encoding_ = false;
        changed_.notify_all();
        continue;
      }
      order = std::move(queue_.front());
      queue_.pop_front();
      running_ = order.source;
      running_since_ = std::chrono::steady_clock::now();
      running_stop_ = std::stop_source();
      order_stop = running_stop_.get_token();
      jobs_[order.source].state = JobState::running;
    }
    run(order, order_stop);
    {
      const std::lock_guard lock(mutex_);
      running_ = SourceId::none;
    }
    changed_.notify_all();
  }
}

void Jobs::encode_waiting() {
  const auto something_waits = [&] {
    return engine_.next_model() != nullptr || !engine_.collection().only_in_first_tier().empty();
  };
  if (!something_waits()) return;
  Result<ingest::IngestReport> report = ingest::IngestReport{};
  const std::stop_token stop = encoding_stop_.get_token();
  {
    // A thread of its own: on Linux a priority is a thread's, its threads inherit it, and it cannot be raised again.
    const std::jthread low([&] {
      (void)::setpriority(PRIO_PROCESS, 0, kLowPriority);
      report = engine_.encode_waiting({}, Engine::Pace::background, {}, stop);
    });
  }
  // What is left could not be read, or the disk or the model is in trouble: doctor and stats tell.
  if (!stop.stop_requested() && (!report.ok() || something_waits()))
    encode_again_ = std::chrono::steady_clock::now() + kAfterTrouble;
}

void Jobs::run(const Order& order, std::stop_token stop) {
  const auto finish = [&](JobState state, std::optional<ingest::IngestReport> report, std::string error) {
    const std::lock_guard lock(mutex_);
    Job& job = jobs_[order.source];
    job.state = state;
    job.report = std::move(report);
    job.error = std::move(error);
    job.seconds = seconds_since(running_since_);
  };
  const auto source = engine_.collection().catalog().source(order.source);
  if (!source) return finish(JobState::failed, {}, source.error().message);
  auto report = engine_.ingest(
      *source, order.pass, Engine::Depth::full,
      [&](const ingest::IngestProgress& progress) {
        const std::lock_guard lock(mutex_);
        jobs_[order.source].progress = progress;
      },
      stop);
  if (!report) return finish(stop.stop_requested() ? JobState::stopped : JobState::failed, {}, report.error().message);
  finish(stop.stop_requested() ? JobState::stopped : JobState::done, std::move(report).value(), "");
}

}  // namespace renvoi::app
