#include "http_client_support.h"

namespace renvoi::net {
namespace {

TEST(HttpClient, HandsOverAStreamAsItArrives) {
  std::promise<void> seen;
  const auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "text/event-stream");
    response.write("data: one\n\n");
    seen.get_future().wait_for(20s);  // the second event is only made when the first has been read
    response.write("data: two\n\n");
    response.end();
  });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/"));
  std::string all;
  const auto caller = std::this_thread::get_id();
  request.on_body = [&](std::string_view piece) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    if (all.empty()) seen.set_value();
    all += piece;
    return true;
  };
  const auto response = client.fetch(request);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(all, "data: one\n\ndata: two\n\n");
  EXPECT_EQ(response->body, "");
}

TEST(HttpClient, LetsAStreamsReaderBeSlowAndLosesNothing) {
  const std::string zeros = gzip_of_zeros(10);
  for (const bool compressed : {false, true}) {
    ScriptedServer server(
        always(compressed ? ok(zeros, "Content-Encoding: gzip\r\n") : ok(std::string(10u << 20, '\0'))));
    HttpClient client({});
    FetchRequest request = to(server.url());
    request.stall_timeout_ms = 300ms;  // it is the reader that is slow: no stall
    std::size_t received = 0;
    bool slept = false;
    request.on_body = [&](std::string_view piece) {
      if (!slept) std::this_thread::sleep_for(700ms);
      slept = true;
      received += piece.size();
      return true;
    };
    const auto response = client.fetch(request);
    ASSERT_TRUE(response) << describe(response);
    EXPECT_EQ(received, 10u << 20);
  }
}

TEST(HttpClient, StopsAStreamWhenItsReaderHasEnough) {
  std::promise<void> told;
  const auto server = serve([&](const ServerRequest&, ResponseWriter& response) {
    response.begin(200, "text/plain");
    while (response.write(std::string(1'000, 'x'))) {
    }
    told.set_value();
  });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/"));
  int calls = 0;
  request.on_body = [&](std::string_view) { return ++calls < 3; };
  const auto response = client.fetch(request);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(told.get_future().wait_for(20s), std::future_status::ready);
  request.on_body = [](std::string_view) -> bool { throw std::runtime_error("the reader's own trouble"); };
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::internal);
}

TEST(HttpClient, CollectsTheBodyOfAnErrorEvenWhenStreaming) {
  const auto server = serve(
      [](const ServerRequest&, ResponseWriter& response) { response.send(400, "application/json", "{\"error\":1}"); });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/"));
  request.on_body = [](std::string_view) -> bool {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(client.fetch(request)->body, "{\"error\":1}");
}

TEST(HttpClient, StopsWhenAsked) {
  std::promise<void> begun;
  ScriptedServer server([&](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    begun.set_value();
    receive_all(socket);
  });
  HttpClient client({});
  std::stop_source stop;
  auto answer = std::async(std::launch::async, [&] { return client.fetch(to(server.url()), stop.get_token()); });
  begun.get_future().wait();
  stop.request_stop();
  const auto response = answer.get();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("stopped"));
  EXPECT_EQ(client.fetch(to(server.url()), stop.get_token()).error().code, ErrorCode::unavailable);
}

TEST(HttpClient, TalksToOneHostOnceAtATimeAndToSeveralAtOnce) {
  std::atomic<int> running[2] = {0, 0};
  std::atomic<int> most[2] = {0, 0};
  std::promise<void> together;
  std::atomic<bool> both = false;
  const auto handler = [&](int which) {
    return [&, which](const ServerRequest&, ResponseWriter& response) {
      const int now = ++running[which];
      most[which] = std::max(most[which].load(), now);
      if (running[1 - which] > 0 && !both.exchange(true)) together.set_value();
      std::this_thread::sleep_for(10ms);
      --running[which];
      response.send(200, "text/plain", "");
    };
  };
  const auto first = serve(handler(0));
  const auto second = serve(handler(1));
  HttpClient client({});
  std::vector<std::thread> threads;
  std::atomic<int> done = 0;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) done += client.fetch(to(url_of(t % 2 == 0 ? *first : *second, "/"))).ok();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 60);
  EXPECT_EQ(most[0], 1);
  EXPECT_EQ(most[1], 1);
  EXPECT_TRUE(both);
}

TEST(HttpClient, KeepsAConnectionForTheNextRequest) {
  ScriptedServer server([](int socket, int) {
    while (!receive_until(socket, "\r\n\r\n").empty() && send_all(socket, ok("x"))) {
    }
  });
  HttpClient client({});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.fetch(to(server.url())));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, TrustsACertificateOnlyWhenItShould) {
  const TestCertificate certificate("secure.test");
  std::promise<std::string> name;
  ScriptedServer server([&](int socket, int connection) {
    const std::string asked = certificate.serve(socket, ok("secret"));
    if (connection == 1) name.set_value(asked);
  });
  const std::string url = "https://secure.test:" + std::to_string(server.port()) + "/";
  const std::map<std::string, ScriptedResolver::Answers> names = {{"secure.test", {{"127.0.0.1"}}},
                                                                  {"other.test", {{"127.0.0.1"}}}};
  const auto resolver = std::make_shared<ScriptedResolver>(names);

  HttpClient stranger({.resolver = resolver});
  const auto refused = stranger.fetch(to(url));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("TLS error"));

  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("renvoi-net-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::filesystem::path bundle = folder / "ca.pem";
  std::ofstream(bundle) << certificate.pem();
  HttpClient friendly({.ca_bundle = bundle, .resolver = resolver});
  const auto accepted = friendly.fetch(to(url));
  ASSERT_TRUE(accepted) << describe(accepted);
  EXPECT_EQ(accepted->body, "secret");
  EXPECT_EQ(name.get_future().get(), "secure.test");  // the server name is the URL's, not the address
  const auto wrong_name = friendly.fetch(to("https://other.test:" + std::to_string(server.port()) + "/"));
  ASSERT_FALSE(wrong_name);
  EXPECT_THAT(wrong_name.error().message, HasSubstr("TLS error"));
  std::filesystem::remove_all(folder);

  HttpClient broken({.ca_bundle = bundle, .resolver = resolver});
  EXPECT_EQ(broken.fetch(to(url)).error().code, ErrorCode::invalid);
}

TEST(HttpClient, SaysWhenTlsMeetsPlainText) {
  ScriptedServer server([](int socket, int) {
    receive_some(socket);
    send_all(socket, ok("plain"));
  });
  HttpClient client({});
  const auto response = client.fetch(to("https://127.0.0.1:" + std::to_string(server.port()) + "/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("TLS error"));
}

}  // namespace
}  // namespace renvoi::net
