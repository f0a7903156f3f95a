#include "server/metrics.h"

#include <fmt/format.h>

namespace renvoi::app {

void Metrics::record(const std::string& route, const std::string& method, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, method, status}];
  Histogram& histogram = latencies_[route];
  for (std::size_t i = 0; i < kBounds_s.size(); ++i) histogram.buckets[i] += seconds <= kBounds_s[i] ? 1 : 0;
  ++histogram.count;
  histogram.sum_s += seconds;
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out =
      "# HELP renvoi_http_requests_total Requests answered.\n"
      "# TYPE renvoi_http_requests_total counter\n";
  for (const auto& [key, count] : requests_) {
    out += fmt::format("renvoi_http_requests_total{{route=\"{}\",method=\"{}\",status=\"{}\"}} {}\n", key.route,
                       key.method, key.status, count);
  }
  out +=
      "# HELP renvoi_http_request_seconds Time from the request to the end of its answer.\n"
      "# TYPE renvoi_http_request_seconds histogram\n";
  for (const auto& [route, histogram] : latencies_) {
    for (std::size_t i = 0; i < kBounds_s.size(); ++i) {
      out += fmt::format("renvoi_http_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", route, kBounds_s[i],
                         histogram.buckets[i]);
    }
    out += fmt::format("renvoi_http_request_seconds_bucket{{route=\"{}\",le=\"+Inf\"}} {}\n", route, histogram.count);
    out += fmt::format("renvoi_http_request_seconds_sum{{route=\"{}\"}} {}\n", route, histogram.sum_s);
    out += fmt::format("renvoi_http_request_seconds_count{{route=\"{}\"}} {}\n", route, histogram.count);
  }
  return out;
}

}  // namespace renvoi::app
