// The HTTP client: libcurl multi behind the address guard.
//
// Each request resolves its host once (c-ares), checks every address, and dials a checked address; redirects are
// followed here, not by curl, and each target is parsed, resolved and checked again. Proxy variables of the environment
// are ignored. Cookies are off. One connection at a time to a host. HTTP/2 where a server offers it over TLS (ALPN).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address_guard.h"
#include "net/resolver.h"
#include "net/url.h"

namespace renvoi::net {

struct FetchRequest {
  Url url;
  std::string method = "GET";        // GET, HEAD or POST
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // POST only
  AddressPolicy addresses = AddressPolicy::global_only;
  std::uint32_t max_redirects = 10;           // 0: a redirect is returned as it is
  std::uint64_t max_body_bytes = 100u << 20;  // after decompression
  std::chrono::milliseconds connect_timeout_ms{10'000};
  std::chrono::milliseconds total_timeout_ms{60'000};
  std::chrono::milliseconds stall_timeout_ms{20'000};  // no byte for so long
  // Called on the thread that called fetch(), with pieces of a 2xx body as they arrive, instead of collecting it.
  // Returning false stops the transfer; the response is then a value with what was known. May be slow: the peer waits.
  std::function<bool(std::string_view piece)> on_body;
};

struct Redirect {
  int status;        // 301, 302, 303, 307, 308
  std::string from;  // href
  std::string to;
};

struct FetchResponse {
  int status = 0;
  Url final_url;
  std::vector<Redirect> redirects;  // in order
  // Names in lower case; values of repeated headers joined by ", ".
  std::map<std::string, std::string> headers;
  std::string body;
  std::string address;                                           // the address that was dialled
  std::string http_version;                                      // "1.0", "1.1" or "2"
  std::string header(const std::string& lower_case_name) const;  // "" when absent
};

// Thread-safe. One per process is enough. A response of any status is a value; no response is an Error:
//   invalid      a redirect loop, a redirect to a scheme that is not http(s), malformed headers, wrong content coding
//   denied       the guard refused an address
//   not_found    the host name does not exist (NXDOMAIN)
//   exhausted    the body is larger than max_body_bytes
//   unavailable  DNS failure, refused, reset, TLS error, timeout; the message says which
// total_timeout_ms counts from the moment the host is free, and again for each redirect; the wait for a free host has
// the same limit. Headers that name a secret (Authorization, Cookie, ...) are not sent to the target of a redirect to
// another origin.
class HttpClient {
 public:
  struct Options {
    std::string user_agent = "renvoi/0.1 (+contact not set)";
    std::string ca_bundle{};                     // path of extra CA certificates (PEM); empty: the system's
    std::uint32_t max_connections = 32;          // in use
    std::uint32_t max_idle_connections = 256;    // kept open for the next request to their host, these included
    std::uint32_t max_connections_per_host = 1;  // raise it for an endpoint of one's own only
    std::shared_ptr<Resolver> resolver{};        // empty: the system's (c-ares), remembered for a minute
  };
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Waits for the whole answer. `stop` ends it early with `unavailable`.
  Result<FetchResponse> fetch(const FetchRequest& request, std::stop_token stop = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::net
