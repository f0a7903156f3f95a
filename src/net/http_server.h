// The HTTP server: Boost.Beast on coroutines for the sockets, a pool of threads for the handlers.
//
// HTTP/1.1 with keep-alive. Every wait has a deadline and every size a limit; a request beyond a limit is answered with
// 408, 413, 431 or 503 and its connection closed. Handlers are plain functions and may block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace renvoi::net {

struct ServerRequest {
  std::string method;                          // "GET"
  std::string path;                            // percent-decoded, without the query, "/api/search"
  std::map<std::string, std::string> query;    // percent-decoded; the last of repeated names
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string peer_address;                                      // "127.0.0.1"
  std::string header(const std::string& lower_case_name) const;  // "" when absent
};

// The answer of one request: either send() once, or begin(), write() any number of times, end(). Not thread-safe.
class ResponseWriter {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  virtual ~ResponseWriter() = default;
  virtual void send(int status, std::string_view content_type, std::string body, Headers headers = {}) = 0;
  // Chunked. write() returns false when the peer has gone: stop working then.
  virtual void begin(int status, std::string_view content_type, Headers headers = {}) = 0;
  virtual bool write(std::string_view piece) = 0;
  virtual void end() = 0;
  // True once the peer has gone or the server is stopping.
  virtual bool cancelled() const = 0;
};

// A handler that returns without having answered, or throws, gives the client a 500.
using Handler = std::function<void(const ServerRequest&, ResponseWriter&)>;

class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";        // an IP address
    std::uint16_t port = 8080;                // 0: any free one
    std::uint32_t handler_threads = 8;        // requests worked on at once; those that wait elsewhere do not count
    std::uint32_t max_queued_requests = 512;  // beyond: 503 with Retry-After: 1
    std::uint32_t max_connections = 512;
    std::uint64_t max_body_bytes = 16u << 20;
    std::uint32_t max_header_bytes = 32u << 10;
    std::chrono::milliseconds read_timeout_ms{30'000};   // a whole request, from its first byte
    std::chrono::milliseconds idle_timeout_ms{60'000};   // between requests
    std::chrono::milliseconds write_timeout_ms{30'000};  // per write
  };
  // Listens and serves on threads of its own. Errors: `conflict` when the port is in use, `denied` when the port may
  // not be bound, `invalid` for a bad address; the message says what to do.
  static Result<std::unique_ptr<HttpServer>> start(Options options, Handler handler);
  // Stops accepting, lets running handlers finish for at most 5 s (cancelled() is true for them), closes.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  std::uint16_t port() const;
  std::uint32_t requests_running() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// While it lives, the handler on this thread waits for something that takes none of this machine's processor: another
// request is worked on in its place. Nothing where the thread is no handler's.
class WaitsElsewhere {
 public:
  WaitsElsewhere();
  ~WaitsElsewhere();
  WaitsElsewhere(const WaitsElsewhere&) = delete;
  WaitsElsewhere& operator=(const WaitsElsewhere&) = delete;
};

bool is_loopback(std::string_view ip_address);

}  // namespace renvoi::net
