// When a writer rewrites, in which thread, and how fast.
#include <algorithm>
#include <system_error>

#include "index/folder_writer.h"

namespace renvoi::index {
namespace {

constexpr int kMostStepsInACommit = 16;
constexpr auto kMostWaitForRoom = std::chrono::minutes(10);

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

Error given_way() { return {ErrorCode::unavailable, "a merge has given way to something more urgent"}; }

}  // namespace

// After a commit, which is acknowledged by then: an error here only postpones the work.
void FolderWriter::maintain(Lock& lock) {
  Step step = next_step(steady_now());
  if (step.task == Task::none) return;
  if (has_thread()) {
    // Here and not when the thread comes to it, so that what the first segment holds, and with it the quantizer,
    // depends on what was written and not on who was faster.
    if (step.task == Task::flush) freeze();
    changed_.notify_all();
    return;
  }
  for (int i = 0; i < kMostStepsInACommit && step.task != Task::none && !rewriting_; ++i) {
    if (!run(lock, step, {}).ok()) return;
    step = next_step(steady_now());
  }
}

bool FolderWriter::has_thread() {
  if (!options_.background) return false;
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    return false;  // no threads to be had: the commits do it
  }
  return true;
}

void FolderWriter::work() {
  Lock lock(mutex_);
  while (!stop_.stop_requested()) {
    if (!rewriting_ && compactions_ == 0) {
      const Step step = next_step(steady_now());
      if (step.task != Task::none) {
        (void)run(lock, step, control_of(step.task));
        continue;
      }
    }
    const std::optional<SteadyTime> retry = maintenance_.retry_at(steady_now());
    if (retry.has_value())
      changed_.wait_until(lock, *retry);
    else
      changed_.wait(lock);
  }
}

Step FolderWriter::next_step(SteadyTime now) const {
  if (!manifest_.broken().ok()) return {};
  std::vector<MergeCandidate> candidates;
  for (const Part& part : disk_)
    if (part.segment->sound().ok()) candidates.push_back({part.file_number, {part.live->count(), part.dead()}});
  return maintenance_.next(log_->size_bytes(), flush_asked_, candidates, now);
}

// Takes the slot; a flush may go in between while a merge of the same thread has it.
Result<void> FolderWriter::run(Lock& lock, const Step& step, const WorkControl& control) {
  const bool in_between = rewriting_;
  const bool flushes = step.task == Task::flush;
  rewriting_ = true;
  if (flushes) flush_asked_ = false;
  Result<void> outcome = rewrite(lock, step.files, flushes ? With::log_too : With::segments,
                                 in_between ? Fit::not_now : Fit::allowed, control);
  if (outcome.ok()) (void)remove_orphans(lock);
  if (outcome.ok() || !must_give_way(step.task)) maintenance_.ended(step.task, outcome, steady_now());
  if (!outcome.ok() && outcome.error().code == ErrorCode::corrupt) corrupt_ = outcome.error();
  if (!outcome.ok() && flushes) {
    flush_error_ = outcome.error();
    ++failed_flushes_;
  }
  if (!in_between) rewriting_ = false;
  changed_.notify_all();
  return outcome;
}

WorkControl FolderWriter::control_of(Task task) {
  return {[this, task]() -> Result<void> {
            Lock lock(mutex_);
            return attend(lock, task);
          },
          [this, task](std::uint64_t bytes) { return keep_pace(task, bytes); }};
}

bool FolderWriter::must_give_way(Task task) const {
  return stop_.stop_requested() || (task == Task::merge && compactions_ > 0);
}

// What cannot wait for the end of a rewrite of the writer's own thread.
Result<void> FolderWriter::attend(Lock& lock, Task task) {
  if (task == Task::merge && !must_give_way(task) &&
      maintenance_.flush_due(log_->size_bytes(), flush_asked_, steady_now()))
    (void)run(lock, {Task::flush, {}}, control_of(Task::flush));
  // After the flush, which leaves the mutex: whoever wants the slot meanwhile has notified nobody who waits.
  return must_give_way(task) ? given_way() : Result<void>();
}

Result<void> FolderWriter::keep_pace(Task task, std::uint64_t bytes) {
  Lock lock(mutex_);
  const SteadyTime until = pace_.wrote(bytes, steady_now());
  while (true) {
    RENVOI_CHECK(attend(lock, task));
    const bool somebody_waits = compactions_ > 0 || waiting_for_room_ > 0;
    if (somebody_waits || steady_now() >= until) return {};
    changed_.wait_until(lock, until);
  }
}

bool FolderWriter::log_is_too_long() const {
  return log_->size_bytes() > std::max(options_.most_log_bytes, options_.flush_log_bytes);
}

// Back pressure: memory is bounded because the log is.
Result<void> FolderWriter::wait_for_room(Lock& lock) {
  if (!log_is_too_long()) return {};
  RENVOI_CHECK(manifest_.broken());
  const Error late{ErrorCode::unavailable,
                   "the index's log has been too long for ten minutes, and its segment is not yet written; try again"};
  const SteadyTime deadline = steady_now() + kMostWaitForRoom;
  if (!has_thread()) {
    if (!changed_.wait_until(lock, deadline, [&] { return !rewriting_; })) return late;
    return log_is_too_long() ? run(lock, {Task::flush, {}}, {}) : Result<void>();
  }
  const std::uint64_t failed = failed_flushes_;
  flush_asked_ = true;
  ++waiting_for_room_;
  changed_.notify_all();
  const bool in_time =
      changed_.wait_until(lock, deadline, [&] { return !log_is_too_long() || failed_flushes_ != failed; });
  --waiting_for_room_;
  if (!log_is_too_long()) return {};
  return in_time ? *flush_error_ : late;
}

}  // namespace renvoi::index
