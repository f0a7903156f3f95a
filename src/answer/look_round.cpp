#include "answer/look_round.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "answer/time_limit.h"

namespace renvoi::answer {
namespace {

// What the threads of a round share.
class Round {
 public:
  Round(std::size_t references, std::uint32_t wanted) : looks_(references), wanted_(wanted) {}

  // The next to look at; nothing when those that stand, with those that are being looked at, are enough.
  std::optional<std::size_t> take(const std::stop_token& cut) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, cut, [&] { return running_ == 0 || standing_ + running_ < wanted_; });
    if (next_ == looks_.size() || standing_ + running_ >= wanted_ || cut.stop_requested()) return {};
    ++running_;
    return next_++;
  }

  void put(std::size_t at, Look look) {
    const std::scoped_lock lock(mutex_);
    --running_;
    if (look.document) ++standing_;
    looks_[at] = std::move(look);
    changed_.notify_all();
  }

  // Waits until `end`, or until nothing is being looked at any more. True when something stands then.
  bool stands_at(std::chrono::steady_clock::time_point end, const std::stop_token& cut) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, cut, end, [&] { return done(); });
    return standing_ > 0 || done();
  }
  // Waits until something stands, or nothing is being looked at any more.
  void wait_for_one(const std::stop_token& cut) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, cut, [&] { return standing_ > 0 || done(); });
  }

  std::vector<std::optional<Look>> take_all() { return std::move(looks_); }

 private:
  bool done() const { return running_ == 0 && (next_ == looks_.size() || standing_ >= wanted_); }

  std::vector<std::optional<Look>> looks_;
  const std::uint32_t wanted_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t next_ = 0;
  std::uint32_t running_ = 0, standing_ = 0;
};

}  // namespace

std::vector<std::optional<Look>> look_in_order(std::size_t count, const LookAt& look_at, const LookBudget& budget,
                                               std::stop_token stop) {
  if (count == 0 || budget.documents == 0) return std::vector<std::optional<Look>>(count);
  const TimeLimit limit(stop, budget.timeout_ms);
  std::stop_source cut;
  const std::stop_callback on_limit(limit.token(), [&] { cut.request_stop(); });
  const auto verify_end = std::chrono::steady_clock::now() + std::chrono::milliseconds(budget.verify_ms);
  Round round(count, budget.documents);
  {
    std::vector<std::jthread> threads;  // joined at the end of the block
    for (std::size_t i = 0; i < std::min<std::size_t>(count, budget.documents); ++i) {
      threads.emplace_back([&] {
        while (const auto at = round.take(cut.get_token())) round.put(*at, look_at(*at, cut.get_token()));
      });
    }
    if (!round.stands_at(verify_end, cut.get_token())) round.wait_for_one(cut.get_token());
    if (std::chrono::steady_clock::now() >= verify_end) cut.request_stop();
  }
  return round.take_all();
}

std::vector<std::optional<Look>> look_in_order(const EvidenceReader& reader,
                                               std::span<const catalog::Reference> references, const LookBudget& budget,
                                               std::stop_token stop) {
  return look_in_order(
      references.size(), [&](std::size_t i, std::stop_token cut) { return look_again(reader, references[i], cut); },
      budget, std::move(stop));
}

}  // namespace renvoi::answer
