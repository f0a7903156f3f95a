#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace renvoi::app {

void Metrics::record(const std::string& route, const std::string& method, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, method, status}];
  Histogram& histogram = latencies_[route];
  for (std::size_t i = 0; i < kBounds_s.size(); ++i) histogram.buckets[i] += seconds <= kBounds_s[i] ? 1 : 0;
  ++histogram.count;
  histogram.sum_s += seconds;
  Recent& recent = recent_[{route, method}];
  if (recent.seconds.size() < kRecent) {
    recent.seconds.push_back(static_cast<float>(seconds));
  } else {
    recent.seconds[recent.next] = static_cast<float>(seconds);
    recent.next = (recent.next + 1) % kRecent;
  }
}

std::vector<Metrics::RouteFigures> Metrics::routes() const {
  std::vector<RouteFigures> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, recent] : recent_) {
    RouteFigures figures{name.first, name.second};
    for (const auto& [key, count] : requests_) {
      if (key.route != name.first || key.method != name.second) continue;
      figures.requests += count;
      if (key.status >= 400 && key.status < 500) figures.client_errors += count;
      if (key.status >= 500) figures.server_errors += count;
    }
    std::vector<float> sorted = recent.seconds;
    std::sort(sorted.begin(), sorted.end());
    // Nearest rank: the smallest that `share` of them do not exceed.
    const auto percentile = [&](double share) {
      const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
      return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
    };
    figures.p50_s = percentile(0.5);
    figures.p95_s = percentile(0.95);
    figures.p99_s = percentile(0.99);
    all.push_back(std::move(figures));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.requests > b.requests; });
  return all;
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
