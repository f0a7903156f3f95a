#include "net/url.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "net/request_reader.h"
#include "net/whatwg_url.h"

namespace renvoi::net {
namespace {

using nlohmann::json;

std::string href(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? url->href() : url.error().describe();
}

// Every case of the web platform tests, whole: what must fail fails, what must parse has every part right.
TEST(WhatwgUrl, PassesTheWebPlatformTests) {
  const std::filesystem::path file = std::filesystem::path(TEST_EVAL_DIR) / "url-wpt" / "urltestdata.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is absent: the web platform tests are not run";
  std::ifstream stream(file);
  const json cases = json::parse(stream);
  int count = 0;
  for (const json& c : cases) {
    if (!c.is_object()) continue;  // a comment
    ++count;
    const std::string input = c["input"];
    const std::string base = c["base"].is_string() ? c["base"].get<std::string>() : "";
    const auto url = parse_whatwg(input, base);
    const bool must_fail = c.contains("failure");
    EXPECT_EQ(url.has_value(), !must_fail) << input << " against " << base;
    if (!url || must_fail) continue;
    const std::pair<const char*, const std::string*> parts[] = {
        {"href", &url->href},         {"origin", &url->origin},     {"protocol", &url->protocol}, {"host", &url->host},
        {"username", &url->username}, {"password", &url->password}, {"hostname", &url->hostname}, {"port", &url->port},
        {"pathname", &url->pathname}, {"search", &url->search},     {"hash", &url->hash}};
    for (const auto& [name, value] : parts)
      if (c.contains(name)) {
        EXPECT_EQ(*value, c[name].get<std::string>()) << name << " of " << input << " against " << base;
      }
  }
  EXPECT_EQ(count, 891);
}

TEST(Url, HasTheParts) {
  const auto url = Url::parse("HTTPS://Exämple.org:8443/a/../b c?d=é#f");
  ASSERT_TRUE(url) << url.error().describe();
  EXPECT_EQ(url->href(), "https://xn--exmple-cua.org:8443/b%20c?d=%C3%A9#f");
  EXPECT_EQ(url->without_fragment(), "https://xn--exmple-cua.org:8443/b%20c?d=%C3%A9");
  EXPECT_EQ(url->scheme(), "https");
  EXPECT_EQ(url->host(), "xn--exmple-cua.org");
  EXPECT_EQ(url->port(), 8443);
  EXPECT_EQ(url->path(), "/b%20c");
  EXPECT_EQ(url->path_and_query(), "/b%20c?d=%C3%A9");
  EXPECT_EQ(url->origin(), "https://xn--exmple-cua.org:8443");
  EXPECT_EQ(url->file_path(), "");
  EXPECT_EQ(Url::parse("https://a.org:443/")->origin(), "https://a.org");
  EXPECT_EQ(Url::parse("https://a.org")->port(), 443);
  EXPECT_EQ(Url::parse("http://[::1]")->port(), 80);
  EXPECT_EQ(Url::parse("http://[::1]")->host(), "[::1]");
  EXPECT_EQ(Url::parse("../x?y", *Url::parse("http://a.org/b/c/d"))->href(), "http://a.org/b/x?y");
}

// Strange spellings of addresses become plain ones before the guard and curl see them.
TEST(Url, NormalisesNumericHosts) {
  for (const char* text :
       {"http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/", "http://%31%32%37.0.0.1/",
        "http://127。0。0。1/", "http://0x7f000001/", "http:\\\\127.0.0.1\\"})
    EXPECT_EQ(href(text), "http://127.0.0.1/") << text;
  EXPECT_EQ(href("http://[0:0:0:0:0:ffff:7f00:1]/"), "http://[::ffff:7f00:1]/");
  EXPECT_TRUE(href("http://[fe80::1%25eth0]/").starts_with("invalid"));
  EXPECT_TRUE(href("http://1.2.3.4.5.0x6/").starts_with("invalid"));
}

TEST(Url, RefusesWhatIsNoSource) {
  for (const char* text :
       {"", "x", "ftp://a.org/", "javascript:alert(1)", "data:text/html,x", "http://", "http://a b/", "mailto:a@b.org",
        "http://user@a.org/", "http://user:secret@a.org/", "http://:secret@a.org/", "file://server/share/x",
        "file:///a%00b", "file:///docs/..%2F..%2Fetc/passwd", "file:///a%zz", "http://a.org:99999/"})
    EXPECT_TRUE(href(text).starts_with("invalid: ")) << text << " gave " << href(text);
  EXPECT_TRUE(href("http://a.org/" + std::string(1 << 20, 'x')).starts_with("invalid: "));
}

TEST(Url, NeverRepeatsAPassword) { EXPECT_EQ(href("http://user:hunter2@a.org/").find("hunter2"), std::string::npos); }

TEST(Url, TakesAnyBytes) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes = round % 2 == 0 ? "http://a.org/" : "";
    for (std::size_t i = random() % 30; i > 0; --i) bytes += static_cast<char>(random());
    const auto url = Url::parse(bytes);
    if (!url) continue;
    const auto again = Url::parse(url->href());
    ASSERT_TRUE(again) << "round " << round << ": " << again.error().describe();
    EXPECT_EQ(again->href(), url->href()) << "round " << round;
  }
}

TEST(FileUrl, RoundTripsEveryName) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 3'000; ++round) {
    std::string path = "/folder/f";  // not "." nor ".."
    for (std::size_t i = random() % 12; i > 0; --i) {
      char c = static_cast<char>(random());
      if (c == '\0' || c == '/') c = '%';
      path += c;
    }
    path += "x";
    const auto url = Url::parse(file_url(path));
    ASSERT_TRUE(url) << "round " << round << ": " << url.error().describe();
    EXPECT_EQ(url->file_path(), path) << "round " << round;
    EXPECT_EQ(url->href(), file_url(path)) << "round " << round;
  }
}

// A link in a page and the walk of a folder must give the same reference.
TEST(FileUrl, IsWhatALinkToTheFileGives) {
  const auto page = Url::parse(file_url("/docs/index.html"));
  EXPECT_EQ(Url::parse("l'été (1)~[a]!$&+,;=@.html", *page)->href(), file_url("/docs/l'été (1)~[a]!$&+,;=@.html"));
  EXPECT_EQ(file_url("/a b#c?d"), "file:///a%20b%23c%3Fd");
  EXPECT_EQ(Url::parse("file:///a%20b#c")->file_path(), "/a b");
}

TEST(RequestTarget, DecodesAPlainPathAndItsQuery) {
  ServerRequest request;
  ASSERT_TRUE(parse_request_target("/a%20b/%C3%A9?q=l%27eau+vive&x=1&x=2&flag&=z&e%3D=1", request));
  EXPECT_EQ(request.path, "/a b/é");
  EXPECT_EQ(request.query, (std::map<std::string, std::string>{
                               {"q", "l'eau vive"}, {"x", "2"}, {"flag", ""}, {"", "z"}, {"e=", "1"}}));
  ASSERT_TRUE(parse_request_target("http://a.org/b?c=d", request));
  EXPECT_EQ(request.path, "/b");
}

TEST(RequestTarget, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* bad :
       {"",         "a",      "*",      "//../x",   "/../etc/passwd", "/a/./b",       "/%2e%2e/x",
        "/a%2fb",   "/a%5cb", "/a\\b",  "/%00",     "/%0a",           "/a%",          "/a%zz",
        "/%ff",     "/a#b",   "/a?x=%", "/a?x=%ff", "/a?%00=1",       "http://a.org", "http://a.org?x",
        "ftp://a/b"}) {
    ServerRequest request;
    EXPECT_FALSE(parse_request_target(bad, request)) << bad;
  }
}

}  // namespace
}  // namespace renvoi::net
