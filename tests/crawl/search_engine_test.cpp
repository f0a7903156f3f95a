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
  site.set("/search", {200, R"({"results": [{"url": "https://a.test/"}]})", "application/json", {}});
  const auto pages = ask("/search?format=json");
  ASSERT_TRUE(pages.ok()) << pages.error().message;
  EXPECT_EQ(pages->size(), 1U);
  const std::map<std::string, std::string> expected{{"format", "json"}, {"q", "l'été & l'hiver?"}, {"language", "fr"}};
  EXPECT_EQ(site.query("/search"), expected);
  SearchEngineOptions options;
  options.query_field = "query";
  options.language_field = "";
  ASSERT_TRUE(ask("/search", options).ok());
  EXPECT_EQ(site.query("/search"), (std::map<std::string, std::string>{{"query", "l'été & l'hiver?"}}));
}

TEST_F(Engine, SaysWhatToDoWhenItRefuses) {
  site.set("/no", {403, "", "text/html", {}});
  site.set("/busy", {429, "", "text/html", {{"Retry-After", "17"}}});
  site.set("/down", {502, "", "text/html", {}});
  const auto refused = ask("/no");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::denied);
  EXPECT_NE(refused.error().message.find("settings.yml"), std::string::npos);
  const auto busy = ask("/busy");
  ASSERT_FALSE(busy.ok());
  EXPECT_EQ(busy.error().code, ErrorCode::unavailable);
  EXPECT_EQ(busy.error().retry_after_s, 17);
  EXPECT_EQ(ask("/down").error().code, ErrorCode::unavailable);
  EXPECT_EQ(ask("/nothing-here").error().code, ErrorCode::invalid);
  EXPECT_EQ(SearchEngine::make({}, client).error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace renvoi::crawl
