// One address, looked at once: http and https through net's guard, file from the file system.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/types.h"
#include "crawl/observation.h"
#include "net/http_client.h"

namespace renvoi::crawl {

struct FetcherOptions {
  std::uint64_t max_body_bytes = 64u << 20;
  std::uint32_t total_timeout_ms = 60'000;
  std::string robots_agent = "renvoi";  // product token matched in robots.txt
  // To all servers together, evenly spread; 0: no limit. What is urgent does not wait, and counts.
  std::uint32_t requests_per_minute = 0;
};

// Thread-safe: several hosts may be asked at once (look_ahead.h). Keeps robots.txt of each origin for at most 24 h, and
// waits between two requests to one host (policy.min_delay_ms or Crawl-delay, whichever is longer, at most 30 s).
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Conditional when `validators` are not empty (verify); unconditional otherwise (materialise). Never an exception or
  // an error: whatever happens is an Observation. `urgent` does not wait for the politeness delay (a person is waiting
  // for an answer), robots.txt and guard still hold.
  struct Request {
    std::string address;
    catalog::Validators validators;
    catalog::SourcePolicy policy;
    bool urgent = false;
    // Of a source of kind archive: the file that holds the document, and the locator that was its validator. Then
    // nothing is asked of any server (web_archive.h).
    std::string archive{};
    std::string locator{};
  };
  virtual Observation fetch(const Request& request, std::stop_token stop = {}) = 0;
  // When the host of `request` may be asked next, as far as is known now: fetch() would wait until then.
  virtual std::chrono::steady_clock::time_point turn(const Request& /*request*/) { return {}; }
  // The sitemaps that the robots.txt of `request`'s origin names, as written; none when it cannot be read.
  virtual std::vector<std::string> sitemaps(const Request& /*request*/, std::stop_token /*stop*/ = {}) { return {}; }
};

// How `reference` is read: from its server, or, when `source` is an archive, from that.
Fetcher::Request request_for(const catalog::Reference& reference, const catalog::Source& source);

// `client` and `clock` must outlive it.
std::unique_ptr<Fetcher> make_fetcher(net::HttpClient& client, const Clock& clock, FetcherOptions options = {});

}  // namespace renvoi::crawl
