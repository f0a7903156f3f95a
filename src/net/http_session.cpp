#include "net/http_session.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/request_reader.h"

namespace renvoi::net {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxInboxBytes = 64u << 10;    // pipelined requests wait in the kernel beyond this
constexpr std::size_t kWritePieceBytes = 64u << 10;  // the write deadline is for each of these
constexpr std::size_t kMaxDrainedBytes = 1u << 20;   // of a refused request, before its connection is cut
constexpr std::chrono::milliseconds kDrainLimit_ms{2'000};
constexpr std::chrono::milliseconds kDrainLimitWhenStopping_ms{200};

// A handler's exceptions end here.
void run_handler(const Handler& handler, const ServerRequest& request, Exchange& exchange, bool stopping) noexcept {
  try {
    if (stopping)
      exchange.send(503, "text/plain; charset=utf-8", "the server is stopping\n", {{"Retry-After", "1"}});
    else
      handler(request, exchange);
  } catch (...) {  // handler_returned() answers 500
  }
  try {
    exchange.handler_returned();
  } catch (...) {
    exchange.peer_gone();
  }
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, ServerContext& context)
    : socket_(std::move(socket)), changed_(socket_.get_executor()), context_(context) {
  boost::system::error_code error;
  const auto peer = socket_.remote_endpoint(error);
  if (!error) peer_ = peer.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
}

void HttpSession::wake() { changed_.cancel(); }

void HttpSession::abort() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  broken_ = true;
  wake();
}

// Keeps one read under way, also while a handler works: that is how a peer that has gone is noticed.
void HttpSession::keep_reading() {
  if (reading_ || end_of_input_ || broken_ || inbox_.size() >= kMaxInboxBytes) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(piece_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                            self->reading_ = false;
                            if (error == asio::error::eof)
                              self->end_of_input_ = true;
                            else if (error)
                              self->broken_ = self->end_of_input_ = true;
                            else
                              self->inbox_.append(self->piece_.data(), self->draining_ ? 0 : count);
                            self->wake();
                          });
}

// Until something changes or the deadline has passed; then false. The caller checks its condition before and after:
// nothing runs between that check and this wait, there is one I/O thread.
asio::awaitable<bool> HttpSession::wait(Time deadline) {
  keep_reading();
  if (Steady::now() >= deadline) co_return false;
  changed_.expires_at(deadline);
  boost::system::error_code error;
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_return error == asio::error::operation_aborted || Steady::now() < deadline;
}

asio::awaitable<bool> HttpSession::write(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    const std::string_view piece = bytes.substr(0, kWritePieceBytes);
    bytes.remove_prefix(piece.size());
    asio::steady_timer limit(socket_.get_executor(), context_.options.write_timeout_ms);
    limit.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->abort();
    });
    boost::system::error_code error;
    co_await asio::async_write(socket_, asio::buffer(piece.data(), piece.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    limit.cancel();
    if (error) broken_ = true;
  }
  co_return !broken_;
}

// Closing a socket with unread input resets the connection, and the peer may lose the answer: read for a moment.
asio::awaitable<void> HttpSession::close_gently() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  draining_ = true;
  inbox_.clear();
  const Time deadline = Steady::now() + (context_.stopping ? kDrainLimitWhenStopping_ms : kDrainLimit_ms);
  for (std::size_t rounds = 0; rounds < kMaxDrainedBytes / piece_.size() && !end_of_input_ && !broken_; ++rounds) {
    const bool in_time = co_await wait(deadline);
    if (!in_time) break;
  }
  abort();
}

asio::awaitable<void> HttpSession::refuse_with(int status, std::string_view message, bool head) {
  const std::string response = refusal_response(status, message, head);
  co_await write(response);
}

asio::awaitable<void> HttpSession::refuse() {
  co_await refuse_with(503, "too many connections: try again in a moment", false);
  co_await close_gently();
}

asio::awaitable<void> HttpSession::run() {
  for (bool more = true; more;) more = co_await serve_one();
  co_await close_gently();
}

// True when another request may follow.
//
// Here and elsewhere the result of co_await is named before it decides anything: GCC 12 makes code that traps of
// "while (co_await f()) {}".
asio::awaitable<bool> HttpSession::serve_one() {
  const HttpServer::Options& options = context_.options;
  const Time idle_deadline = Steady::now() + options.idle_timeout_ms;
  while (inbox_.empty()) {
    if (end_of_input_ || broken_ || context_.stopping) co_return false;
    const bool in_time = co_await wait(idle_deadline);
    if (!in_time) co_return false;
  }
  RequestReader reader({options.max_header_bytes, options.max_body_bytes});
  const Time deadline = Steady::now() + options.read_timeout_ms;
  bool in_time = true;
  for (;;) {
    inbox_.erase(0, reader.feed(inbox_));
    if (reader.done() || reader.refusal()) break;
    if (!in_time) {
      co_await refuse_with(408, "the request did not arrive in time", false);
      co_return false;
    }
    if (end_of_input_ || broken_) co_return false;
    if (reader.take_expects_continue()) co_await write("HTTP/1.1 100 Continue\r\n\r\n");
    in_time = co_await wait(deadline);
  }
  if (reader.refusal()) {
    co_await refuse_with(reader.refusal()->status, reader.refusal()->message, reader.request().method == "HEAD");
    co_return false;
  }
  const Exchange::Options how{
      .head = reader.request().method == "HEAD", .http_1_0 = reader.is_http_1_0(), .keep_alive = reader.keep_alive()};
  const bool more = co_await answer(std::move(reader.request()), how);
  co_return more;
}

asio::awaitable<bool> HttpSession::answer(ServerRequest request, Exchange::Options how) {
  request.peer_address = peer_;
  // The handler's thread may outlive this connection, so it holds what it touches; wake() itself is of the I/O thread.
  const auto notify = [self = shared_from_this()] {
    asio::post(self->socket_.get_executor(), [self] { self->wake(); });
  };
  const auto exchange = std::make_shared<Exchange>(how, context_.stopping, notify);
  const bool accepted = context_.pool.submit([&context = context_, exchange, request = std::move(request)] {
    run_handler(context.handler, request, *exchange, context.stopping);
  });
  if (!accepted) {
    co_await refuse_with(503, "too many requests: try again in a moment", how.head);
    co_return false;
  }
  while (!exchange->finished()) {
    if (broken_) {
      exchange->peer_gone();
      break;
    }
    if (end_of_input_) exchange->peer_half_closed();
    const std::string bytes = exchange->take();
    if (!bytes.empty())
      co_await write(bytes);
    else if (!exchange->finished())
      co_await wait(Steady::now() + std::chrono::hours(1));  // the handler decides how long it takes
  }
  co_return !exchange->must_close() && !broken_;
}

}  // namespace renvoi::net
