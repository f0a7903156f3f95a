// What a writer does beside commits: the log to a segment, and segments to one. A pure decision, with a memory of what
// has failed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "index/merge_policy.h"
#include "index/pace.h"

namespace renvoi::index {

enum class Task : std::uint8_t { none, flush, merge };

struct MergeCandidate {
  std::uint64_t file_number = 0;
  SegmentSize size;
};

struct Step {
  Task task = Task::none;
  std::vector<std::uint64_t> files;  // of the segments to merge
};

class Maintenance {
 public:
  // `flush_log_bytes`: the log is written to a segment when it is longer.
  explicit Maintenance(std::uint64_t flush_log_bytes) : flush_log_bytes_(flush_log_bytes) {}

  // A flush first: it frees memory and takes little. `candidates` are the segments without known damage: a merge of the
  // others would fail for ever. `asked`: somebody waits for the flush, so that it is tried whatever has failed before.
  Step next(std::uint64_t log_bytes, bool asked, std::span<const MergeCandidate> candidates, SteadyTime now) const;
  bool flush_due(std::uint64_t log_bytes, bool asked, SteadyTime now) const;

  // How it ended. What failed is postponed (pace.h), whatever the error: a full disk may have room again.
  void ended(Task task, const Result<void>& outcome, SteadyTime now);
  // When something that failed may be tried again; nothing when nothing waits for a time.
  std::optional<SteadyTime> retry_at(SteadyTime now) const;

 private:
  std::uint64_t flush_log_bytes_;
  Backoff flush_;
  Backoff merge_;
};

}  // namespace renvoi::index
