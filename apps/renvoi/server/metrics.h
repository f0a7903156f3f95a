// Counters for Prometheus: requests by route and status, how long they took.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace renvoi::app {

// Thread-safe.
class Metrics {
 public:
  // `route` is the pattern ("/api/sources/{id}"), never the path: the number of series is bounded.
  void record(const std::string& route, const std::string& method, int status, double seconds);
  // The text exposition format, version 0.0.4.
  std::string text() const;

 private:
  static constexpr std::array<double, 10> kBounds_s{0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60};
  struct Histogram {
    std::array<std::uint64_t, kBounds_s.size()> buckets{};
    std::uint64_t count = 0;
    double sum_s = 0;
  };
  struct Key {
    std::string route, method;
    int status;
    auto operator<=>(const Key&) const = default;
  };
  mutable std::mutex mutex_;
  std::map<Key, std::uint64_t> requests_;
  std::map<std::string, Histogram> latencies_;
};

}  // namespace renvoi::app
