// One connection of the server: a coroutine on the server's only I/O thread.
#pragma once

#include <array>
#include <atomic>
#include <utility>  // boost/asio/awaitable.hpp of 1.74 forgets it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "net/exchange.h"
#include "net/handler_pool.h"
#include "net/http_server.h"

namespace renvoi::net {

// What the connections of a server share. Outlives them.
struct ServerContext {
  HttpServer::Options options;
  Handler handler;
  HandlerPool& pool;
  std::atomic<bool> stopping = false;
};

// All functions are of the I/O thread.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, ServerContext& context);
  // Serves requests until the connection ends.
  boost::asio::awaitable<void> run();
  // Answers 503 at once: the server has too many connections.
  boost::asio::awaitable<void> refuse();
  void wake();   // something has changed: the coroutine looks again
  void abort();  // close now

 private:
  using Time = std::chrono::steady_clock::time_point;
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> answer(ServerRequest request, Exchange::Options options);
  boost::asio::awaitable<bool> wait(Time deadline);
  boost::asio::awaitable<bool> write(std::string_view bytes);
  boost::asio::awaitable<void> refuse_with(int status, std::string_view message, bool head);
  boost::asio::awaitable<void> close_gently();
  void keep_reading();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer changed_;
  ServerContext& context_;
  std::string peer_;
  std::string inbox_;  // received, not yet parsed
  std::array<char, 16u << 10> piece_{};
  bool reading_ = false;  // one read is always under way, unless the inbox is full
  bool end_of_input_ = false;
  bool broken_ = false;    // nothing can be sent
  bool draining_ = false;  // what is received is thrown away
};

}  // namespace renvoi::net
