#include "index/maintenance.h"

namespace renvoi::index {

bool Maintenance::flush_due(std::uint64_t log_bytes, bool asked, SteadyTime now) const {
  return log_bytes > flush_log_bytes_ && (asked || flush_.due(now));
}

Step Maintenance::next(std::uint64_t log_bytes, bool asked, std::span<const MergeCandidate> candidates,
                       SteadyTime now) const {
  if (flush_due(log_bytes, asked, now)) return {Task::flush, {}};
  if (!merge_.due(now)) return {};
  std::vector<SegmentSize> sizes;
  for (const MergeCandidate& candidate : candidates) sizes.push_back(candidate.size);
  Step step;
  for (const std::size_t chosen : choose_merge(sizes)) step.files.push_back(candidates[chosen].file_number);
  if (!step.files.empty()) step.task = Task::merge;
  return step;
}

void Maintenance::ended(Task task, const Result<void>& outcome, SteadyTime now) {
  if (task == Task::none) return;
  Backoff& backoff = task == Task::flush ? flush_ : merge_;
  if (outcome.ok())
    backoff.succeeded();
  else
    backoff.failed(now);
}

std::optional<SteadyTime> Maintenance::retry_at(SteadyTime now) const {
  std::optional<SteadyTime> earliest;
  for (const Backoff& backoff : {flush_, merge_})
    if (!backoff.due(now) && (!earliest.has_value() || backoff.until() < *earliest)) earliest = backoff.until();
  return earliest;
}

}  // namespace renvoi::index
