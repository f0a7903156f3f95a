// How far long work is: a bar that is redrawn on a terminal, a plain line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "ingest/ingest.h"
#include "output.h"

namespace renvoi::app {

// Thread-safe. Writes on standard error.
class Progress {
 public:
  explicit Progress(const Output& output);
  ~Progress();  // leaves the terminal on a fresh line
  // `done` of `all` (0: not known), in `unit`s; `rate_per_s` 0: not known.
  void show(const std::string& what, std::uint64_t done, std::uint64_t all, const std::string& unit, double rate_per_s);
  void show(const ingest::IngestProgress& progress);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool due();
  void draw(const std::string& text);
  const bool terminal_;
  const bool silent_;
  std::mutex mutex_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_{};
  bool drawn_ = false;
};

// About how long is left, from what is known to wait; nothing when it cannot be told yet. In seconds.
double remaining_seconds(const ingest::IngestProgress& progress);

}  // namespace renvoi::app
