// How far an ingest is, told by its threads and shown by one of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "ingest/ingest.h"

namespace renvoi::ingest {

using Steady = std::chrono::steady_clock;

inline double seconds(Steady::duration time) { return std::chrono::duration<double>(time).count(); }

// Thread-safe, but for show(), which is of one thread.
class Progress {
 public:
  explicit Progress(const IngestOptions& options) : options_(options) {}
  void sync(const crawl::SyncProgress& progress);
  // So many more went through the slowest stage: what the rate is told by.
  void embedded(std::size_t passages);
  // So many more are acknowledged: in the tier that makes them searchable, and in the full one.
  void indexed(std::uint64_t documents, std::uint64_t passages, std::uint64_t text_bytes);
  void encoded(std::uint64_t documents, std::uint64_t passages, std::uint64_t kept);
  void show(std::uint64_t waiting, bool last = false);
  IngestProgress now() const;
  std::uint64_t text_bytes() const;

 private:
  double rate(Steady::time_point at) const;

  const IngestOptions& options_;
  mutable std::mutex mutex_;
  IngestProgress now_;
  std::uint64_t text_bytes_ = 0;
  std::deque<std::pair<Steady::time_point, std::size_t>> recent_;
  Steady::time_point shown_{};
  const Steady::time_point started_ = Steady::now();
};

}  // namespace renvoi::ingest
