#include "crawl/sync.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/date.h"
#include "base/hash.h"
#include "crawl/folder_sync.h"
#include "io/temporary_folder.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

TEST_F(SyncTest, ReadsWhatIsLinkedInScopeAndNothingElse) {
  site.set("/robots.txt", {200, "User-agent: *\nDisallow: /docs/private\n", "text/plain"});
  site.set_html("/docs/", "start",
                {"a", "a#part", "/docs/b?x=1", "/other/c", "photo.png", "private/d", "mailto:x@y.z"});
  site.set_html("/docs/a", "text of a", {"./", "b"});
  site.set_html("/docs/b", "text of b");
  site.set_html("/other/c", "elsewhere");
  site.set_html("/docs/private/d", "private");
  const SyncReport report = sync();
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.totals.new_documents, 4u);  // start, a, b and b?x=1
  EXPECT_EQ(site.asked("/docs/a"), 1);
  EXPECT_EQ(site.asked("/other/c"), 0);
  EXPECT_EQ(site.asked("/docs/private/d"), 0);
  EXPECT_EQ(site.asked("/docs/photo.png"), 0);
  EXPECT_EQ(showable(), 4u);
  EXPECT_EQ(find(site.url("/docs/a"))->language, "en");
  EXPECT_TRUE(catalog->frontier(source.id)->empty());
}

// What the page says comes first, then what the server says; a date of tomorrow is no date.
TEST_F(SyncTest, APageIsCataloguedWithItsTypeAndDate) {
  const auto dated = [&](const std::string& path, const std::string& head, const std::string& last_modified) {
    test::Page page{200, test::html("Page " + path, "text of " + path, {}, head)};
    if (!last_modified.empty()) page.headers = {{"Last-Modified", last_modified}};
    site.set(path, page);
  };
  site.set_html("/docs/", "start", {"both", "server", "future", "none", "older", "plain"});
  dated("/docs/both",
        "<meta property=article:published_time content=2024-05-06><meta property=article:modified_time "
        "content=2025-06-07>",
        "Mon, 01 Jan 2018 00:00:00 GMT");
  dated("/docs/server", "", "Mon, 01 Jan 2018 00:00:00 GMT");
  dated("/docs/future", "<meta property=article:published_time content=2031-01-01>", "Mon, 01 Jan 2018 00:00:00 GMT");
  dated("/docs/none", "<meta property=article:published_time content=1970-01-01>", "Fri, 01 Jan 2038 00:00:00 GMT");
  dated("/docs/older", "<meta property=article:published_time content=1804-03-21>", "");
  site.set("/docs/plain", {200, "Plain words, enough of them to be a text that is worth reading.\n", "text/plain"});
  sync();
  const auto facts = [&](const std::string& path) {
    const auto found = find(site.url(path));
    return found ? found->type + " " + (found->date == 0 ? "-" : to_date(found->date)) : "";
  };
  EXPECT_EQ(facts("/docs/both"), "html 2025-06-07");
  EXPECT_EQ(facts("/docs/server"), "html 2018-01-01");
  EXPECT_EQ(facts("/docs/future"), "html 2018-01-01");
  EXPECT_EQ(facts("/docs/none"), "html -");
  EXPECT_EQ(facts("/docs/older"), "html 1804-03-21");
  EXPECT_EQ(facts("/docs/plain"), "text -");
  // The same text with another date: told, and not indexed again.
  dated("/docs/server", "<meta property=article:modified_time content=2026-01-02>", "");
  options.force = true;
  EXPECT_EQ(sync().totals.changed_documents, 0U);
  EXPECT_EQ(facts("/docs/server"), "html 2026-01-02");
}

TEST_F(SyncTest, DepthIsLimited) {
  source.policy.max_depth = 2;
  for (int i = 0; i < 5; ++i)
    site.set_html("/docs/" + (i == 0 ? "" : std::to_string(i)), "page " + std::to_string(i), {std::to_string(i + 1)});
  EXPECT_EQ(sync().totals.new_documents, 3u);
}

TEST_F(SyncTest, TheLimitOfPagesIsKeptAndTheRestWaits) {
  source.policy.max_pages = 3;
  std::vector<std::string> links;
  for (int i = 0; i < 9; ++i) {
    links.push_back(std::to_string(i));
    site.set_html("/docs/" + std::to_string(i), "page " + std::to_string(i));
  }
  site.set_html("/docs/", "start", links);
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.new_documents, 3u);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(catalog->frontier(source.id)->size(), 7u);
  source.policy.max_pages = 100;
  EXPECT_EQ(sync().totals.new_documents, 7u);
}

TEST_F(SyncTest, AnInterruptedCrawlGoesOnAndFetchesNothingTwice) {
  std::vector<std::string> links;
  for (int i = 0; i < 8; ++i) {
    links.push_back(std::to_string(i));
    site.set_html("/docs/" + std::to_string(i), "page " + std::to_string(i));
  }
  site.set_html("/docs/", "start", links);
  AcknowledgingSink first(*catalog, clock);
  first.stop_after = 4;
  (void)sync(first);
  EXPECT_EQ(first.documents.size(), 4u);
  AcknowledgingSink second(*catalog, clock);
  const auto report = sync(second);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(second.documents.size(), 5u);
  EXPECT_EQ(showable(), 9u);
  int twice = 0;
  for (const auto& [path, times] : site.asked())
    if (path != "/robots.txt" && times > 1) twice += times - 1;
  EXPECT_LE(twice, 1);  // the one that was being read
}

TEST_F(SyncTest, UnchangedPagesAreNotReadAgainAndChangedOnesAre) {
  site.set("/docs/", {200, test::html("Start", "start", {"a", "b"}), "text/html", {{"ETag", "\"1\""}}});
  site.set_html("/docs/a", "first");
  site.set_html("/docs/b", "same");
  sync();
  site.forget();
  EXPECT_EQ(sync().totals.fetched, 0u);  // checked a moment ago
  EXPECT_EQ(site.asked("/docs/"), 0);
  clock.advance(86'401);
  site.set_html("/docs/a", "second");
  site.set("/docs/b", {200, "<!-- another comment -->" + test::html("Page /docs/b", "same")});
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.changed_documents, 1u);
  EXPECT_EQ(report.totals.unchanged, 2u);
  EXPECT_EQ(report.totals.new_documents, 0u);
}

TEST_F(SyncTest, WhatIsNotIndexedIsNeverTakenFor304) {
  site.set("/docs/", {200, test::html("Start", "start"), "text/html", {{"ETag", "\"1\""}}});
  sync();
  Reference reference = *find(site.url("/docs/"));
  reference.indexed = false;
  ASSERT_TRUE(catalog->update_reference(reference, clock.now()).ok());
  sync();
  EXPECT_TRUE(find(site.url("/docs/"))->indexed);
}

TEST_F(SyncTest, AMissingPageIsHiddenAtOnceAndGoneAfterAWeek) {
  site.set_html("/docs/", "start", {"a", "b", "c", "d"});
  for (const char* path : {"/docs/a", "/docs/b", "/docs/c", "/docs/d"}) site.set_html(path, path);
  sync();
  site.remove("/docs/a");
  clock.advance(86'401);
  EXPECT_FALSE(sync().held);
  EXPECT_EQ(state("/docs/a"), ReferenceState::suspect);
  EXPECT_EQ(showable(), 4u);
  clock.advance(3'601);
  sync();
  clock.advance(7 * 86'400);
  EXPECT_EQ(sync().totals.gone, 1u);
  EXPECT_EQ(state("/docs/a"), ReferenceState::gone);
  site.set_html("/docs/a", "it is back");
  clock.advance(31 * 86'400);
  sync();
  EXPECT_EQ(state("/docs/a"), ReferenceState::live);
  EXPECT_EQ(showable(), 5u);
}

TEST_F(SyncTest, WhenMostOfASiteIsMissingNothingIsDeclaredDead) {
  site.set_html("/docs/", "start", {"a", "b", "c", "d"});
  for (const char* path : {"/docs/a", "/docs/b", "/docs/c", "/docs/d"}) site.set_html(path, path);
  sync();
  for (const char* path : {"/docs/a", "/docs/b", "/docs/c"}) site.set(path, {410, ""});
  for (int day = 0; day < 5; ++day) {
    clock.advance(8 * 86'400);
    const SyncReport report = sync();
    EXPECT_TRUE(report.held);
    EXPECT_EQ(report.totals.gone, 0u);
  }
  EXPECT_EQ(state("/docs/a"), ReferenceState::suspect);
  EXPECT_EQ(showable(), 2u);
}

TEST_F(SyncTest, AHostInTroubleIsLeftAloneAndItsPagesStay) {
  std::vector<std::string> links;
  for (int i = 0; i < 20; ++i) {
    links.push_back(std::to_string(i));
    site.set_html("/docs/" + std::to_string(i), "page " + std::to_string(i));
  }
  site.set_html("/docs/", "start", links);
  sync();
  for (int i = 0; i < 20; ++i) site.set("/docs/" + std::to_string(i), {500, ""});
  site.set("/docs/", {500, ""});
  clock.advance(86'401);
  const SyncReport report = sync();
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.totals.fetched, 5u);
  EXPECT_EQ(showable(), 21u);
}

TEST_F(SyncTest, NoindexIsNotIndexedAndLeaves) {
  site.set_html("/docs/", "start", {"a", "b"}, "<meta name=robots content=noindex>");
  site.set_html("/docs/a", "a");
  site.set("/docs/b", {200, test::html("B", "b"), "text/html", {{"X-Robots-Tag", "noindex"}}});
  EXPECT_EQ(sync().totals.new_documents, 1u);
  site.set_html("/docs/a", "a", {}, "<meta name=robots content=noindex>");
  clock.advance(86'401);
  EXPECT_EQ(sync().totals.gone, 1u);
  EXPECT_EQ(showable(), 0u);
}

TEST_F(SyncTest, OneOfTwoAddressesOfAPageIsIndexed) {
  site.set_html("/docs/", "start", {"a?print=1", "a"});
  site.set_html("/docs/a", "a", {}, "<link rel=canonical href=/docs/a>");
  EXPECT_EQ(sync().totals.new_documents, 2u);
  EXPECT_TRUE(find(site.url("/docs/a")).has_value());
  EXPECT_FALSE(find(site.url("/docs/a?print=1")).has_value());
}

TEST_F(SyncTest, ACanonicalThatIsNotThereLosesNothing) {
  site.set_html("/docs/", "start", {"a", "b", "x", "y"});
  site.set_html("/docs/b", "b", {}, "<link rel=canonical href=/docs/none>");
  site.set_html("/docs/a", "a", {}, "<link rel=canonical href=/docs/none>");
  site.set_html("/docs/x", "x", {}, "<link rel=canonical href=/docs/y>");
  site.set_html("/docs/y", "y", {}, "<link rel=canonical href=/docs/x>");
  sync();
  EXPECT_TRUE(find(site.url("/docs/a")).has_value());
  EXPECT_TRUE(find(site.url("/docs/b")).has_value());
  EXPECT_TRUE(find(site.url("/docs/x")).has_value() || find(site.url("/docs/y")).has_value());
}

TEST_F(SyncTest, RedirectsKeepOrChangeTheAddress) {
  site.set_html("/docs/", "start", {"old", "now", "out"});
  site.set("/docs/old", {301, "", "text/plain", {{"Location", "/docs/new"}}});
  site.set("/docs/now", {302, "", "text/plain", {{"Location", "/docs/today"}}});
  site.set("/docs/out", {302, "", "text/plain", {{"Location", "/elsewhere/x"}}});
  site.set_html("/docs/new", "new");
  site.set_html("/docs/today", "today");
  site.set_html("/elsewhere/x", "x");
  EXPECT_EQ(sync().totals.new_documents, 3u);
  EXPECT_TRUE(find(site.url("/docs/new")).has_value());
  EXPECT_TRUE(find(site.url("/docs/now")).has_value());
  EXPECT_FALSE(find(site.url("/docs/today")).has_value());
}

TEST_F(SyncTest, APageThatMovesForGoodIsMoved) {
  read_a_that_then_leads_to_b();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(find(site.url("/docs/a"))->address, site.url("/docs/a"));
    EXPECT_EQ(state("/docs/a"), ReferenceState::live);
    clock.advance(4 * 86'400);
    sync();
  }
  EXPECT_EQ(state("/docs/a"), ReferenceState::moved);
  EXPECT_EQ(find(site.url("/docs/a"))->address, site.url("/docs/b"));
}

TEST_F(SyncTest, AnOldAddressThatGetsAPageOfItsOwnIsReadAndAskedForSeldomUntilThen) {
  read_a_that_then_leads_to_b();
  for (int i = 0; i < 2; ++i) {
    clock.advance(4 * 86'400);
    sync();
  }
  ASSERT_EQ(find(site.url("/docs/a"))->address, site.url("/docs/b"));
  site.forget();
  for (int day = 0; day < 20; ++day) {
    site.set_html("/docs/", "start of day " + std::to_string(day), {"a"});  // names the old address
    clock.advance(86'400);
    sync();
  }
  EXPECT_GE(site.asked("/docs/a"), 2);
  EXPECT_LE(site.asked("/docs/a"), 3) << "once a week";
  EXPECT_EQ(find(site.url("/docs/a"))->address, site.url("/docs/b"));
  site.set_html("/docs/a", "another text at the old address");
  for (int day = 0; day < 8; ++day) {
    site.set_html("/docs/", "start of week " + std::to_string(day), {"a"});
    clock.advance(86'400);
    sync();
  }
  const auto own = find(site.url("/docs/a"));
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->address, site.url("/docs/a"));
  EXPECT_EQ(state("/docs/b"), ReferenceState::live);
  EXPECT_EQ(showable(), 3u);
}

TEST_F(SyncTest, WhatIsGoneIsArchivedWhereItsSourceServesItAndTheCacheHasIt) {
  source.policy.retention = catalog::Retention::text;
  source.policy.serve_gone = true;
  bool cached = true;
  options.is_cached = [&](const Reference&) { return cached; };
  site.set_html("/docs/", "start", {"a", "b", "c", "d"});
  for (const char* path : {"/docs/a", "/docs/b", "/docs/c", "/docs/d"}) site.set_html(path, path);
  sync();
  site.remove("/docs/a");
  for (int week = 0; week < 20; ++week) {
    clock.advance(8 * 86'400);
    sync();
    EXPECT_EQ(state("/docs/a"), ReferenceState::archived);
    EXPECT_EQ(showable(), 5u);
  }
  site.forget();
  for (int day = 0; day < 60; ++day) {
    clock.advance(86'400);
    sync();
  }
  EXPECT_LE(site.asked("/docs/a"), 3) << "as seldom as a tombstone";
  // The cache needed its room.
  cached = false;
  clock.advance(31 * 86'400);
  sync();
  EXPECT_EQ(state("/docs/a"), ReferenceState::gone);
  EXPECT_EQ(showable(), 4u);
}

TEST_F(SyncTest, WrongTypesEmptyAndBrokenPagesAreProblemsNotTheEnd) {
  site.set_html("/docs/", "start", {"binary", "empty", "loop", "good", "gone"});
  site.set("/docs/binary", {200, std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", 18), "image/png"});
  site.set("/docs/empty", {200, ""});
  site.set("/docs/loop", {302, "", "text/plain", {{"Location", "/docs/loop"}}});
  site.set_html("/docs/good", "good");
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.new_documents, 2u);
  EXPECT_EQ(report.problems.size(), 4u);
  for (const auto& problem : report.problems) EXPECT_FALSE(problem.reason.empty()) << problem.address;
}

TEST_F(SyncTest, AStartThatIsNotThereIsAnError) {
  AcknowledgingSink sink(*catalog, clock);
  EXPECT_EQ(sync(sink).error().code, ErrorCode::not_found);
  source.policy.allow_private_addresses = false;
  EXPECT_EQ(sync(sink).error().code, ErrorCode::denied);
}

TEST_F(SyncTest, ASitemapIsReadWithItsChildrenAndRaisesTombstones) {
  source.kind = SourceKind::sitemap;
  source.address = site.url("/sitemap.xml");
  site.set("/sitemap.xml", {200,
                            "<sitemapindex><sitemap><loc>" + site.url("/s1.txt") + "</loc></sitemap><sitemap><loc>" +
                                site.url("/sitemap.xml") + "</loc></sitemap></sitemapindex>",
                            "text/xml"});
  site.set("/s1.txt", {200, site.url("/a") + "\n" + site.url("/b") + "\nhttps://elsewhere.test/c\n", "text/plain"});
  site.set_html("/a", "a", {"/unlisted"});
  site.set_html("/b", "b");
  site.set_html("/unlisted", "unlisted");
  EXPECT_EQ(sync().totals.new_documents, 2u);
  EXPECT_EQ(site.asked("/unlisted"), 0);
  Reference dead = *find(site.url("/b"));
  dead.state = ReferenceState::gone;
  dead.indexed = false;
  dead.next_check_at = clock.now() + 90 * 86'400;
  ASSERT_TRUE(catalog->update_reference(dead, clock.now()).ok());
  sync();
  EXPECT_EQ(state("/b"), ReferenceState::gone);  // looked at a moment ago, and the sitemap has no news of it
  clock.advance(86'401);
  sync();
  EXPECT_EQ(state("/b"), ReferenceState::live);
}

TEST_F(FolderSyncTest, FollowsWhatHappensToItsFiles) {
  write("a.md", "# A\n\nThe first text, a whole sentence of it.\n");
  write("sub/b.txt", "The second text, a whole sentence of it.\n");
  write("bad.txt", std::string("\0\1\2\3\0\0", 6));
  const SyncReport first = sync();
  EXPECT_EQ(first.totals.new_documents, 2u);
  EXPECT_EQ(first.problems.size(), 1u);
  const SyncReport second = sync();
  EXPECT_EQ(second.totals.unchanged, 2u);
  write("a.md", "# A\n\nAnother text, which is longer than the first one was.\n");
  fs::remove(folder / "docs/sub/b.txt");
  const SyncReport third = sync();
  EXPECT_EQ(third.totals.changed_documents, 1u);
  EXPECT_EQ(third.totals.gone, 1u);
  EXPECT_EQ(showable(), 1u);
}

TEST_F(FolderSyncTest, AFolderThatVanishesTakesNothingWithIt) {
  for (int i = 0; i < 12; ++i)
    write(std::to_string(i) + ".txt", "Some text of file number " + std::to_string(i) + ".\n");
  sync();
  fs::rename(folder / "docs", folder / "away");
  EXPECT_TRUE(sync().held);
  fs::create_directories(folder / "docs");
  EXPECT_TRUE(sync().held);
  EXPECT_EQ(showable(), 12u);
}

}  // namespace
}  // namespace renvoi::crawl
