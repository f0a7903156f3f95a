#include "crawl/search_engine.h"

#include <gtest/gtest.h>

#include "crawl/site_server.h"

namespace renvoi::crawl {
namespace {

using std::chrono::milliseconds;

TEST(FoundPages, AreReadFromSearxng) {
  const auto pages = parse_found_pages(R"({"query": "q", "results": [
      {"url": "https://a.test/x#part", "title": "A", "content": "of a"},
      {"url": "https://a.test/x", "title": "again"},
      {"url": "ftp://b.test/", "title": "no web page"}, {"url": "file:///etc/passwd"}, {"title": "no address"}, 7,
      {"url": "http://c.test", "title": 5}]})",
                                       {});
  ASSERT_TRUE(pages.ok()) << pages.error().message;
  ASSERT_EQ(pages->size(), 2U);
  EXPECT_EQ((*pages)[0].address, "https://a.test/x");
  EXPECT_EQ((*pages)[0].snippet, "of a");
  EXPECT_EQ((*pages)[1].address, "http://c.test/");
  EXPECT_EQ((*pages)[1].title, "");
}

TEST(FoundPages, AreReadByTheFieldMap) {
  SearchEngineOptions options;
  options.results = "web.results";
  options.address = "link.href";
  const auto pages = parse_found_pages(R"({"web": {"results": [{"link": {"href": "https://a.test/"}}]}})", options);
  ASSERT_TRUE(pages.ok());
  EXPECT_EQ(pages->size(), 1U);
}

TEST(FoundPages, OfAnotherFormAreAnErrorThatNamesTheSetting) {
  EXPECT_NE(parse_found_pages("<html>", {}).error().message.find("format=json"), std::string::npos);
  EXPECT_NE(parse_found_pages("[]", {}).error().message.find("web.results"), std::string::npos);
  EXPECT_NE(parse_found_pages(R"({"results": 3})", {}).error().message.find("web.results"), std::string::npos);
  EXPECT_NE(parse_found_pages(R"({"results": [{"href": "https://a.test/"}]})", {}).error().message.find("web.address"),
            std::string::npos);
  EXPECT_TRUE(parse_found_pages(R"({"results": []})", {})->empty());
  std::string many = R"({"results": [)";
  for (int i = 0; i < 500; ++i)
    many += (i ? "," : "") + std::string(R"({"url": "https://a.test/)") + std::to_string(i) + "\"}";
  EXPECT_EQ(parse_found_pages(many + "]}", {})->size(), kMaxFoundPages);
  EXPECT_FALSE(parse_found_pages(std::string(200'000, '['), {}).ok());
}

class Engine : public testing::Test {
 protected:
  Result<std::vector<FoundPage>> ask(const std::string& path, SearchEngineOptions options = {}) {
    options.endpoint = site.url(path);
    return SearchEngine::make(options, client)->find("l'été & l'hiver?", "fr", milliseconds(3'000));
  }
  test::SiteServer site;
  net::HttpClient client{net::HttpClient::Options{}};
};

TEST_F(Engine, IsAskedWithTheQuestionAndItsLanguage) {
  const std::string whole = "/search?format=json&q=l%27%C3%A9t%C3%A9%20%26%20l%27hiver%3F&language=fr";
  site.set(whole, {200, R"({"results": [{"url": "https://a.test/"}]})", "application/json", {}});
  const auto pages = ask("/search?format=json");
  ASSERT_TRUE(pages.ok()) << pages.error().message;
  EXPECT_EQ(pages->size(), 1U);
  EXPECT_EQ(site.asked().count(whole), 1U);
}

TEST_F(Engine, SaysWhatToDoWhenItRefuses) {
  SearchEngineOptions options;
  options.language_field = "";
  const auto path = [](const std::string& name) { return name + "?q=l%27%C3%A9t%C3%A9%20%26%20l%27hiver%3F"; };
  site.set(path("/no"), {403, "", "text/html", {}});
  site.set(path("/busy"), {429, "", "text/html", {{"Retry-After", "17"}}});
  site.set(path("/down"), {502, "", "text/html", {}});
  EXPECT_EQ(ask("/no", options).error().code, ErrorCode::denied);
  EXPECT_NE(ask("/no", options).error().message.find("settings.yml"), std::string::npos);
  EXPECT_EQ(ask("/busy", options).error().code, ErrorCode::unavailable);
  EXPECT_EQ(ask("/busy", options).error().retry_after_s, 17);
  EXPECT_EQ(ask("/down", options).error().code, ErrorCode::unavailable);
  EXPECT_EQ(ask("/nothing-here", options).error().code, ErrorCode::invalid);
  EXPECT_EQ(SearchEngine::make({}, client).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::crawl
