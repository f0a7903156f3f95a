#include "net/http_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "net/address_guard.h"
#include "net/http_session.h"

namespace renvoi::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds kStopLimit{5};
constexpr std::size_t kMaxRefusalsAtOnce = 64;  // beyond, a connection too many is closed without a word

Error listen_error(const HttpServer::Options& options, const boost::system::error_code& error) {
  const std::string where = options.address + " port " + std::to_string(options.port);
  if (error == asio::error::address_in_use)
    return {ErrorCode::conflict,
            where + " is already in use: stop the program that listens there, or choose another port"};
  if (error == asio::error::access_denied)
    return {ErrorCode::denied,
            where + " may not be listened on: choose a port from 1024 up, or grant CAP_NET_BIND_SERVICE"};
  if (error.value() == EADDRNOTAVAIL)
    return {ErrorCode::invalid,
            options.address + " is not an address of this machine: use 127.0.0.1, 0.0.0.0 or one of its own"};
  return {ErrorCode::unavailable, "cannot listen on " + where + ": " + error.message()};
}

}  // namespace

std::string ServerRequest::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

struct HttpServer::Impl {
  Impl(Options options, Handler handler)
      : pool(options.handler_threads, options.max_queued_requests), context{options, std::move(handler), pool} {}

  Result<void> listen();
  asio::awaitable<void> accept();
  asio::awaitable<void> hold(std::shared_ptr<HttpSession> session, bool refused);
  void stop();
  void gone(const std::shared_ptr<HttpSession>& session, bool refused);

  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::uint16_t port = 0;
  HandlerPool pool;
  ServerContext context;
  std::set<std::shared_ptr<HttpSession>> sessions;  // of the I/O thread, with the next
  std::size_t refusals = 0;
  std::mutex mutex;
  std::condition_variable all_gone;
  std::size_t open_count = 0;  // sessions.size(), for stop()
  std::thread thread;
};

Result<void> HttpServer::Impl::listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(context.options.address, error);
  if (error)
    return Error{ErrorCode::invalid,
                 "\"" + context.options.address + "\" is not an IP address to listen on, such as 127.0.0.1"};
  const tcp::endpoint endpoint(address, context.options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(context.options, error);
  port = acceptor.local_endpoint(error).port();
  return {};
}

asio::awaitable<void> HttpServer::Impl::hold(std::shared_ptr<HttpSession> session, bool refused) {
  try {
    if (refused)
      co_await session->refuse();
    else
      co_await session->run();
  } catch (const std::exception&) {  // out of memory: this connection ends, the others go on
    session->abort();
  }
  gone(session, refused);
}

void HttpServer::Impl::gone(const std::shared_ptr<HttpSession>& session, bool refused) {
  sessions.erase(session);
  if (refused) --refusals;
  const std::lock_guard lock(mutex);
  open_count = sessions.size();
  if (open_count == 0) all_gone.notify_all();
}

asio::awaitable<void> HttpServer::Impl::accept() {
  while (acceptor.is_open()) {
    boost::system::error_code error;
    tcp::socket socket(io);
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor.is_open() || context.stopping) co_return;
    if (error) {  // out of descriptors, most often: let some connections end
      asio::steady_timer pause(io, std::chrono::milliseconds(50));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const bool refused = sessions.size() - refusals >= context.options.max_connections;
    if (refused && refusals >= kMaxRefusalsAtOnce) continue;
    if (refused) ++refusals;
    auto session = std::make_shared<HttpSession>(std::move(socket), context);
    sessions.insert(session);
    {
      const std::lock_guard lock(mutex);
      open_count = sessions.size();
    }
    asio::co_spawn(io, hold(std::move(session), refused), asio::detached);
  }
}

void HttpServer::Impl::stop() {
  context.stopping = true;
  asio::post(io, [this] {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (const auto& session : sessions) session->wake();
  });
  {
    std::unique_lock lock(mutex);
    all_gone.wait_for(lock, kStopLimit, [this] { return open_count == 0; });
  }
  asio::post(io, [this] {
    for (const auto& session : sessions) session->abort();
  });
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handler handler) {
  try {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
    RENVOI_CHECK(impl->listen());
    asio::co_spawn(impl->io, impl->accept(), asio::detached);
    impl->thread = std::thread([&io = impl->io] { io.run(); });
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
  } catch (const std::exception& error) {  // no memory, no threads
    return Error{ErrorCode::exhausted, std::string("the server cannot start: ") + error.what()};
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->stop();
  // Handlers still running see cancelled(); what they use must not go before they do, so they are waited for.
  impl_->pool.join();
  impl_->io.stop();
  impl_->thread.join();
  impl_->sessions.clear();
}

std::uint16_t HttpServer::port() const { return impl_->port; }

WaitsElsewhere::WaitsElsewhere() { HandlerPool::begin_to_wait_elsewhere(); }
WaitsElsewhere::~WaitsElsewhere() { HandlerPool::end_to_wait_elsewhere(); }

std::uint32_t HttpServer::requests_running() const { return impl_->pool.running(); }

bool is_loopback(std::string_view ip_address) {
  const auto address = parse_ip(ip_address);
  if (!address) return false;
  if (address->is_v4) return address->bytes[12] == 127;
  return *address == *parse_ip("::1");
}

}  // namespace renvoi::net
