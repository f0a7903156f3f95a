// The robots.txt of each origin, kept for at most 24 h (RFC 9309 section 2.4).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "crawl/robots.h"
#include "net/http_client.h"

namespace renvoi::crawl {

// What is known of an origin's rules. `error` when nobody could say: then nothing of it may be read for now.
struct OriginRules {
  Robots robots;
  int status = 0;  // HTTP, 0: no answer
  std::optional<Error> error;
};

// Thread-safe. `client` and `clock` must outlive it.
class RobotsCache {
 public:
  RobotsCache(net::HttpClient& client, const Clock& clock, std::string agent)
      : client_(client), clock_(clock), agent_(std::move(agent)) {}
  // Of `page`'s origin; fetched when it is not held or too old. 2xx: its rules. 4xx: all is allowed. 5xx, 429 and no
  // answer: `error`, asked again after 10 minutes.
  std::shared_ptr<const OriginRules> get(const net::Url& page, net::AddressPolicy addresses, std::stop_token stop);

 private:
  struct Entry {
    std::shared_ptr<const OriginRules> rules;
    Timestamp until = 0;
  };
  OriginRules ask(const net::Url& page, net::AddressPolicy addresses, std::stop_token stop);

  net::HttpClient& client_;
  const Clock& clock_;
  const std::string agent_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace renvoi::crawl
