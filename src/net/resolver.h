// Names to addresses: a seam, so that a test can be the DNS server that lies.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address_guard.h"

namespace renvoi::net {

// Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // The addresses of a host name, best first, at least one. `host` is not an IP literal.
  // Errors: `not_found` when the name does not exist or has no address, `unavailable` when nobody could say in time.
  virtual Result<std::vector<IpAddress>> resolve(const std::string& host, std::chrono::milliseconds timeout_ms,
                                                 std::stop_token stop) = 0;
};

// c-ares with the system's configuration (resolv.conf, hosts file), read anew for each name.
std::shared_ptr<Resolver> make_system_resolver();

// Remembers what `below` answered for `keep_ms`, of at most 10,000 names; failures are asked again. For a crawl, whose
// every page would be a question otherwise. Who dials checks the addresses each time, remembered or not.
std::shared_ptr<Resolver> make_remembering_resolver(std::shared_ptr<Resolver> below, std::chrono::milliseconds keep_ms);

}  // namespace renvoi::net
