// The robots.txt of each origin, kept for at most 24 h (RFC 9309 section 2.4).
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "crawl/rate.h"
#include "crawl/robots.h"
#include "net/http_client.h"

namespace renvoi::crawl {

// What is known of an origin's rules. `error` when nobody could say: then nothing of it may be read for now.
struct OriginRules {
  Robots robots;
  int status = 0;  // HTTP, 0: no answer
  std::optional<Error> error;
};

// Thread-safe. What it is given must outlive it.
class RobotsCache {
 public:
  // What it asks for counts in `rate`, and does not wait: a page waits for it.
  RobotsCache(net::HttpClient& client, const Clock& clock, std::string agent, Rate* rate = nullptr)
      : client_(client), clock_(clock), agent_(std::move(agent)), rate_(rate) {}
  // Of `page`'s origin; fetched when it is not held or too old. 2xx: its rules. 4xx: all is allowed. 5xx, 429 and no
  // answer: `error`, asked again after 10 minutes. Who asks while another one is being answered waits for that answer;
  // `unavailable` when `stop` came first.
  std::shared_ptr<const OriginRules> get(const net::Url& page, net::AddressPolicy addresses, std::stop_token stop);

 private:
  struct Entry {
    std::shared_ptr<const OriginRules> rules;
    Timestamp until = 0;
  };
  std::shared_ptr<const OriginRules> held(const std::string& origin) const;  // under mutex_
  OriginRules ask(const net::Url& page, net::AddressPolicy addresses, std::stop_token stop);

  net::HttpClient& client_;
  const Clock& clock_;
  const std::string agent_;
  Rate* const rate_;
  std::mutex mutex_;
  std::condition_variable_any answered_;
  std::set<std::string> asked_;  // origins that somebody is asking now
  std::map<std::string, Entry> entries_;
};

}  // namespace renvoi::crawl
