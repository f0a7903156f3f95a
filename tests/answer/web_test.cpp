// Answers from pages that a search engine names: read now, nothing stored.
#include <gtest/gtest.h>

#include "answer/answer.h"
#include "answer/world.h"
#include "crawl/site_server.h"

namespace renvoi::answer {
namespace {

class Web : public testing::Test {
 protected:
  void SetUp() override {
    if (test::embedder() == nullptr) GTEST_SKIP() << "no embedding model: run ./dev setup";
    world.write("bees.md",
                "# The hive of Varen\n\nThe hive of Varen was built in 1912 by the clockmaker Anselm Roth.\n");
    world.ingest();
    site.set_html("/tower", "The tower of Ostwald was finished in 1633 by the mason Greta Holm.");
    site.set_html("/other", "The market of Ostwald is open on Mondays.");
    engine_names({"/tower", "/gone", "/other"});
  }
  void engine_names(const std::vector<std::string>& paths) {
    std::string json = R"({"results": [)";
    for (const auto& path : paths) json += (json.ends_with('[') ? "" : ",") + (R"({"url": ")" + site.url(path) + "\"}");
    results = {200, json + "]}", "application/json", {}};
  }
  Result<Answer> ask(const std::string& question, AnswerScope scope) {
    site.set("/search", results);
    crawl::SearchEngineOptions options;
    options.endpoint = site.url("/search");
    options.language_field = "";
    const auto engine = crawl::SearchEngine::make(options, world.client);
    AnswererOptions answering;
    answering.web_policy.allow_private_addresses = true;
    answering.web_policy.min_delay_ms = 0;
    Answerer answerer(*world.collection, *world.searcher, *world.fetcher, nullptr, nullptr, answering, &*engine);
    AskRequest request;
    request.question = question;
    request.scope = scope;
    return answerer.ask(request);
  }
  std::size_t known_references() { return world.collection->catalog().references()->size(); }

  test::World world;
  test::SiteServer site;
  test::Page results;
};

TEST_F(Web, AnswersFromThePagesThatTheEngineNamesAndStoresNothing) {
  const auto answer = ask("Who finished the tower of Ostwald?", AnswerScope::web);
  ASSERT_TRUE(answer.ok()) << answer.error().describe();
  EXPECT_NE(answer->text.find("Greta Holm"), std::string::npos) << answer->text;
  EXPECT_TRUE(answer->from_web);
  ASSERT_FALSE(answer->citations.empty());
  EXPECT_EQ(answer->citations[0].address, site.url("/tower"));
  EXPECT_EQ(answer->citations[0].reference, ReferenceId::none);
  EXPECT_GT(answer->citations[0].checked_at, 0);
  ASSERT_EQ(answer->dropped.size(), 1U);
  EXPECT_NE(answer->dropped[0].reason.find("404"), std::string::npos);
  EXPECT_EQ(known_references(), 1U);
}

TEST_F(Web, IsAskedInScopeAutomaticOnlyWhenTheCollectionHasNoAnswer) {
  const auto own = ask("Who built the hive of Varen?", AnswerScope::automatic);
  ASSERT_TRUE(own.ok());
  EXPECT_FALSE(own->from_web);
  EXPECT_NE(own->text.find("Anselm Roth"), std::string::npos) << own->text;
  EXPECT_EQ(site.asked().size(), 0U);
  const auto web = ask("Who finished the tower of Ostwald?", AnswerScope::automatic);
  ASSERT_TRUE(web.ok());
  EXPECT_TRUE(web->from_web);
  EXPECT_NE(web->text.find("Greta Holm"), std::string::npos) << web->text;
}

TEST_F(Web, ThatIsBrokenDoesNotTakeTheCollectionsAnswerAway) {
  results = {500, "", "text/html", {}};
  const auto answer = ask("Who finished the tower of Ostwald?", AnswerScope::automatic);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->abstained);
  EXPECT_NE(answer->web_problem.find("500"), std::string::npos);
  EXPECT_EQ(ask("Who finished the tower of Ostwald?", AnswerScope::web).error().code, ErrorCode::unavailable);
}

TEST_F(Web, PagesThatDoNotHoldTheAnswerGiveNone) {
  engine_names({"/other"});
  const auto answer = ask("What is the boiling point of tungsten hexafluoride?", AnswerScope::web);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->abstained) << answer->text;
}

TEST_F(Web, RobotsAndTheAddressGuardHold) {
  site.set("/robots.txt", {200, "User-agent: *\nDisallow: /tower\n", "text/plain", {}});
  const auto answer = ask("Who finished the tower of Ostwald?", AnswerScope::web);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->text.find("Greta Holm"), std::string::npos) << answer->text;
  EXPECT_EQ(site.asked().count("/tower"), 0U);
  // The engine may be on a private network; what it names may not, unless the configuration says so.
  crawl::SearchEngineOptions options;
  options.endpoint = site.url("/search");
  const auto engine = crawl::SearchEngine::make(options, world.client);
  Answerer guarded(*world.collection, *world.searcher, *world.fetcher, nullptr, nullptr, {}, &*engine);
  site.set("/search", results);
  AskRequest request;
  request.question = "tower";
  request.scope = AnswerScope::web;
  const auto refused = guarded.ask(request);
  ASSERT_TRUE(refused.ok() || refused.error().code == ErrorCode::invalid);
  EXPECT_TRUE(!refused.ok() || refused->citations.empty());
  EXPECT_EQ(site.asked().count("/other"), 1U);  // by the first answer only
}

TEST_F(Web, WithoutAnEngineIsRefusedWithWhatToDo) {
  Answerer answerer(*world.collection, *world.searcher, *world.fetcher, nullptr, nullptr);
  AskRequest request;
  request.question = "Who?";
  request.scope = AnswerScope::web;
  EXPECT_NE(answerer.ask(request).error().message.find("web.endpoint"), std::string::npos);
}

}  // namespace
}  // namespace renvoi::answer
