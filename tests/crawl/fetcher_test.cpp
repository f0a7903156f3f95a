#include "crawl/fetcher.h"

#include <gtest/gtest.h>

#include <fstream>

#include "crawl/site_server.h"
#include "io/temporary_folder.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

class FetcherTest : public testing::Test {
 protected:
  Observation fetch(const std::string& address, catalog::Validators validators = {}) {
    return fetcher->fetch({address, std::move(validators), policy, false});
  }
  FetcherTest() {
    policy.allow_private_addresses = true;
    policy.min_delay_ms = 0;
  }
  test::SiteServer site;
  ManualClock clock{1'800'000'000};
  net::HttpClient client{net::HttpClient::Options{}};
  FetcherOptions options{.max_body_bytes = 100'000};
  std::unique_ptr<Fetcher> fetcher = make_fetcher(client, clock, options);
  catalog::SourcePolicy policy;
};

TEST_F(FetcherTest, EachStatusIsTheOutcomeOfTheDesign) {
  for (const auto& [status, outcome] : std::vector<std::pair<int, Outcome>>{{200, Outcome::fetched},
                                                                            {404, Outcome::missing},
                                                                            {410, Outcome::missing},
                                                                            {401, Outcome::blocked},
                                                                            {403, Outcome::blocked},
                                                                            {429, Outcome::blocked},
                                                                            {451, Outcome::blocked},
                                                                            {500, Outcome::unreachable},
                                                                            {503, Outcome::unreachable}}) {
    site.set("/p", {status, "body"});
    const Observation seen = fetch(site.url("/p"));
    EXPECT_EQ(seen.outcome, outcome) << status << " " << seen.reason;
    EXPECT_EQ(seen.status, status);
    EXPECT_EQ(seen.reason.empty(), outcome == Outcome::fetched);
    EXPECT_EQ(seen.at, clock.now());
  }
}

TEST_F(FetcherTest, AnUnchangedPageIsNotSentAgain) {
  site.set("/p", {200, "body", "text/plain", {{"ETag", "\"1\""}}});
  const Observation first = fetch(site.url("/p"));
  EXPECT_EQ(first.validators.etag, "\"1\"");
  EXPECT_EQ(fetch(site.url("/p"), first.validators).outcome, Outcome::not_modified);
  EXPECT_EQ(fetch(site.url("/p"), {"\"0\"", ""}).outcome, Outcome::fetched);
}

TEST_F(FetcherTest, RobotsIsObeyedAndAskedForOnceADay) {
  site.set("/robots.txt", {200, "User-agent: renvoi\nDisallow: /no\n", "text/plain"});
  site.set("/no", {200, "secret"});
  site.set("/yes", {200, "public"});
  EXPECT_EQ(fetch(site.url("/no")).outcome, Outcome::blocked);
  EXPECT_EQ(fetch(site.url("/yes")).outcome, Outcome::fetched);
  EXPECT_EQ(site.asked("/no"), 0);
  EXPECT_EQ(site.asked("/robots.txt"), 1);
  clock.advance(86'401);
  fetch(site.url("/yes"));
  EXPECT_EQ(site.asked("/robots.txt"), 2);
  policy.obey_robots = false;
  EXPECT_EQ(fetch(site.url("/no")).outcome, Outcome::fetched);
}

TEST_F(FetcherTest, ARobotsFileThatCannotBeHadForbidsAllForNow) {
  site.set("/robots.txt", {503, ""});
  site.set("/p", {200, "body"});
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::unreachable);
  EXPECT_EQ(site.asked("/p"), 0);
  site.set("/robots.txt", {403, ""});
  clock.advance(601);
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::fetched);
}

TEST_F(FetcherTest, RobotsHoldsForTheTargetOfARedirect) {
  site.set("/robots.txt", {200, "User-agent: *\nDisallow: /no\n", "text/plain"});
  site.set("/a", {302, "", "text/plain", {{"Location", "/no"}}});
  site.set("/no", {200, "secret"});
  EXPECT_EQ(fetch(site.url("/a")).outcome, Outcome::blocked);
  EXPECT_EQ(site.asked("/no"), 0);
}

TEST_F(FetcherTest, RedirectsAreFollowedAndTold) {
  site.set("/a", {301, "", "text/plain", {{"Location", "/b"}}});
  site.set("/b", {308, "", "text/plain", {{"Location", "/c#part"}}});
  site.set("/c", {200, "body"});
  site.set("/d", {302, "", "text/plain", {{"Location", "/a"}}});
  EXPECT_EQ(fetch(site.url("/a")).final_address, site.url("/c"));
  EXPECT_TRUE(fetch(site.url("/a")).permanent_redirect);
  EXPECT_FALSE(fetch(site.url("/d")).permanent_redirect);
  EXPECT_FALSE(fetch(site.url("/c")).permanent_redirect);
}

TEST_F(FetcherTest, LoopsAreBlockedAndRedirectsToFilesAreRefused) {
  site.set("/a", {302, "", "text/plain", {{"Location", "/b"}}});
  site.set("/b", {302, "", "text/plain", {{"Location", "/a"}}});
  site.set("/f", {302, "", "text/plain", {{"Location", "file:///etc/passwd"}}});
  EXPECT_EQ(fetch(site.url("/a")).outcome, Outcome::blocked);
  EXPECT_EQ(fetch(site.url("/f")).outcome, Outcome::refused);
  for (int i = 0; i < 12; ++i)
    site.set("/r" + std::to_string(i), {302, "", "text/plain", {{"Location", "/r" + std::to_string(i + 1)}}});
  EXPECT_EQ(fetch(site.url("/r0")).outcome, Outcome::blocked);
}

TEST_F(FetcherTest, ARedirectToTheHomePageIsAnAbsence) {
  site.set("/", {200, "home"});
  site.set("/old", {302, "", "text/plain", {{"Location", "/"}}});
  EXPECT_EQ(fetch(site.url("/old")).outcome, Outcome::missing);
  EXPECT_EQ(fetch(site.url("/")).outcome, Outcome::fetched);
}

TEST_F(FetcherTest, TooLargeAndPrivateAndMalformedAreRefusedNeverMissing) {
  site.set("/big", {200, std::string(200'000, 'x')});
  EXPECT_EQ(fetch(site.url("/big")).outcome, Outcome::refused);
  EXPECT_EQ(fetch("gopher://x/").outcome, Outcome::refused);
  policy.allow_private_addresses = false;
  const Observation seen = fetch(site.url("/big"));
  EXPECT_EQ(seen.outcome, Outcome::refused);
  EXPECT_FALSE(seen.reason.empty());
}

// Whatever the policy of the source allows, multicast is never dialled: neither for the page nor for its robots.txt.
TEST_F(FetcherTest, ARedirectToWhereNobodyMayDialIsRefused) {
  for (const bool robots : {true, false}) {
    policy.obey_robots = robots;
    for (const char* target : {"http://224.0.0.1/", "http://[64:ff9b::e000:1]/", "http://[2002:e000:1::]/"}) {
      site.set("/a", {302, "", "text/plain", {{"Location", target}}});
      const Observation seen = fetch(site.url("/a"));
      EXPECT_EQ(seen.outcome, Outcome::refused) << target << ": " << seen.reason;
      EXPECT_FALSE(seen.reason.empty());
    }
  }
}

TEST_F(FetcherTest, NobodyThereIsTheHostsTrouble) {
  EXPECT_EQ(fetch("http://127.0.0.1:1/").outcome, Outcome::unreachable);
}

TEST_F(FetcherTest, RetryAfterIsHonoured) {
  site.set("/p", {503, "", "text/plain", {{"Retry-After", "3600"}}});
  EXPECT_EQ(fetch(site.url("/p")).retry_after_s, 3'600);
  site.set("/p", {200, "body"});
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::unreachable);
  EXPECT_EQ(site.asked("/p"), 1);
}

TEST_F(FetcherTest, TheTurnOfAHostIsItsDelayAfterTheLastRequest) {
  using namespace std::chrono_literals;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  site.set("/p", {200, "body"});
  policy.min_delay_ms = 20'000;
  const Fetcher::Request request{site.url("/p"), {}, policy, false, {}, {}};
  EXPECT_LE(fetcher->turn(request), now());
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::fetched);
  EXPECT_GT(fetcher->turn(request), now() + 10s);
  EXPECT_LE(fetcher->turn({"http://other.test/", {}, policy, false, {}, {}}), now());
  Fetcher::Request urgent = request;
  urgent.urgent = true;  // would be waiting for 20 s
  EXPECT_EQ(fetcher->fetch(urgent).outcome, Outcome::fetched);
}

TEST_F(FetcherTest, CrawlDelayLengthensTheTurnAndNothingShortensIt) {
  using namespace std::chrono_literals;
  site.set("/robots.txt", {200, "User-agent: *\nCrawl-delay: 20\n", "text/plain"});
  site.set("/p", {200, "body"});
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::fetched);
  const auto turn = fetcher->turn({site.url("/p"), {}, policy, false, {}, {}});
  EXPECT_GT(turn, std::chrono::steady_clock::now() + 10s);
  EXPECT_LE(turn, std::chrono::steady_clock::now() + 20s);
}

// To all hosts together, their robots.txt too: 4 requests at one in 40 ms.
TEST_F(FetcherTest, TheRateHoldsForAllHostsTogether) {
  options.requests_per_minute = 1'500;
  fetcher = make_fetcher(client, clock, options);
  test::SiteServer other;
  site.set("/p", {200, "body"});
  other.set("/p", {200, "body"});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(fetch(site.url("/p")).outcome, Outcome::fetched);
  EXPECT_EQ(fetch(other.url("/p")).outcome, Outcome::fetched);
  EXPECT_EQ(site.asked("/robots.txt") + other.asked("/robots.txt"), 2);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(120));
}

TEST_F(FetcherTest, HeadersForRobotsAreRead) {
  site.set("/p", {200, "b", "text/plain", {{"X-Robots-Tag", "noindex, noarchive"}, {"Content-Language", "fr"}}});
  const Observation seen = fetch(site.url("/p"));
  EXPECT_TRUE(seen.noindex && seen.noarchive && !seen.nofollow);
  EXPECT_EQ(seen.content_language, "fr");
}

TEST_F(FetcherTest, FilesHaveValidatorsLimitsAndAnEnd) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "a b.md") << "text";
  std::ofstream(folder / "big.md") << std::string(200'000, 'x');
  const std::string address = net::file_url((folder / "a b.md").string());
  const Observation seen = fetch(address);
  EXPECT_EQ(seen.outcome, Outcome::fetched) << seen.reason;
  EXPECT_EQ(seen.body, "text");
  EXPECT_EQ(fetch(address, seen.validators).outcome, Outcome::not_modified);
  EXPECT_EQ(fetch(net::file_url((folder / "big.md").string())).outcome, Outcome::refused);
  EXPECT_EQ(fetch(net::file_url((folder / "none.md").string())).outcome, Outcome::missing);
  EXPECT_EQ(fetch(net::file_url((folder / "no/folder.md").string())).outcome, Outcome::unreachable);
  EXPECT_EQ(fetch(net::file_url(folder.path().string())).outcome, Outcome::refused);
}

}  // namespace
}  // namespace renvoi::crawl
