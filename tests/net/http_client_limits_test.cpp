// What has a deadline, and what is never sent or kept.
#include <zstd.h>

#include "http_client_support.h"

namespace renvoi::net {
namespace {

// Answers nobody: it listens, and its queue of connections is full.
class FullServer {
 public:
  FullServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_, 0), 0);
    socklen_t size = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    for (int i = 0; i < 8; ++i) {
      waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      (void)connect(waiting_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~FullServer() {
    for (const int waiting : waiting_) close(waiting);
    close(socket_);
  }
  FullServer(const FullServer&) = delete;
  FullServer& operator=(const FullServer&) = delete;
  std::uint16_t port = 0;

 private:
  int socket_;
  std::vector<int> waiting_;
};

// Says nothing until its time is over, and notes how long that is.
class SilentResolver final : public Resolver {
 public:
  Result<std::vector<IpAddress>> resolve(const std::string& host, std::chrono::milliseconds timeout_ms,
                                         std::stop_token stop) override {
    limit_ms = timeout_ms;
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, timeout_ms, [] { return false; });
    return Error{ErrorCode::unavailable, "DNS gave no answer in time for " + host};
  }
  std::atomic<std::chrono::milliseconds> limit_ms{};
};

void expect_timeout(HttpClient& client, const FetchRequest& request, const std::string& part) {
  const auto response = client.fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable) << describe(response);
  EXPECT_THAT(response.error().message, HasSubstr(part));
}

TEST(HttpClient, EveryPhaseHasADeadline) {
  const auto resolver = std::make_shared<SilentResolver>();
  HttpClient client({.resolver = resolver});
  FetchRequest request = to("http://silent.test/");  // the name
  request.connect_timeout_ms = 150ms;
  expect_timeout(client, request, "DNS gave no answer");
  EXPECT_EQ(resolver->limit_ms.load(), 150ms);

  const FullServer full;  // the connection
  request = to("http://127.0.0.1:" + std::to_string(full.port) + "/");
  request.connect_timeout_ms = 150ms;
  expect_timeout(client, request, "timeout");

  ScriptedServer mute([](int socket, int) { receive_all(socket); });  // the TLS handshake
  request = to("https://127.0.0.1:" + std::to_string(mute.port()) + "/");
  request.connect_timeout_ms = 150ms;
  expect_timeout(client, request, "timeout");

  request = to("http://127.0.0.1:" + std::to_string(mute.port()) + "/");  // the first byte of the answer
  request.stall_timeout_ms = 150ms;
  expect_timeout(client, request, "sent nothing for 150 ms");

  std::promise<void> begun;  // the turn of the host, which another request has
  ScriptedServer busy([&](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    begun.set_value();
    receive_all(socket);
  });
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] { return client.fetch(to(busy.url()), stop.get_token()); });
  begun.get_future().wait();
  request = to(busy.url());
  request.total_timeout_ms = 150ms;
  expect_timeout(client, request, "did not end in time");
  stop.request_stop();
  EXPECT_FALSE(first.get());
}

// What is remembered is checked like what is asked; what failed is asked again; and nothing is remembered for ever.
TEST(Resolver, RemembersNamesForAWhile) {
  const auto names = std::make_shared<ScriptedResolver>(std::map<std::string, ScriptedResolver::Answers>{
      {"a.test", {{"127.0.0.1"}, {"224.0.0.1"}}}, {"private.test", {{"10.0.0.1"}}}});
  const auto resolver = make_remembering_resolver(names, 1h);
  ScriptedServer server(always(ok("right")));
  HttpClient client({.resolver = resolver});
  FetchRequest request = to("http://a.test:" + std::to_string(server.port()) + "/");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.fetch(request));
  EXPECT_THAT(names->asked, ElementsAre("a.test"));
  request.addresses = AddressPolicy::global_only;
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::denied);
  EXPECT_THAT(names->asked, ElementsAre("a.test"));
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(resolver->resolve("missing.test", 1s, {}));
  EXPECT_THAT(names->asked, ElementsAre("a.test", "missing.test", "missing.test"));
  const auto forgetful = make_remembering_resolver(names, 0ms);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(forgetful->resolve("private.test", 1s, {}));
  EXPECT_EQ(names->asked.size(), 5u);
}

TEST(HttpClient, KeepsNoCookies) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    if (request.path == "/go") return response.send(302, "text/plain", "", {{"Set-Cookie", "b=2"}, {"Location", "/"}});
    response.send(200, "text/plain", request.header("cookie"), {{"Set-Cookie", "a=1; Path=/"}});
  });
  HttpClient client({});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.fetch(to(url_of(*server, "/")))->body, "");
    EXPECT_EQ(client.fetch(to(url_of(*server, "/go")))->body, "");
  }
}

// Every coding that is asked for has the same limit on what it expands to.
TEST(HttpClient, CapsWhatZstandardExpandsTo) {
  const std::string zeros(10u << 20, '\0');
  std::string bomb(ZSTD_compressBound(zeros.size()), '\0');
  bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), zeros.data(), zeros.size(), 3));
  ASSERT_LT(bomb.size(), 10'000u);
  std::promise<std::string> asked;
  ScriptedServer server([&](int socket, int connection) {
    const std::string head = receive_until(socket, "\r\n\r\n");
    if (connection == 0) asked.set_value(head);
    send_all(socket, ok(bomb, "Content-Encoding: zstd\r\nConnection: close\r\n"));
    shutdown(socket, SHUT_WR);
    receive_all(socket);
  });
  HttpClient client({});
  FetchRequest request = to(server.url());
  request.max_body_bytes = zeros.size() - 1;
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::exhausted);
  EXPECT_THAT(asked.get_future().get(), HasSubstr("zstd"));
  request.max_body_bytes = zeros.size();
  EXPECT_EQ(client.fetch(request)->body, zeros);
}

TEST(HttpClient, SaysWhichVersionWasSpoken) {
  ScriptedServer old(always("HTTP/1.0 200 OK\r\n\r\nold"));
  ScriptedServer plain(always(ok("plain")));
  HttpClient client({});
  EXPECT_EQ(client.fetch(to(old.url()))->http_version, "1.0");
  EXPECT_EQ(client.fetch(to(plain.url()))->http_version, "1.1");
}

}  // namespace
}  // namespace renvoi::net
