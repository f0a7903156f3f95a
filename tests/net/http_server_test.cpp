#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <random>

#include "net/request_reader.h"
#include "raw_socket.h"

namespace renvoi::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::unique_ptr<HttpServer> serve(Handler handler, HttpServer::Options options = {}) {
  options.port = 0;
  auto server = HttpServer::start(options, std::move(handler));
  EXPECT_TRUE(server) << server.error().describe();
  return std::move(server).value();
}

void echo(const ServerRequest& request, ResponseWriter& response) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += "|" + name + "=" + value;
  response.send(200, "text/plain", text + "|" + request.body);
}

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

std::string exchange(std::uint16_t port, std::string_view request) {
  RawClient client(port);
  client.send(request);
  shutdown(client.socket(), SHUT_WR);
  return client.all();
}

// Waits for something that must come; the deadline only bounds a failure.
bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

TEST(HttpServer, AnswersAWholeRequest) {
  const auto server = serve(echo);
  RawClient client(server->port());
  client.send(
      "POST /a%20b?x=1&y=l%27eau+vive HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  const std::string answer = client.all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nServer: renvoi\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nPOST /a b|x=1|y=l'eau vive|hello")) << answer;
}

TEST(HttpServer, ReadsChunkedBodiesByteByByte) {
  const auto server = serve(echo);
  RawClient client(server->port());
  for (const char c :
       std::string_view("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                        "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_TRUE(client.all().ends_with("POST /|abc0123456789"));
}

TEST(HttpServer, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  const auto server = serve(echo);
  RawClient client(server->port());
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/" + std::to_string(i));
  client.send(requests);
  const std::string answers = client.until("GET /49|");
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = answers.find("GET /" + std::to_string(i) + "|", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  client.send(get("/again"));
  EXPECT_THAT(client.until("GET /again|"), HasSubstr("GET /again|"));
}

TEST(HttpServer, SendsNoBodyForHead) {
  const auto server = serve(echo);
  const std::string answer = exchange(server->port(), "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, StreamsInChunksAndGoesOn) {
  const auto server = serve([](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "text/event-stream", {{"Cache-Control", "no-store"}});
    for (const char* piece : {"one", "", "two"}) EXPECT_TRUE(response.write(piece));
    response.end();
  });
  RawClient client(server->port());
  client.send(get("/") + get("/"));
  const std::string answer = client.until("0\r\n\r\n", 2);
  EXPECT_THAT(answer, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK"));
}

TEST(HttpServer, SpeaksToHttp10WithoutChunks) {
  const auto server = serve([](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "text/plain");
    response.write("one");
    response.write("two");
    response.end();
  });
  RawClient client(server->port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string answer = client.all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nonetwo")) << answer;
}

TEST(HttpServer, AnswersForAHandlerThatThrowsOrForgets) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    if (request.path == "/throw") throw std::runtime_error("secret detail");
    if (request.path == "/half") {
      response.begin(200, "text/plain");
      response.write("half");
      throw 1;
    }
  });
  for (const char* path : {"/throw", "/forget"}) {
    RawClient client(server->port());
    client.send(get(path));
    const std::string answer = client.until("error\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 ")) << path;
    EXPECT_THAT(answer, Not(HasSubstr("secret")));
  }
  RawClient client(server->port());
  client.send(get("/half"));
  EXPECT_TRUE(client.all().ends_with("4\r\nhalf\r\n"));  // no last chunk: a client sees that it is cut short
}

TEST(HttpServer, DoesNotLetAHeaderValueWriteHeaders) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    response.send(302, "text/plain", "", {{"Location", request.query.at("to")}, {"Bad Name", "x"}});
  });
  RawClient client(server->port());
  client.send(get("/?to=x%0d%0aSet-Cookie:%20a=b"));
  const std::string answer = client.until("\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 302 "));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(answer, Not(HasSubstr("Bad Name")));
}

// Every one of these has been a way to smuggle a request, or to name a file that was not meant.
TEST(HttpServer, RefusesMalformedRequests) {
  std::atomic<int> handled = 0;
  const auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    ++handled;
    response.send(200, "text/plain", "");
  });
  const std::pair<int, std::string> cases[] = {
      {400, "\r\n\r\n\r\nx\r\n\r\n"},
      {400, "nonsense\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {505, "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n"},
      {400, "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3,3\r\n\r\nabc"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc"},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc"},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"},
      {417, "POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\nx"},
      {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [status, request] : cases) {
    const std::string answer = exchange(server->port(), request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " ")) << request;
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n")) << request;
    EXPECT_EQ(answer.find("HTTP/1.1 ", 5), std::string::npos) << "a second answer to " << request;
  }
  EXPECT_EQ(handled, 0);
}

TEST(HttpServer, SurvivesRandomBytes) {
  const auto server = serve(echo);
  std::mt19937_64 random(17);
  const std::string seed = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int round = 0; round < 300; ++round) {
    std::string bytes = seed;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    exchange(server->port(), bytes.substr(0, 1 + random() % bytes.size()));
  }
  EXPECT_THAT(exchange(server->port(), get("/alive")), HasSubstr("GET /alive"));
}

TEST(HttpServer, LimitsHeaderAndBody) {
  HttpServer::Options options;
  options.max_header_bytes = 1'000;
  options.max_body_bytes = 100;
  const auto server = serve(echo, options);
  EXPECT_THAT(exchange(server->port(), "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange(server->port(), "GET /" + std::string(300'000, 'x')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange(server->port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange(server->port(),
                       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'x')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange(server->port(), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                                           std::string(101, 'x')),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      exchange(server->port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x')),
      StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, SaysContinueBeforeTheBodyAndNotForOneThatIsTooLarge) {
  HttpServer::Options options;
  options.max_body_bytes = 10;
  const auto server = serve(echo, options);
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_THAT(client.until("|abc"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(
      exchange(server->port(), "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServer, GivesUpOnARequestThatTrickles) {
  HttpServer::Options options;
  options.read_timeout_ms = 300ms;
  const auto server = serve(echo, options);
  for (const char* begun :
       {"GET / HTTP/1.1\r\nX: y\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\nabc"}) {
    RawClient client(server->port());
    client.send(begun);
    std::string answer;
    while (answer.empty() && client.send("a"))
      answer = receive_some(client.socket(), 20);  // a byte now and then buys no time
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 ")) << begun;
  }
}

TEST(HttpServer, ClosesAConnectionThatIsIdle) {
  HttpServer::Options options;
  options.idle_timeout_ms = 200ms;
  const auto server = serve(echo, options);
  RawClient silent(server->port());
  EXPECT_EQ(silent.all(), "");
  RawClient once(server->port());
  once.send(get("/x"));
  EXPECT_TRUE(once.all().ends_with("GET /x|"));
}

// A handler that waits until it is let go.
struct Door {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int waiting = 0;
  void wait() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait_for(lock, 20s, [this] { return open; });
  }
  bool somebody_waits(int count = 1) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, [&] { return waiting >= count; });
  }
  void let_go() {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
};

TEST(HttpServer, RefusesRequestsBeyondItsQueue) {
  Door door;
  HttpServer::Options options;
  options.handler_threads = 1;
  options.max_queued_requests = 1;
  const auto server = serve(
      [&](const ServerRequest& request, ResponseWriter& response) {
        door.wait();
        response.send(200, "text/plain", request.path);
      },
      options);
  RawClient first(server->port());
  first.send(get("/first"));
  ASSERT_TRUE(door.somebody_waits());
  EXPECT_EQ(server->requests_running(), 1u);
  RawClient clients[3] = {RawClient(server->port()), RawClient(server->port()), RawClient(server->port())};
  for (RawClient& client : clients) client.send(get("/more"));
  // One of the three is queued; the other two are refused at once.
  int refused = 0;
  pollfd polled[3] = {
      {clients[0].socket(), POLLIN, 0}, {clients[1].socket(), POLLIN, 0}, {clients[2].socket(), POLLIN, 0}};
  ASSERT_TRUE(eventually([&] {
    poll(polled, 3, 10);
    return (polled[0].revents != 0) + (polled[1].revents != 0) + (polled[2].revents != 0) == 2;
  }));
  door.let_go();
  for (RawClient& client : clients) {
    const std::string answer = client.until("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 503 ")) continue;
    ++refused;
    EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  }
  EXPECT_EQ(refused, 2);
  EXPECT_THAT(first.until("/first"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, RefusesConnectionsBeyondItsLimitAndRecovers) {
  HttpServer::Options options;
  options.max_connections = 2;
  const auto server = serve(echo, options);
  auto first = std::make_unique<RawClient>(server->port());
  RawClient second(server->port());
  first->send(get("/1"));
  second.send(get("/2"));
  first->until("GET /1");
  second.until("GET /2");
  {
    RawClient third(server->port());
    const std::string answer = third.until("\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 1\r\n"));
  }
  first.reset();
  EXPECT_TRUE(eventually([&] { return exchange(server->port(), get("/3")).find("GET /3") != std::string::npos; }));
}

TEST(HttpServer, TellsAHandlerThatThePeerHasGone) {
  std::promise<bool> noticed;
  const auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "text/plain");
    response.write("first");
    noticed.set_value(eventually([&] { return response.cancelled(); }) && !response.write("more"));
  });
  RawClient client(server->port());
  client.send(get("/"));
  client.until("first");
  client.close_now();
  EXPECT_TRUE(noticed.get_future().get());
}

TEST(HttpServer, MakesAFastHandlerWaitForASlowReader) {
  std::atomic<std::uint64_t> written = 0;
  constexpr std::uint64_t kTotal = 64u << 20;
  const auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "application/octet-stream");
    const std::string piece(64u << 10, 'x');
    while (written < kTotal && response.write(piece)) written += piece.size();
    response.end();
  });
  RawClient client(server->port());
  client.send(get("/"));
  client.until("\r\n\r\n");
  // The reader reads no more, and the writer stops far from its end: what the kernel and the queue hold is all it got
  // rid of.
  std::uint64_t before = 1;
  ASSERT_TRUE(eventually([&] {
    const bool still = before == written;
    before = written;
    std::this_thread::sleep_for(200ms);
    return still;
  }));
  EXPECT_LT(written, kTotal);
  std::string tail;
  while (!tail.ends_with("\r\n0\r\n\r\n")) {
    const std::string piece = receive_some(client.socket());
    ASSERT_NE(piece, "");
    tail = (tail + piece).substr(tail.size() + piece.size() - std::min<std::size_t>(tail.size() + piece.size(), 100));
  }
  EXPECT_EQ(written, kTotal);
}

TEST(HttpServer, GivesUpOnAReaderThatNeverReads) {
  HttpServer::Options options;
  options.write_timeout_ms = 300ms;
  std::promise<bool> ended;
  const auto server = serve(
      [&](const ServerRequest&, ResponseWriter& response) {
        response.begin(200, "application/octet-stream");
        const std::string piece(64u << 10, 'x');
        std::uint64_t written = 0;
        while (written < (1u << 30) && response.write(piece)) written += piece.size();
        ended.set_value(written < (1u << 30) && response.cancelled());
      },
      options);
  RawClient client(server->port());
  client.send(get("/"));
  EXPECT_TRUE(ended.get_future().get());
}

TEST(HttpServer, StopsWhileAHandlerRunsAndLetsItAnswer) {
  std::latch started(1);
  auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    started.count_down();
    const bool told = eventually([&] { return response.cancelled(); });
    response.send(200, "text/plain", told ? "told to stop" : "not told");
  });
  const std::uint16_t port = server->port();
  RawClient client(port);
  client.send(get("/"));
  RawClient idle(port);
  started.wait();
  server.reset();
  EXPECT_TRUE(client.all().ends_with("told to stop"));
  EXPECT_EQ(idle.all(), "");
  EXPECT_EQ(connect_to(port), -1);
}

TEST(HttpServer, SaysWhatToDoWhenItCannotListen) {
  const auto server = serve(echo);
  HttpServer::Options options;
  options.port = server->port();
  const auto second = HttpServer::start(options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(server->port())));
  EXPECT_THAT(second.error().message, HasSubstr("choose another port"));
  options.port = 0;
  for (const char* bad : {"", "localhost", "300.1.1.1", "203.0.113.9"}) {
    options.address = bad;
    const auto refused = HttpServer::start(options, echo);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid) << bad << refused.error().describe();
  }
}

TEST(HttpServer, ManyClientsAtOnceGetTheirOwnAnswers) {
  const auto server = serve(echo);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      RawClient client(server->port());
      for (int i = 0; i < 100; ++i) {
        const std::string path = "/" + std::to_string(t) + "-" + std::to_string(i);
        client.send(get(path));
        if (client.until("|").ends_with("GET " + path + "|")) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
}

TEST(IsLoopback, KnowsBothFamilies) {
  for (const char* yes : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) EXPECT_TRUE(is_loopback(yes)) << yes;
  for (const char* no : {"", "localhost", "0.0.0.0", "::", "128.0.0.1", "192.168.0.1"})
    EXPECT_FALSE(is_loopback(no)) << no;
}

}  // namespace
}  // namespace renvoi::net
