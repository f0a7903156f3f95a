// HTTP/2 against somebody else's server: nghttpd of Debian's nghttp2-server, which speaks nothing else.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "http_client_support.h"
#include "io/temporary_folder.h"

extern char** environ;

namespace renvoi::net {
namespace {

constexpr const char* kServer = "/usr/sbin/nghttpd";

// Serves a folder over TLS; ends with the test, by its id.
class Http2Server {
 public:
  explicit Http2Server(const std::filesystem::path& folder) : certificate_("h2.test") {
    std::ofstream(folder / "key.pem") << certificate_.key_pem();
    std::ofstream(folder / "certificate.pem") << certificate_.pem();
    bundle = folder / "certificate.pem";
    std::filesystem::create_directory(folder / "pages");
    for (int attempt = 0; attempt < 5 && process_ == 0; ++attempt) start(folder);
  }
  ~Http2Server() {
    if (process_ == 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;
  bool runs() const { return process_ != 0; }
  std::string url(const std::string& path) const { return "https://h2.test:" + std::to_string(port_) + path; }
  std::filesystem::path bundle;

 private:
  // A port that was free a moment ago; another one if it is not any more.
  void start(const std::filesystem::path& folder) {
    port_ = ScriptedServer([](int, int) {}).port();
    const std::string port = std::to_string(port_), pages = (folder / "pages").string(),
                      key = (folder / "key.pem").string(), certificate = bundle.string();
    const char* arguments[] = {kServer,      "-a",        "127.0.0.1",         "-d",   pages.c_str(),
                               port.c_str(), key.c_str(), certificate.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    const int failed = posix_spawn(&process_, kServer, &actions, nullptr, const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
      process_ = 0;
      return;
    }
    for (int i = 0; i < 400; ++i) {
      if (const int socket = connect_to(port_); socket >= 0) {
        close(socket);
        return;
      }
      if (waitpid(process_, nullptr, WNOHANG) != 0) break;
      std::this_thread::sleep_for(10ms);
    }
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  TestCertificate certificate_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

class Http2 : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kServer, X_OK) != 0) GTEST_SKIP() << "nghttp2-server is not installed";
    server = std::make_unique<Http2Server>(folder.path());
    ASSERT_TRUE(server->runs());
    client = std::make_unique<HttpClient>(options());
  }
  HttpClient::Options options() const { return {.ca_bundle = server->bundle, .resolver = resolver}; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / "pages" / name) << text; }

  test::TemporaryFolder folder;
  std::shared_ptr<ScriptedResolver> resolver = std::make_shared<ScriptedResolver>(
      std::map<std::string, ScriptedResolver::Answers>{{"h2.test", {{"127.0.0.1"}}}});
  std::unique_ptr<Http2Server> server;
  std::unique_ptr<HttpClient> client;
};

TEST_F(Http2, IsSpokenWhereTheServerOffersIt) {
  write("page.html", "over two");
  const auto response = client->fetch(to(server->url("/page.html")));
  ASSERT_TRUE(response) << describe(response);
  EXPECT_EQ(response->http_version, "2");
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "over two");
  EXPECT_THAT(response->header("server"), HasSubstr("nghttp"));
  EXPECT_EQ(client->fetch(to(server->url("/none")))->status, 404);
}

TEST_F(Http2, AsksWhetherAPageHasChanged) {
  write("page.html", "unchanged");
  const auto first = client->fetch(to(server->url("/page.html")));
  ASSERT_TRUE(first) << describe(first);
  ASSERT_NE(first->header("last-modified"), "");
  FetchRequest request = to(server->url("/page.html"));
  request.headers = {"If-Modified-Since: " + first->header("last-modified")};
  const auto second = client->fetch(request);
  ASSERT_TRUE(second) << describe(second);
  EXPECT_EQ(second->status, 304);
  EXPECT_EQ(second->body, "");
}

// 50 pages of many frames each, on one connection after the other's end, and on several threads.
TEST_F(Http2, LosesNothingOnAConnectionThatIsUsedAgain) {
  const std::string text(300'000, 'x');
  for (int i = 0; i < 10; ++i) write(std::to_string(i), std::to_string(i) + text);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 5; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto response = client->fetch(to(server->url("/" + std::to_string(i))));
        good += response.ok() && response->body == std::to_string(i) + text ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 50);
}

TEST_F(Http2, HasTheSameLimits) {
  write("large", std::string(2u << 20, 'x'));
  FetchRequest request = to(server->url("/large"));
  request.max_body_bytes = 1u << 20;
  EXPECT_EQ(client->fetch(request).error().code, ErrorCode::exhausted);
  std::size_t received = 0;
  request.on_body = [&](std::string_view piece) { return (received += piece.size()) < 100'000; };
  EXPECT_EQ(client->fetch(request)->status, 200);  // its reader has enough
  EXPECT_LT(received, 2u << 20);
  request = to(server->url("/large"));
  EXPECT_EQ(client->fetch(request)->body.size(), 2u << 20);
  request.addresses = AddressPolicy::global_only;  // an open connection is lent to nobody who may not dial it
  EXPECT_EQ(client->fetch(request).error().code, ErrorCode::denied);
}

}  // namespace
}  // namespace renvoi::net
