// Bytes of a connection to one HTTP/1.1 request, or to the status with which it is refused. No sockets here.
//
// Two readers of the same bytes that disagree on where a request ends let one smuggle requests past the other (RFC 9112
// section 11.2), so whatever is ambiguous is refused: Content-Length with Transfer-Encoding, either of them twice,
// codings other than chunked, a missing or repeated Host, a target that is not a plain path.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_server.h"

namespace renvoi::net {

struct RequestLimits {
  std::uint32_t max_header_bytes = 32u << 10;
  std::uint64_t max_body_bytes = 16u << 20;
};

// The status to answer with (400, 413, 417, 431, 501, 505) and what to tell the client.
struct Refusal {
  int status;
  std::string message;
};

// Reads one request. Not thread-safe.
class RequestReader {
 public:
  explicit RequestReader(RequestLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Takes what it can from the front of `bytes` and returns how many bytes that was; the rest is to be offered again,
  // with more behind it, unless done() or refusal().
  std::size_t feed(std::string_view bytes);
  bool done() const { return done_; }
  const std::optional<Refusal>& refusal() const { return refusal_; }
  // True once, when the client waits for "100 Continue" before it sends the body.
  bool take_expects_continue();

  // When done().
  ServerRequest& request() { return request_; }
  bool keep_alive() const { return keep_alive_; }
  bool is_http_1_0() const { return http_1_0_; }

 private:
  struct Parser;
  void header_arrived();
  void finish();

  std::unique_ptr<Parser> parser_;
  ServerRequest request_;
  std::optional<Refusal> refusal_;
  std::size_t header_bytes_ = 0;
  bool header_done_ = false;
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool done_ = false;
};

// The path and the query of a request target ("/a%20b?c=d") into `request`. False when it is refused: not a plain
// absolute path, malformed encoding, dot segments, encoded slashes, control characters, not UTF-8.
bool parse_request_target(std::string_view target, ServerRequest& request);

}  // namespace renvoi::net
