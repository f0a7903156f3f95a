// A pass over each kind of source that lists addresses, or holds documents of its own.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "crawl/folder_walk.h"
#include "crawl/quiet_paths.h"
#include "crawl/sync_pass.h"
#include "crawl/warc_support.h"
#include "io/temporary_folder.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;
using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

class Acknowledge final : public SyncSink {
 public:
  Acknowledge(catalog::Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}
  Result<void> on_document(const Reference& reference, extract::Document, bool changed) override {
    return catalog_.update_reference(reference, clock_.now(), changed ? "changed" : "added");
  }
  Result<void> on_state(const Reference& reference, const std::string& event) override {
    Reference written = reference;
    if (written.state == ReferenceState::gone) written.indexed = false;
    return catalog_.update_reference(written, clock_.now(), event);
  }

 private:
  catalog::Catalog& catalog_;
  const Clock& clock_;
};

class SourceKinds : public testing::Test {
 protected:
  catalog::Source source(SourceKind kind, const std::string& address) {
    catalog::Source source;
    source.kind = kind;
    source.address = address;
    source.policy.allow_private_addresses = true;
    source.policy.min_delay_ms = 0;
    return *catalog->add_source(source);
  }
  Result<SyncReport> try_sync(const catalog::Source& of) {
    Acknowledge sink(*catalog, clock);
    return sync_source(of, *catalog, *fetcher, clock, sink, options);
  }
  SyncReport sync(const catalog::Source& of) {
    auto report = try_sync(of);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report ? *report : SyncReport{};
  }
  std::optional<Reference> find(const std::string& address) { return *catalog->find_reference(address); }
  bool shown(const std::string& address) {
    const auto found = find(address);
    return found && found->indexed && may_be_shown(found->state);
  }
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary | std::ios::trunc) << bytes;
    return fs::canonical(folder / name).string();
  }
  void set_feed(const std::string& path, const std::string& entries) {
    site.set(path, {200, "<feed xmlns='http://www.w3.org/2005/Atom'>" + entries + "</feed>", "application/atom+xml"});
  }
  static std::string entry(const std::string& href, const std::string& updated) {
    return "<entry><link href='" + href + "'/><updated>" + updated + "</updated></entry>";
  }

  test::TemporaryFolder folder;
  test::SiteServer site;
  ManualClock clock{1'800'000'000};  // 2027-01-15T08:00:00Z
  net::HttpClient client{net::HttpClient::Options{}};
  std::unique_ptr<Fetcher> fetcher = make_fetcher(client, clock);
  std::unique_ptr<catalog::Catalog> catalog =
      std::move(catalog::Catalog::open(folder / "catalog.db", catalog::Catalog::Mode::write)).value();
  SyncOptions options;
};

TEST_F(SourceKinds, AFeedForgetsAndItsReferencesStay) {
  for (const char* path : {"/1", "/2", "/3"}) site.set_html(path, std::string("text of ") + path, {"/unlisted"});
  site.set_html("/unlisted", "unlisted");
  set_feed("/feed", entry("/1", "2020-01-01T00:00:00Z") + entry("/2", "2020-01-01T00:00:00Z"));
  const auto feed = source(SourceKind::feed, site.url("/feed"));
  EXPECT_EQ(sync(feed).totals.new_documents, 2u);
  EXPECT_EQ(site.asked("/unlisted"), 0);
  set_feed("/feed", entry("/3", "2020-01-01T00:00:00Z"));
  clock.advance(86'401);
  EXPECT_EQ(sync(feed).totals.new_documents, 1u);
  EXPECT_EQ(site.asked("/1"), 2);  // no longer listed: its own interval
  EXPECT_TRUE(shown(site.url("/1")));
  EXPECT_TRUE(shown(site.url("/3")));
}

TEST_F(SourceKinds, DatesDecideWhenAPageIsLookedAt) {
  site.set_html("/1", "first");
  set_feed("/feed", entry("/1", "2020-01-01T00:00:00Z"));
  const auto feed = source(SourceKind::feed, site.url("/feed"));
  sync(feed);
  clock.advance(86'400 * 3 / 2);  // past the interval: but the feed says that nothing happened
  sync(feed);
  EXPECT_EQ(site.asked("/1"), 1);
  site.set_html("/1", "second");
  set_feed("/feed", entry("/1", to_rfc3339(clock.now())));
  clock.advance(60);
  EXPECT_EQ(sync(feed).totals.changed_documents, 1u);
  set_feed("/feed", entry("/1", to_rfc3339(clock.now() + 30)));
  clock.advance(60);
  sync(feed);
  EXPECT_EQ(site.asked("/1"), 2);  // changed again, but looked at a minute ago
  clock.advance(3'600);
  sync(feed);
  EXPECT_EQ(site.asked("/1"), 3);
  clock.advance(7 * 86'400);
  sync(feed);
  EXPECT_EQ(site.asked("/1"), 4);  // even an unchanged page may be gone
}

TEST_F(SourceKinds, AFeedThatIsNoneOrLinksNowhereIsAProblem) {
  site.set("/feed", {200, "<rss><channel><item><title>x</title></item></channel></rss>", "text/xml"});
  const auto feed = source(SourceKind::feed, site.url("/feed"));
  const SyncReport report = sync(feed);
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_NE(report.problems[0].reason.find("links to a page"), std::string::npos);
  site.set("/feed", {200, "<html>", "text/html"});
  EXPECT_EQ(try_sync(feed).error().code, ErrorCode::invalid);
  site.remove("/feed");
  EXPECT_EQ(try_sync(feed).error().code, ErrorCode::not_found);
}

TEST_F(SourceKinds, AListKeepsItsAddressesAndDropsWhatItDrops) {
  site.set_html("/a", "text a", {}, "<link rel=canonical href=/other>");
  site.set("/b", {301, "", "text/plain", {{"Location", "/target"}}});
  site.set_html("/target", "text b");
  site.set_html("/other", "other");
  const std::string file = write("urls.txt", site.url("/a") + "\n" + site.url("/b") + "\n");
  const auto list = source(SourceKind::list, file);
  EXPECT_EQ(sync(list).totals.new_documents, 2u);
  for (int i = 0; i < 2; ++i) {
    clock.advance(86'401);
    EXPECT_EQ(sync(list).totals.new_documents, 0u);
    EXPECT_TRUE(shown(site.url("/a")));
    EXPECT_TRUE(shown(site.url("/b")));
  }
  write("urls.txt", site.url("/a") + "\n");
  EXPECT_EQ(sync(list).totals.gone, 1u);
  EXPECT_FALSE(shown(site.url("/b")));
  clock.advance(200 * 86'400);
  site.forget();
  sync(list);
  EXPECT_EQ(site.asked("/b"), 0);  // not asked for any more
  write("urls.txt", site.url("/a") + "\n" + site.url("/b") + "\n");
  sync(list);
  EXPECT_TRUE(shown(site.url("/b")));
  fs::remove(file);
  const SyncReport lost = sync(list);
  EXPECT_FALSE(lost.complete);
  EXPECT_TRUE(shown(site.url("/a")));
}

TEST_F(SourceKinds, AListThatIsSuddenlyEmptyRemovesNothing) {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    site.set_html("/" + std::to_string(i), "text number " + std::to_string(i));
    text += site.url("/" + std::to_string(i)) + "\n";
  }
  const std::string file = write("urls.txt", text);
  const auto list = source(SourceKind::list, file);
  EXPECT_EQ(sync(list).totals.new_documents, 12u);
  write("urls.txt", "# nothing\n");
  EXPECT_TRUE(sync(list).held);
  EXPECT_TRUE(shown(site.url("/3")));
}

TEST_F(SourceKinds, OpmlThatNamesItselfEnds) {
  site.set_html("/1", "one");
  set_feed("/feed", entry("/1", "2020-01-01T00:00:00Z"));
  std::string others;
  for (int i = 0; i < 100; ++i) others += "<outline type='include' url='/o" + std::to_string(i) + ".opml'/>";
  for (int i = 0; i < 100; ++i)
    site.set("/o" + std::to_string(i) + ".opml", {200, "<opml><body>" + others + "</body></opml>", "text/xml"});
  const std::string body = "<opml><body><outline type='include' url='/self.opml'/><outline xmlUrl='/feed'/>" + others +
                           "<outline xmlUrl='/none'/></body></opml>";
  site.set("/self.opml", {200, body, "text/xml"});
  const SyncReport report = sync(source(SourceKind::opml, site.url("/self.opml")));
  EXPECT_EQ(report.totals.new_documents, 1u);
  EXPECT_EQ(report.problems.size(), 1u);  // the feed that is not there
  EXPECT_EQ(site.asked("/self.opml"), 1);
  int asked = 0;
  for (const auto& [path, times] : site.asked())
    if (path.starts_with("/o")) asked += times;
  EXPECT_EQ(asked, 19);
}

TEST_F(SourceKinds, ASiteIsSeededByTheSitemapsOfItsRobots) {
  site.set("/robots.txt", {200, "Sitemap: " + site.url("/index.xml") + "\nSitemap: " + site.url("/index.xml") + "\n"});
  site.set("/index.xml", {200, "<sitemapindex><sitemap><loc>" + site.url("/s.xml") + "</loc></sitemap><sitemap><loc>" +
                                   site.url("/nested.xml") + "</loc></sitemap></sitemapindex>"});
  site.set("/nested.xml",
           {200, "<sitemapindex><sitemap><loc>" + site.url("/deep.xml") + "</loc></sitemap></sitemapindex>"});
  site.set("/s.xml", {200, test::compress("<urlset><url><loc>" + site.url("/docs/hidden") + "</loc></url><url><loc>" +
                                          site.url("/elsewhere") + "</loc></url></urlset>")});
  site.set_html("/docs/", "start");
  site.set_html("/docs/hidden", "hidden");
  auto docs = source(SourceKind::site, site.url("/docs/"));
  EXPECT_EQ(sync(docs).totals.new_documents, 1u);
  EXPECT_EQ(site.asked("/index.xml"), 0);
  docs.policy.use_sitemaps = true;
  ASSERT_TRUE(catalog->update_source(docs).ok());
  docs = *catalog->source(docs.id);
  EXPECT_TRUE(docs.policy.use_sitemaps);
  EXPECT_TRUE(docs.policy.obey_robots);
  const SyncReport report = sync(docs);
  EXPECT_EQ(report.totals.new_documents, 1u);
  EXPECT_TRUE(shown(site.url("/docs/hidden")));
  EXPECT_EQ(site.asked("/index.xml"), 1);
  EXPECT_EQ(site.asked("/deep.xml"), 0);  // an index in an index is not followed
  EXPECT_EQ(site.asked("/elsewhere"), 0);
  EXPECT_EQ(report.problems.size(), 1u);
}

TEST_F(SourceKinds, AnArchiveIsItsOwnWitness) {
  using test::answer;
  const std::string one = "https://gone.test/1", two = "https://gone.test/2";
  const std::string file = write("a.warc", answer(one, "text one") + answer(two, "text two"));
  const auto archive = source(SourceKind::archive, file);
  EXPECT_EQ(sync(archive).totals.new_documents, 2u);
  EXPECT_EQ(to_rfc3339(find(one)->checked_at), "2024-05-01T12:00:00Z");
  clock.advance(400 * 86'400);
  const SyncReport again = sync(archive);
  EXPECT_EQ(again.totals.fetched, 0u);
  EXPECT_EQ(again.totals.skipped, 2u);
  // As at answer time.
  const Observation seen = fetcher->fetch(request_for(*find(one), archive));
  EXPECT_EQ(seen.outcome, Outcome::fetched);
  EXPECT_NE(seen.body.find("text one"), std::string::npos);
  // Read again, as after an encoding put off.
  options.only = {{find(one)->id}};
  EXPECT_EQ(sync(archive).totals.fetched, 1u);
  options.only.reset();
  write("a.warc", answer(one, "text one, revised", {.date = "2025-01-01T00:00:00Z"}));
  const SyncReport changed = sync(archive);
  EXPECT_EQ(changed.totals.changed_documents, 1u);
  EXPECT_EQ(changed.totals.gone, 1u);
  EXPECT_EQ(to_rfc3339(find(one)->checked_at), "2025-01-01T00:00:00Z");
  write("a.warc", answer(one, "text one, revised").substr(0, 300));
  EXPECT_TRUE(sync(archive).held);
  fs::remove(file);
  EXPECT_TRUE(sync(archive).held);
  EXPECT_TRUE(shown(one));
}

TEST_F(SourceKinds, ALivePageIsWorthMoreThanARecordedOneAndThatMoreThanNone) {
  const std::string address = site.url("/docs/");
  site.set_html("/docs/", "the live text");
  const auto archive = source(SourceKind::archive, write("a.warc", test::answer(address, "the recorded text")));
  const auto docs = source(SourceKind::site, address);
  sync(archive);
  EXPECT_EQ(find(address)->source, archive.id);
  sync(docs);
  EXPECT_EQ(find(address)->source, docs.id);
  const std::uint64_t live = find(address)->fingerprint;
  EXPECT_EQ(sync(archive).totals.new_documents, 0u);
  EXPECT_EQ(find(address)->fingerprint, live);
  Reference dead = *find(address);
  dead.state = ReferenceState::gone;
  dead.indexed = false;
  ASSERT_TRUE(catalog->update_reference(dead, clock.now()).ok());
  sync(archive);
  EXPECT_EQ(find(address)->source, archive.id);
  EXPECT_TRUE(shown(address));
  EXPECT_NE(find(address)->fingerprint, live);
}

TEST_F(SourceKinds, RecogniseAsksOnceAndLeavesTheRestAlone) {
  set_feed("/x", "");
  site.set_html("/y", "page");
  catalog::Source given;
  given.policy.allow_private_addresses = true;
  const auto kind = [&](const std::string& path, SourceKind described = SourceKind::site) {
    given.kind = described;
    given.address = site.url(path);
    return recognise_source(given, *fetcher).kind;
  };
  EXPECT_EQ(kind("/x"), SourceKind::feed);
  EXPECT_EQ(kind("/y"), SourceKind::site);
  EXPECT_EQ(kind("/none"), SourceKind::site);
  EXPECT_EQ(kind("/x", SourceKind::url), SourceKind::url);
  EXPECT_EQ(site.asked("/x"), 1);
}

TEST_F(SourceKinds, SomePathsOfAFolderAreWhatAWholePassFinds) {
  fs::create_directories(folder / "docs/sub");
  const auto put = [&](const std::string& name, const std::string& text) { write("docs/" + name, text); };
  const std::string root = fs::canonical(folder / "docs").string();
  const auto docs = source(SourceKind::folder, root);
  put("a.md", "Text of file a, which is a sentence.\n");
  put("sub/b.md", "Text of file b, which is a sentence.\n");
  put("c.md", "Text of file c, which is a sentence.\n");
  EXPECT_EQ(sync(docs).totals.new_documents, 3u);
  put("a.md", "Another text of file a, which is a longer sentence.\n");
  put("c.md", "Another text of file c, which nobody tells of.\n");
  put("sub/d.md", "Text of file d, which is a sentence.\n");
  put(".hidden.md", "Hidden text, which is a sentence.\n");
  fs::remove(folder / "docs/sub/b.md");
  options.paths = {
      {root + "/a.md", root + "/sub", root + "/.hidden.md", root + "/none", "/etc/passwd", root + "/../x"}};
  const SyncReport part = sync(docs);
  EXPECT_EQ(part.totals.changed_documents, 1u);
  EXPECT_EQ(part.totals.new_documents, 1u);
  EXPECT_EQ(part.totals.gone, 1u);
  EXPECT_FALSE(find(net::file_url(root + "/.hidden.md")).has_value());
  options.paths = {{root + "/a.mdx", root + "/su"}};  // names that only begin like others
  EXPECT_EQ(sync(docs).totals.gone, 0u);
  fs::remove_all(folder / "docs/sub");
  options.paths = {{root + "/sub"}};
  EXPECT_EQ(sync(docs).totals.gone, 1u);
  options.paths.reset();
  EXPECT_EQ(sync(docs).totals.changed_documents, 1u);
  fs::rename(root, folder / "away");
  options.paths = {{root + "/a.md"}};
  EXPECT_TRUE(sync(docs).held);
  EXPECT_TRUE(shown(net::file_url(root + "/a.md")));
}

TEST(QuietPaths, AreThoseThatDidNotChangeForAWhile) {
  using std::chrono::milliseconds;
  QuietPaths paths(milliseconds(1'000), 3);
  const QuietPaths::Time start{};
  const auto at = [&](int ms) { return start + milliseconds(ms); };
  EXPECT_TRUE(paths.changed({"a", "b"}, at(0)));
  EXPECT_TRUE(paths.changed({"a"}, at(900)));
  EXPECT_TRUE(paths.take(at(999)).empty());
  EXPECT_EQ(paths.take(at(1'000)), std::set<std::string>{"b"});
  EXPECT_EQ(paths.take(at(1'900)), std::set<std::string>{"a"});
  EXPECT_EQ(paths.size(), 0u);
  paths.put_back({"a"}, at(2'000));
  EXPECT_EQ(paths.take(at(2'000)), std::set<std::string>{"a"});
  EXPECT_FALSE(paths.changed({"1", "2", "3", "4"}, at(3'000)));
  EXPECT_EQ(paths.size(), 0u);
}

}  // namespace
}  // namespace renvoi::crawl
