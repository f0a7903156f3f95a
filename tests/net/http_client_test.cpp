#include "http_client_support.h"

namespace renvoi::net {
namespace {

TEST(HttpClient, FetchesWhatTheServerHas) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    EXPECT_EQ(request.header("x-test"), "yes");
    EXPECT_EQ(request.header("user-agent"), "tester/1");
    EXPECT_EQ(request.header("cookie"), "");
    EXPECT_THAT(request.header("accept-encoding"), HasSubstr("gzip"));
    response.send(404, "text/plain", request.method + " " + request.path,
                  {{"ETag", "\"v1\""}, {"Link", "a"}, {"Link", "b"}});
  });
  HttpClient client({.user_agent = "tester/1"});
  FetchRequest request = to(url_of(*server, "/a%20b#fragment"));
  request.headers = {"X-Test: yes"};
  const auto response = client.fetch(request);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "GET /a b");
  EXPECT_EQ(response->header("etag"), "\"v1\"");
  EXPECT_EQ(response->header("link"), "a, b");
  EXPECT_EQ(response->header("absent"), "");
  EXPECT_EQ(response->address, "127.0.0.1");
  EXPECT_EQ(response->final_url, request.url);
  request.method = "HEAD";
  EXPECT_EQ(client.fetch(request)->body, "");
}

TEST(HttpClient, PostsABody) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    response.send(200, "text/plain", request.header("content-type") + "|" + request.body);
  });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/"));
  request.method = "POST";
  request.headers = {"Content-Type: application/json"};
  request.body = std::string("{\"a\":\"\0\"}", 9) + std::string(300'000, 'x');
  const auto response = client.fetch(request);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->body, "application/json|" + request.body);
}

TEST(HttpClient, ResolvesLocalhostWithoutDns) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    response.send(200, "text/plain", request.header("host"));
  });
  HttpClient client({});
  const std::string host = "localhost:" + std::to_string(server->port());
  const auto response = client.fetch(to("http://" + host + "/"));
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->body, host);
}

// Every way of writing "this machine" or "this network" is refused before a socket is opened.
TEST(HttpClient, RefusesPrivateAddressesInEveryForm) {
  ScriptedServer server(always(ok("secret")));
  const std::string port = ":" + std::to_string(server.port());
  HttpClient client({});
  for (const char* host : {"127.0.0.1",
                           "0x7f.1",
                           "2130706433",
                           "0177.0.0.1",
                           "127.1",
                           "localhost",
                           "[::1]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[64:ff9b::7f00:1]",
                           "[2002:7f00:1::]",
                           "0.0.0.0",
                           "0",
                           "[::]",
                           "169.254.169.254",
                           "10.0.0.1",
                           "[fe80::1]",
                           "[fc00::1]",
                           "224.0.0.1",
                           "127。0。0。1"}) {
    FetchRequest request = to("http://" + std::string(host) + port + "/");
    request.addresses = AddressPolicy::global_only;
    const auto response = client.fetch(request);
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().code, ErrorCode::denied) << host << ": " << describe(response);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, OneBadAddressCondemnsAName) {
  ScriptedServer server(always(ok("secret")));
  const auto resolver = std::make_shared<ScriptedResolver>(
      std::map<std::string, ScriptedResolver::Answers>{{"mixed.test", {{"93.184.216.34", "127.0.0.1"}}}});
  HttpClient client({.resolver = resolver});
  FetchRequest request = to("http://mixed.test:" + std::to_string(server.port()) + "/");
  request.addresses = AddressPolicy::global_only;
  const auto response = client.fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::denied);
  EXPECT_EQ(server.connections(), 0);
}

// A name that answers with a permitted address when asked first and a forbidden one when asked again: it is asked once.
TEST(HttpClient, DialsTheAddressThatWasChecked) {
  ScriptedServer server(always(ok("right")));
  const auto resolver = std::make_shared<ScriptedResolver>(
      std::map<std::string, ScriptedResolver::Answers>{{"rebind.test", {{"127.0.0.1"}, {"224.0.0.1"}}}});
  HttpClient client({.resolver = resolver});
  const auto request = to("http://rebind.test:" + std::to_string(server.port()) + "/");
  const auto first = client.fetch(request);
  ASSERT_TRUE(first) << describe(first);
  EXPECT_EQ(first->body, "right");
  EXPECT_THAT(resolver->asked, ElementsAre("rebind.test"));
  const auto second =
      client.fetch(request);  // the second answer is checked like the first, whatever connection is open
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::denied);
}

// A connection made for a source that may reach private addresses is not lent to one that may not.
TEST(HttpClient, DoesNotReuseAConnectionAcrossPolicies) {
  const auto server =
      serve([](const ServerRequest&, ResponseWriter& response) { response.send(200, "text/plain", "secret"); });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/"));
  ASSERT_TRUE(client.fetch(request));
  request.addresses = AddressPolicy::global_only;
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::denied);
}

TEST(HttpClient, TriesTheNextAddressWhenOneCannotBeReached) {
  ScriptedServer server(always(ok("second")));
  const auto resolver = std::make_shared<ScriptedResolver>(
      std::map<std::string, ScriptedResolver::Answers>{{"two.test", {{"127.0.0.9", "127.0.0.1"}}}});
  HttpClient client({.resolver = resolver});
  const auto response = client.fetch(to("http://two.test:" + std::to_string(server.port()) + "/"));
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->address, "127.0.0.1");
}

TEST(HttpClient, IgnoresProxiesOfTheEnvironment) {
  ScriptedServer proxy(always(ok("from the proxy")));
  const auto server =
      serve([](const ServerRequest&, ResponseWriter& response) { response.send(200, "text/plain", "direct"); });
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) setenv(name, proxy.url().c_str(), 1);
  HttpClient client({});
  const auto response = client.fetch(to(url_of(*server, "/")));
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->body, "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(HttpClient, FollowsRedirectsAndRecordsThem) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    if (request.path == "/a") return response.send(301, "text/plain", "moved", {{"Location", "/b?x=1"}});
    if (request.path == "/b") return response.send(302, "text/plain", "moved", {{"Location", "c"}});
    response.send(200, "text/plain", request.path);
  });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/a"));
  const auto response = client.fetch(request);
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->body, "/c");
  EXPECT_EQ(response->final_url.href(), url_of(*server, "/c"));
  ASSERT_EQ(response->redirects.size(), 2u);
  EXPECT_EQ(response->redirects[0].status, 301);
  EXPECT_EQ(response->redirects[0].to, url_of(*server, "/b?x=1"));
  EXPECT_EQ(response->redirects[1].from, response->redirects[0].to);
  request.max_redirects = 0;
  const auto as_it_is = client.fetch(request);
  EXPECT_EQ(as_it_is->status, 301);
  EXPECT_EQ(as_it_is->body, "moved");
  request.max_redirects = 1;
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::invalid);
}

TEST(HttpClient, ChangesThePostAsBrowsersDo) {
  const auto server = serve([](const ServerRequest& request, ResponseWriter& response) {
    if (request.path == "/end") return response.send(200, "text/plain", request.method + ":" + request.body);
    response.send(std::stoi(request.path.substr(1)), "text/plain", "", {{"Location", "/end"}});
  });
  HttpClient client({});
  for (const auto& [status, expected] :
       {std::pair{301, "GET:"}, {302, "GET:"}, {303, "GET:"}, {307, "POST:data"}, {308, "POST:data"}}) {
    FetchRequest request = to(url_of(*server, "/" + std::to_string(status)));
    request.method = "POST";
    request.body = "data";
    EXPECT_EQ(client.fetch(request)->body, expected) << status;
  }
}

TEST(HttpClient, KeepsSecretsFromAnotherOrigin) {
  const auto show = [](const ServerRequest& request, ResponseWriter& response) {
    response.send(200, "text/plain", request.header("authorization") + "|" + request.header("x-plain"));
  };
  const auto other = serve(show);
  const auto server = serve([&](const ServerRequest& request, ResponseWriter& response) {
    if (request.path == "/end") return show(request, response);
    response.send(302, "text/plain", "", {{"Location", request.path == "/same" ? "/end" : url_of(*other, "/")}});
  });
  HttpClient client({});
  FetchRequest request = to(url_of(*server, "/same"));
  request.headers = {"Authorization: Bearer secret", "X-Plain: x"};
  EXPECT_EQ(client.fetch(request)->body, "Bearer secret|x");
  request.url = to(url_of(*server, "/other")).url;
  EXPECT_EQ(client.fetch(request)->body, "|x");
}

TEST(HttpClient, RefusesRedirectsThatGoNowhereGood) {
  ScriptedServer target(always(ok("secret")));
  const std::map<std::string, ErrorCode> cases = {
      {"/loop", ErrorCode::invalid},
      {"file:///etc/passwd", ErrorCode::invalid},
      {"ftp://a.org/", ErrorCode::invalid},
      {"http://user:secret@a.org/", ErrorCode::invalid},
      {"http://[", ErrorCode::invalid},
      {"gopher://127.0.0.1:70/", ErrorCode::invalid},
      {"http://missing.test/", ErrorCode::not_found},
  };
  const auto resolver = std::make_shared<ScriptedResolver>(std::map<std::string, ScriptedResolver::Answers>{});
  HttpClient client({.resolver = resolver});
  for (const auto& [location, code] : cases) {
    ScriptedServer server(always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n"));
    const auto response = client.fetch(to(server.url("/loop")));
    ASSERT_FALSE(response) << location;
    EXPECT_EQ(response.error().code, code) << location << ": " << describe(response);
  }
}

// A public page (here the one address that the resolver may give for it under this policy) that redirects inwards.
TEST(HttpClient, ChecksEveryRedirectAgainstThePolicy) {
  ScriptedServer inner(always(ok("secret")));
  for (const char* host : {"multicast.test", "224.0.0.1", "[::127.0.0.1]", "0.0.0.0"}) {
    ScriptedServer outer(always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://" + std::string(host) +
                                ":" + std::to_string(inner.port()) + "/\r\n\r\n"));
    const auto resolver = std::make_shared<ScriptedResolver>(std::map<std::string, ScriptedResolver::Answers>{
        {"outer.test", {{"127.0.0.1"}}}, {"multicast.test", {{"224.0.0.1"}}}});
    HttpClient client({.resolver = resolver});
    const auto response = client.fetch(to("http://outer.test:" + std::to_string(outer.port()) + "/"));
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().code, ErrorCode::denied) << host << ": " << describe(response);
    EXPECT_EQ(outer.connections(), 1);
  }
  EXPECT_EQ(inner.connections(), 0);
}

TEST(HttpClient, CapsTheBodyAfterDecompression) {
  const std::string bomb = gzip_of_zeros(10);
  ASSERT_LT(bomb.size(), 100'000u);
  ScriptedServer server(always(ok(bomb, "Content-Encoding: gzip\r\n")));
  HttpClient client({});
  FetchRequest request = to(server.url());
  const auto whole = client.fetch(request);
  ASSERT_TRUE(whole) << describe(whole);
  EXPECT_EQ(whole->body, std::string(10u << 20, '\0'));
  request.max_body_bytes = (10u << 20) - 1;
  const auto refused = client.fetch(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
  request.max_body_bytes = 10u << 20;
  EXPECT_TRUE(client.fetch(request));
}

TEST(HttpClient, StopsABodyThatNeverEnds) {
  ScriptedServer server([](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    send_all(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (send_all(socket, "1000\r\n" + std::string(4'096, 'x') + "\r\n")) {
    }
  });
  HttpClient client({});
  FetchRequest request = to(server.url());
  request.max_body_bytes = 1u << 20;
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::exhausted);
}

TEST(HttpClient, SaysWhatIsWrongWithAnAnswer) {
  struct Case {
    std::string answer;
    ErrorCode code;
    std::string part;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", ErrorCode::unavailable, "cut short"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", ErrorCode::unavailable, "closed"},
      {"", ErrorCode::unavailable, "closed"},
      {"nonsense\r\n\r\n", ErrorCode::invalid, "well-formed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrorCode::invalid, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ErrorCode::unavailable, ""},
      {ok("this is not gzip", "Content-Encoding: gzip\r\n"), ErrorCode::invalid, "content coding"},
      {ok("x", "Content-Encoding: rot13\r\n"), ErrorCode::invalid, "content coding"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", ErrorCode::invalid, "64 KiB"},
  };
  HttpClient client({});
  for (const Case& c : cases) {
    ScriptedServer server(always(c.answer));
    const auto response = client.fetch(to(server.url()));
    ASSERT_FALSE(response) << c.answer.substr(0, 80);
    EXPECT_EQ(response.error().code, c.code) << c.answer.substr(0, 80) << describe(response);
    EXPECT_THAT(response.error().message, HasSubstr(c.part));
    EXPECT_THAT(response.error().message, HasSubstr(server.url()));
  }
}

TEST(HttpClient, EndsAFloodOfHeaders) {
  ScriptedServer server([](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    send_all(socket, "HTTP/1.1 200 OK\r\n");
    while (send_all(socket, "X-Flood: y\r\n")) {
    }
  });
  HttpClient client({});
  const auto response = client.fetch(to(server.url()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::invalid);
  EXPECT_THAT(response.error().message, HasSubstr("64 KiB"));
}

TEST(HttpClient, GivesUpOnAServerThatIsSilentOrEndless) {
  ScriptedServer stalled([](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    send_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    receive_all(socket);
  });
  ScriptedServer trickling([](int socket, int) {
    receive_until(socket, "\r\n\r\n");
    send_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (send_all(socket, "x")) std::this_thread::sleep_for(20ms);
  });
  HttpClient client({});
  FetchRequest request = to(stalled.url());
  request.stall_timeout_ms = 200ms;
  auto response = client.fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("sent nothing for 200 ms"));
  request = to(trickling.url());
  request.total_timeout_ms = 400ms;
  response = client.fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("not finished after 400 ms"));
}

TEST(HttpClient, SaysThatNobodyListensOrTheNameIsMissing) {
  std::uint16_t port = 0;
  {
    port = ScriptedServer([](int, int) {}).port();
  }
  const auto resolver = std::make_shared<ScriptedResolver>(std::map<std::string, ScriptedResolver::Answers>{});
  HttpClient client({.resolver = resolver});
  const auto refused = client.fetch(to("http://127.0.0.1:" + std::to_string(port) + "/"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot connect"));
  const auto missing = client.fetch(to("http://missing.test/"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

TEST(HttpClient, RefusesRequestsThatAreWrong) {
  HttpClient client({});
  FetchRequest request = to("http://127.0.0.1:1/");
  request.method = "DELETE";
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::invalid);
  for (const char* header :
       {"X: a\r\nEvil: b", "X: a\nb", "no colon", ": x", "Host: evil", "Content-Length: 9", "A B: c"}) {
    request = to("http://127.0.0.1:1/");
    request.headers = {header};
    EXPECT_EQ(client.fetch(request).error().code, ErrorCode::invalid) << header;
  }
  request = to("http://127.0.0.1:1/");
  request.body = "x";
  EXPECT_EQ(client.fetch(request).error().code, ErrorCode::invalid);
  EXPECT_EQ(client.fetch(to("file:///etc/hosts")).error().code, ErrorCode::invalid);
  EXPECT_EQ(client.fetch(FetchRequest{}).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::net
