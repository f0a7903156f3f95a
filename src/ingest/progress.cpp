#include "ingest/progress.h"

#include <algorithm>

namespace renvoi::ingest {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{100};
constexpr double kRateWindow_s = 10;

}  // namespace

void Progress::sync(const crawl::SyncProgress& progress) {
  const std::scoped_lock lock(mutex_);
  now_.sync = progress;
}

void Progress::embedded(std::size_t passages) {
  const auto at = Steady::now();
  const std::scoped_lock lock(mutex_);
  recent_.emplace_back(at, passages);
  while (seconds(at - recent_.front().first) > kRateWindow_s && recent_.size() > 1) recent_.pop_front();
}

void Progress::indexed(std::uint64_t documents, std::uint64_t passages, std::uint64_t text_bytes) {
  const std::scoped_lock lock(mutex_);
  now_.documents_indexed += documents;
  now_.passages_indexed += passages;
  text_bytes_ += text_bytes;
}

void Progress::encoded(std::uint64_t documents, std::uint64_t passages, std::uint64_t kept) {
  const std::scoped_lock lock(mutex_);
  now_.documents_encoded += documents;
  now_.passages_encoded += passages;
  now_.passages_kept += kept;
}

void Progress::show(std::uint64_t waiting, bool last) {
  const auto at = Steady::now();
  if (!options_.on_progress || (!last && at - shown_ < kProgressEvery)) return;
  shown_ = at;
  IngestProgress copy;
  {
    const std::scoped_lock lock(mutex_);
    now_.passages_waiting = waiting;
    now_.passages_per_s = rate(at);
    copy = now_;
  }
  options_.on_progress(copy);
}

IngestProgress Progress::now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}

std::uint64_t Progress::text_bytes() const {
  const std::scoped_lock lock(mutex_);
  return text_bytes_;
}

double Progress::rate(Steady::time_point at) const {
  std::size_t passages = 0;
  for (const auto& [when, count] : recent_) passages += count;
  const double past_s = seconds(at - started_);
  return past_s <= 0 ? 0 : static_cast<double>(passages) / std::clamp(past_s, 0.001, kRateWindow_s);
}

}  // namespace renvoi::ingest
