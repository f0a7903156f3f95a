// Counters for Prometheus: requests by route and status, how long they took.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace renvoi::app {

// Thread-safe.
class Metrics {
 public:
  // `route` is the pattern ("/api/sources/{id}"), never the path: the number of series is bounded.
  void record(const std::string& route, const std::string& method, int status, double seconds);
  // The text exposition format, version 0.0.4.
  std::string text() const;

  // Of one route and method since the start; the percentiles are of its last 512 requests.
  struct RouteFigures {
    std::string route, method;
    std::uint64_t requests = 0, client_errors = 0, server_errors = 0;
    double p50_s = 0, p95_s = 0, p99_s = 0;
  };
  std::vector<RouteFigures> routes() const;  // most requests first

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
  static constexpr std::size_t kRecent = 512;
  struct Recent {
    std::vector<float> seconds;  // at most kRecent
    std::size_t next = 0;        // the oldest, once there are so many
  };
  std::map<std::pair<std::string, std::string>, Recent> recent_;  // by route and method
};

}  // namespace renvoi::app
