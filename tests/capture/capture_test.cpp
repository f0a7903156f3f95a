// Addresses and web archives into a dataset: polite, guarded, with what the origin said about its use.
#include <gtest/gtest.h>

#include <fstream>

#include "capture/list_source.h"
#include "capture/signals.h"
#include "capture/warc_source.h"
#include "crawl/site_server.h"
#include "crawl/warc_support.h"
#include "io/temporary_folder.h"

namespace renvoi::capture {
namespace {

using dataset::Dataset;
using renvoi::test::SiteServer;
using renvoi::test::TemporaryFolder;

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Signals, LicenceAndOptOuts) {
  const auto facts = facts_of({{"content-type", "text/html"},
                               {"x-robots-tag", "renvoi: noai, NoImageAI"},
                               {"tdm-reservation", "1"},
                               {"link", "<https://a/>; rel=next, <https://l/by>; rel=\"license\""},
                               {"set-cookie", "secret=1"}},
                              "<html><META content='noindex, follow' name=robots>");
  EXPECT_EQ(facts.licence, "https://l/by");
  EXPECT_EQ(facts.opt_outs, (std::vector<std::string>{"noai", "noimageai", "noindex", "tdm-reservation"}));
  for (const auto& [name, value] : facts.headers) EXPECT_NE(name, "set-cookie");
  EXPECT_EQ(facts_of({{"content-type", "text/html"}}, "<a rel='license' href='/l'>x</a>").licence, "/l");
  EXPECT_TRUE(facts_of({{"content-type", "text/plain"}, {"x-robots-tag", "index, nothing-noais"}},
                       "<meta name=robots content=noai>")
                  .opt_outs.empty());
}

TEST(List, FetchesWhatRobotsAllowOnceAndKeepsWhatWasSaid) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  SiteServer site;
  site.set("/robots.txt", {200, "User-agent: *\nDisallow: /private/\n", "text/plain"});
  site.set("/a.png", {200, "\x89PNG\r\n\x1a\npixels", "image/png", {{"X-Robots-Tag", "noai"}}});
  site.set("/private/b.png", {200, "secret", "image/png"});
  site.set("/moved", {302, "", "text/plain", {{"Location", "/c.txt"}}});
  site.set("/c.txt", {200, "text of c", "text/plain"});
  write(folder / "list.csv", "url,label,licence,width\n" + site.url("/a.png") + ",cat,CC0,12\n" +
                                 site.url("/private/b.png") + ",dog,,\n" + site.url("/moved") + ",dog,,3\n" +
                                 site.url("/none") + ",,,\nnot an address,,,\n" + site.url("/a.png#again") +
                                 ",cat,,\n");
  const net::HttpClient::Options client_options;
  net::HttpClient client(client_options);
  const ManualClock clock(50);
  auto set = Dataset::open(*files, folder / "set", dataset::Mode::write);
  auto store = dataset::AssertionStore::open(*files, folder / "set", dataset::Mode::write);
  ASSERT_TRUE(set.ok() && store.ok());
  const ListOptions options{.addresses = net::AddressPolicy::allow_private,
                            .robots_agent = "renvoi",
                            .max_body_bytes = 1 << 20,
                            .min_delay_ms = 0};
  const auto run = [&](const ListOptions& with) {
    const auto source = list_source(*files, folder / "list.csv", client, clock, with);
    EXPECT_TRUE(source.ok()) << source.error().describe();
    auto report = dataset::capture(**set, store->get(), **source, clock);
    EXPECT_TRUE(report.ok()) << report.error().describe();
    return std::move(report).value();
  };
  EXPECT_EQ(run({}).added, 0U);  // the guard: loopback
  EXPECT_EQ(site.asked()["/a.png"], 0);
  // robots.txt that could not be asked for is asked again later: a new list, a new memory.
  const auto report = run(options);
  EXPECT_EQ(report.added, 2U);
  EXPECT_EQ(report.problem_count, 3U);  // disallowed, 404, no address
  EXPECT_EQ(site.asked()["/private/b.png"], 0);
  const auto asked = site.asked()["/a.png"];
  EXPECT_EQ(run(options).added, 0U);
  EXPECT_EQ(site.asked()["/a.png"], asked);

  ASSERT_EQ((*set)->count(), 2U);
  const dataset::Item first = *(*set)->item(0);
  EXPECT_EQ(first.facts.licence, "CC0");
  EXPECT_EQ(first.facts.opt_outs, std::vector<std::string>{"noai"});
  EXPECT_EQ(first.media_type, "image/png");
  EXPECT_EQ((*set)->item(1)->facts.final_address, site.url("/c.txt"));
  EXPECT_EQ((*set)->bytes(1).value_or("?"), "text of c");
  const auto assertions = *(*store)->of(0);
  ASSERT_EQ(assertions.size(), 2U);
  EXPECT_EQ(assertions[0].body.value, "cat");
  EXPECT_EQ(assertions[1].body.value, "{\"width\":\"12\"}");

  write(folder / "bad.csv", "a,b\n1,2\n");
  EXPECT_EQ(list_source(*files, folder / "bad.csv", client, clock).error().code, ErrorCode::invalid);
}

TEST(Warc, KeepsEveryAnswerWithItsDate) {
  const TemporaryFolder folder;
  const auto files = io::real_file_system();
  using namespace renvoi::test;
  write(folder / "a.warc",
        info() + record("https://e.org/a.png", http("PIXELS", "Content-Type: image/png\r\ntdm-reservation: 1\r\n")) +
            record("https://e.org/gone", http("no", "Content-Type: text/html\r\n", "404 Not Found")) +
            record("https://e.org/a.png", http("PIXELS 2", "Content-Type: image/png\r\n"),
                   {.date = "2025-01-01T00:00:00Z"}));
  auto set = Dataset::open(*files, folder / "set", dataset::Mode::write);
  ASSERT_TRUE(set.ok());
  for (int pass = 0; pass < 2; ++pass) {
    const auto source = warc_source(folder / "a.warc");
    ASSERT_TRUE(source.ok());
    const auto report = dataset::capture(**set, nullptr, **source, ManualClock(1));
    ASSERT_TRUE(report.ok()) << report.error().describe();
    EXPECT_EQ(report->added, pass == 0 ? 2U : 0U);
  }
  ASSERT_EQ((*set)->count(), 2U);
  EXPECT_EQ((*set)->item(0)->origin, "https://e.org/a.png");
  EXPECT_EQ((*set)->item(1)->origin, "https://e.org/a.png 2025-01-01T00:00:00Z");
  EXPECT_EQ((*set)->item(0)->captured_at, *parse_rfc3339("2024-05-01T12:00:00Z"));
  EXPECT_EQ((*set)->item(0)->facts.opt_outs, std::vector<std::string>{"tdm-reservation"});
  EXPECT_EQ((*set)->bytes(1).value_or("?"), "PIXELS 2");
}

}  // namespace
}  // namespace renvoi::capture
