// One pass over several hosts: at once, each one thing at a time, and with the same end as one page after the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <random>
#include <thread>

#include "crawl/site_server.h"
#include "crawl/sync.h"
#include "io/temporary_folder.h"
#include "net/url.h"

namespace renvoi::crawl {
namespace {

using namespace std::chrono_literals;
using catalog::Reference;
using catalog::SourceKind;

class Index final : public SyncSink {
 public:
  Index(catalog::Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}
  Result<void> on_document(const Reference& reference, extract::Document, bool changed) override {
    documents.push_back(reference.address);
    return catalog_.update_reference(reference, clock_.now(), changed ? "changed" : "added");
  }
  Result<void> on_state(const Reference& reference, const std::string& event) override {
    Reference written = reference;
    if (written.state == catalog::ReferenceState::gone) written.indexed = false;
    return catalog_.update_reference(written, clock_.now(), event);
  }
  std::vector<std::string> documents;

 private:
  catalog::Catalog& catalog_;
  const Clock& clock_;
};

Observation fetched(const std::string& address, std::string body) {
  Observation seen;
  seen.outcome = Outcome::fetched;
  seen.status = 200;
  seen.final_address = address;
  seen.content_type = "text/html; charset=utf-8";
  seen.body = std::move(body);
  return seen;
}

Observation missing(const std::string& address) {
  Observation seen;
  seen.outcome = Outcome::missing;
  seen.status = 404;
  seen.reason = "HTTP 404";
  seen.final_address = address;
  return seen;
}

// A web of pages in memory. Notes what it was asked, and whether a host was ever asked twice at once.
class PaperWeb final : public Fetcher {
 public:
  Observation fetch(const Request& request, std::stop_token stop) override {
    const auto url = net::Url::parse(request.address);
    const std::string host = url->origin();
    Observation seen = missing(request.address);
    {
      const std::scoped_lock lock(mutex_);
      twice |= !running_.insert(host).second;
      most = std::max(most, running_.size());
      asked.push_back(request.address);
      if (const auto found = pages.find(request.address); found != pages.end()) seen = found->second;
    }
    if (during) during(request, stop);
    const std::scoped_lock lock(mutex_);
    running_.erase(host);
    seen.at = 1'800'000'000;
    return seen;
  }
  std::chrono::steady_clock::time_point turn(const Request& request) override {
    const std::scoped_lock lock(mutex_);
    const auto found = turns.find(net::Url::parse(request.address)->origin());
    return found == turns.end() ? std::chrono::steady_clock::time_point{} : found->second;
  }
  std::map<std::string, Observation> pages;
  std::map<std::string, std::chrono::steady_clock::time_point> turns;
  std::function<void(const Request&, std::stop_token)> during;
  std::vector<std::string> asked;
  bool twice = false;
  std::size_t most = 0;  // hosts at once

 private:
  std::mutex mutex_;
  std::set<std::string> running_;
};

// A source whose addresses are what the test says, on any host.
class SeveralHosts : public testing::Test {
 protected:
  SeveralHosts() {
    clear();
    source.kind = SourceKind::list;
    source.address = kList;
    source.policy.min_delay_ms = 0;
    options.probe = false;
  }
  void clear() {
    catalog =
        std::move(catalog::Catalog::open(folder / (std::to_string(++catalogs_) + ".db"), catalog::Catalog::Mode::write))
            .value();
    source.id = SourceId::none;
  }
  void list(const std::vector<std::string>& addresses) {
    std::string text;
    for (const std::string& address : addresses) text += address + "\n";
    Observation seen = fetched(kList, text);
    seen.content_type = "text/plain";
    web.pages[kList] = std::move(seen);
  }
  static std::string address(int host, int page) {
    return "http://host" + std::to_string(host) + ".test/page" + std::to_string(page);
  }
  void set(const std::string& at, const std::string& text, const std::string& head = "") {
    web.pages[at] = fetched(at, test::html("Page of " + text, text + " is what this page is about.", {}, head));
  }
  SyncReport sync(std::stop_token stop = {}) {
    if (source.id == SourceId::none) source = *catalog->add_source(source);
    Index index(*catalog, clock);
    auto report = sync_source(source, *catalog, web, clock, index, options, std::move(stop));
    EXPECT_TRUE(report.ok()) << report.error().message;
    documents = index.documents;
    return report ? *report : SyncReport{};
  }
  static constexpr const char* kList = "http://list.test/urls.txt";

  test::TemporaryFolder folder{test::TemporaryFolder::On::memory};
  ManualClock clock{1'800'000'000};
  PaperWeb web;
  std::unique_ptr<catalog::Catalog> catalog;
  catalog::Source source;
  SyncOptions options;
  std::vector<std::string> documents;

 private:
  int catalogs_ = 0;
};

// Every first page waits until all hosts are asked; each host's pages come in the order of the list.
TEST_F(SeveralHosts, AreAskedAtOnceAndEachInOrder) {
  constexpr int kHosts = 12, kPages = 5;
  std::vector<std::string> addresses;
  for (int page = 0; page < kPages; ++page)
    for (int host = 0; host < kHosts; ++host) {
      addresses.push_back(address(host, page));
      set(addresses.back(), "host " + std::to_string(host) + " and page " + std::to_string(page));
    }
  list(addresses);
  std::mutex mutex;
  std::condition_variable all;
  int begun = 0;
  web.during = [&](const Fetcher::Request& request, const std::stop_token&) {
    if (!request.address.ends_with("/page0")) return;
    std::unique_lock lock(mutex);
    if (++begun == kHosts) all.notify_all();
    EXPECT_TRUE(all.wait_for(lock, 30s, [&] { return begun == kHosts; }));
  };
  const SyncReport report = sync();
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.totals.new_documents, std::uint64_t{kHosts * kPages});
  EXPECT_FALSE(web.twice);
  EXPECT_EQ(web.most, std::size_t{kHosts});
  for (int host = 0; host < kHosts; ++host) {
    std::vector<std::string> of_host;
    for (const std::string& asked : web.asked)
      if (asked.starts_with("http://host" + std::to_string(host) + ".test/")) of_host.push_back(asked);
    ASSERT_EQ(of_host.size(), std::size_t{kPages});
    EXPECT_TRUE(std::is_sorted(of_host.begin(), of_host.end()));
  }
}

TEST_F(SeveralHosts, NoMoreThanAreAllowed) {
  std::vector<std::string> addresses;
  for (int host = 0; host < 20; ++host) {
    addresses.push_back(address(host, 0));
    set(addresses.back(), "host " + std::to_string(host));
  }
  list(addresses);
  web.during = [](const Fetcher::Request&, const std::stop_token&) { std::this_thread::sleep_for(2ms); };
  options.hosts_at_once = 4;
  EXPECT_EQ(sync().totals.new_documents, 20u);
  EXPECT_LE(web.most, 4u);
  EXPECT_GE(web.most, 2u);
}

TEST_F(SeveralHosts, AHostWhoseTurnIsLaterHoldsNobodyUp) {
  list({address(0, 0), address(0, 1), address(1, 0), address(2, 0)});
  for (const auto& [host, page] : {std::pair{0, 0}, {0, 1}, {1, 0}, {2, 0}})
    set(address(host, page), "host " + std::to_string(host) + " and page " + std::to_string(page));
  web.turns["http://host0.test"] = std::chrono::steady_clock::now() + 300ms;
  options.hosts_at_once = 1;  // one thread: it must not be spent on waiting
  EXPECT_EQ(sync().totals.new_documents, 4u);
  EXPECT_EQ(documents, (std::vector{address(1, 0), address(2, 0), address(0, 0), address(0, 1)}));
  EXPECT_GE(std::chrono::steady_clock::now(), web.turns["http://host0.test"]);
}

TEST_F(SeveralHosts, TheLimitOfPagesHoldsWhateverIsUnderWay) {
  std::vector<std::string> addresses;
  for (int host = 0; host < 16; ++host) {
    addresses.push_back(address(host, 0));
    set(addresses.back(), "host " + std::to_string(host));
  }
  list(addresses);
  // All are asked; those that are still under way at the third document hang until they are ended.
  std::atomic<int> answered = 0, ended = 0;
  web.during = [&](const Fetcher::Request& request, const std::stop_token& stop) {
    if (request.address == kList || ++answered <= 3) return;
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, 60s, [] { return false; });
    ended += stop.stop_requested() ? 1 : 0;
  };
  source.policy.max_pages = 3;
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.new_documents, 3u);
  EXPECT_EQ(report.totals.fetched, 3u);
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(catalog->frontier(source.id)->size(), 13u);
  EXPECT_EQ(ended, answered - 3);
  web.during = {};
  source.policy.max_pages = 100;
  EXPECT_EQ(sync().totals.new_documents, 13u);
}

TEST_F(SeveralHosts, StopEndsWhatIsUnderWayAndKeepsItForTheNextPass) {
  std::vector<std::string> addresses;
  for (int host = 0; host < 8; ++host) {
    addresses.push_back(address(host, 0));
    set(addresses.back(), "host " + std::to_string(host));
  }
  list(addresses);
  std::stop_source stop;
  std::atomic<int> begun = 0;
  web.during = [&](const Fetcher::Request& request, const std::stop_token& mine) {
    if (request.address == kList) return;
    if (++begun == 8) stop.request_stop();
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, mine, 60s, [] { return false; });
    EXPECT_TRUE(mine.stop_requested());
  };
  const SyncReport report = sync(stop.get_token());
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.totals.new_documents, 0u);
  EXPECT_EQ(report.totals.failed, 0u);  // being stopped is nobody's failure
  EXPECT_EQ(catalog->frontier(source.id)->size(), 8u);
  web.during = {};
  EXPECT_EQ(sync().totals.new_documents, 8u);
}

// The probe of one host does not come back before a page of another host was asked for.
TEST_F(SeveralHosts, APageThatWaitsForAProbeHoldsOnlyItsHostUp) {
  options.probe = true;
  list({address(0, 0), address(0, 1), address(1, 0), address(1, 1)});
  for (const auto& [host, page] : {std::pair{0, 0}, {0, 1}, {1, 0}, {1, 1}})
    set(address(host, page), "host " + std::to_string(host) + " and page " + std::to_string(page));
  std::mutex mutex;
  std::condition_variable changed;
  bool other = false;
  web.during = [&](const Fetcher::Request& request, const std::stop_token&) {
    std::unique_lock lock(mutex);
    if (request.address == address(1, 1)) {
      other = true;
      changed.notify_all();
    }
    const bool probe = request.address.starts_with("http://host0.test") &&
                       !request.address.starts_with(address(0, 0)) && request.address != address(0, 1);
    EXPECT_TRUE(!probe || changed.wait_for(lock, 30s, [&] { return other; }));
  };
  EXPECT_EQ(sync().totals.new_documents, 4u);
  EXPECT_FALSE(web.twice);
  // Of each host: a page, its probe, the next page.
  std::vector<std::string> first;
  for (const std::string& asked : web.asked)
    if (asked.starts_with("http://host0.test")) first.push_back(asked);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0], address(0, 0));
  EXPECT_EQ(first[2], address(0, 1));
}

// A feed does not come back before all are asked for; one of them is down, which is a problem and not the end.
TEST_F(SeveralHosts, TheFeedsOfAnOpmlFileAreAskedForAtOnce) {
  constexpr int kFeeds = 10;
  std::string outlines;
  for (int host = 0; host < kFeeds; ++host) {
    const std::string feed = "http://host" + std::to_string(host) + ".test/feed";
    outlines += "<outline type='rss' xmlUrl='" + feed + "'/>";
    web.pages[feed] = fetched(feed, "<rss version='2.0'><channel><title>x</title><item><link>" + address(host, 0) +
                                        "</link></item></channel></rss>");
    if (host == 3) web.pages[feed] = missing(feed);
    set(address(host, 0), "host " + std::to_string(host));
  }
  source.kind = SourceKind::opml;
  source.address = "http://list.test/feeds.opml";
  web.pages[source.address] =
      fetched(source.address, "<opml version='2.0'><head/><body>" + outlines + "</body></opml>");
  std::mutex mutex;
  std::condition_variable all;
  int begun = 0;
  web.during = [&](const Fetcher::Request& request, const std::stop_token&) {
    if (!request.address.ends_with("/feed")) return;
    std::unique_lock lock(mutex);
    if (++begun == kFeeds) all.notify_all();
    EXPECT_TRUE(all.wait_for(lock, 30s, [&] { return begun >= kFeeds; }));
  };
  const SyncReport report = sync();
  EXPECT_EQ(report.totals.new_documents, std::uint64_t{kFeeds - 1});
  EXPECT_EQ(report.problems.size(), 1u);
  EXPECT_FALSE(report.complete);  // what the one that is down would have named
  EXPECT_TRUE(catalog->frontier(source.id)->empty());
  EXPECT_FALSE(web.twice);
}

TEST_F(SeveralHosts, ThePassKeepsToItsRate) {
  list({address(0, 0), address(1, 0), address(2, 0), address(3, 0)});
  for (int host = 0; host < 4; ++host) set(address(host, 0), "host " + std::to_string(host));
  const auto took = [&] {
    const auto start = std::chrono::steady_clock::now();
    clock.advance(10 * 86'400);
    EXPECT_EQ(sync().totals.fetched, 4u);
    return std::chrono::steady_clock::now() - start;
  };
  options.requests_per_minute = 60 * 20;  // one in 50 ms
  EXPECT_GE(took(), 150ms);
  source.policy.requests_per_minute = 60 * 10;
  EXPECT_GE(took(), 300ms) << "the source's own rate is less";
  source.policy.requests_per_minute = 60 * 1'000;
  EXPECT_GE(took(), 150ms) << "and cannot be more";
  options.requests_per_minute = 0;
  source.policy.requests_per_minute = 60 * 10;
  EXPECT_GE(took(), 300ms);
}

// Seeded webs of pages, some missing, down, redirected, copies of one another: one page after the other and 16 hosts at
// once end with the same catalogue.
TEST_F(SeveralHosts, EndAsOnePageAfterTheOtherWould) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const int hosts = 2 + static_cast<int>(random() % 15);
    std::vector<std::string> addresses;
    web.pages.clear();
    for (int host = 0; host < hosts; ++host)
      for (int page = 0, pages = 1 + static_cast<int>(random() % 9); page < pages; ++page) {
        const std::string at = address(host, page);
        addresses.push_back(at);
        set(at, "host " + std::to_string(host) + " and page " + std::to_string(page));
        const auto kind = random() % 10;
        if (kind == 0) web.pages[at] = missing(at);
        if (kind == 1) web.pages[at].outcome = Outcome::unreachable;
        if (kind == 2) {  // leads to another page of its host
          web.pages[at] = web.pages[address(host, 0)];
          web.pages[at].permanent_redirect = random() % 2 == 0;
        }
        if (kind == 3) web.pages[at].noindex = true;
      }
    std::shuffle(addresses.begin(), addresses.end(), random);
    list(addresses);
    options.probe = seed % 2 == 0;
    const unsigned delays = random();
    web.during = [&](const Fetcher::Request& request, const std::stop_token&) {
      std::this_thread::sleep_for(
          std::chrono::microseconds((delays ^ std::hash<std::string>()(request.address)) % 900));
    };
    std::map<std::string, std::string> ends[2];
    for (const std::uint32_t at_once : {1u, 16u}) {
      clear();
      options.hosts_at_once = at_once;
      for (int pass = 0; pass < 3; ++pass) {
        sync();
        clock.advance(2 * 86'400);
      }
      clock.advance(-3 * 2 * 86'400);
      for (const Reference& reference : *catalog->references())
        ends[at_once / 16][reference.address] = std::string(to_string(reference.state)) + " " + reference.reason + " " +
                                                std::to_string(reference.indexed) + " " +
                                                std::to_string(reference.failures) + " " + reference.moved_to;
      ends[at_once / 16]["frontier"] = std::to_string(catalog->frontier(source.id)->size());
    }
    EXPECT_EQ(ends[0], ends[1]);
    EXPECT_GT(ends[0].size(), 1u);
  }
  EXPECT_FALSE(web.twice);
}

// Real servers: two of them at once, and a robots.txt that two pages of one host want at the same time.
TEST(SeveralServers, RobotsIsAskedForOnceWhoeverWantsIt) {
  test::SiteServer site;
  site.set("/robots.txt", {200, "User-agent: *\nDisallow: /no\n", "text/plain"});
  site.set_html("/yes", "yes");
  const ManualClock clock(1'800'000'000);
  net::HttpClient client{net::HttpClient::Options{}};
  const auto fetcher = make_fetcher(client, clock);
  catalog::SourcePolicy policy;
  policy.allow_private_addresses = true;
  policy.min_delay_ms = 0;
  std::vector<std::jthread> threads;
  std::atomic<int> allowed = 0, refused = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const auto seen = fetcher->fetch({site.url(i % 2 == 0 ? "/yes" : "/no"), {}, policy, false, {}, {}});
      allowed += seen.outcome == Outcome::fetched ? 1 : 0;
      refused += seen.outcome == Outcome::blocked ? 1 : 0;
    });
  threads.clear();
  EXPECT_EQ(allowed, 4);
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(site.asked("/robots.txt"), 1);
}

// Who was asking robots.txt for all is stopped: another one asks in its stead.
TEST(SeveralServers, WhoeverIsStoppedLeavesRobotsToTheNext) {
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  std::stop_source first;
  auto server = net::HttpServer::start({.port = 0}, [&](const auto& request, auto& response) {
    if (request.path == "/robots.txt") {
      std::unique_lock lock(mutex);
      if (++asked == 1) {
        changed.notify_all();
        changed.wait_for(lock, 30s, [&] { return first.stop_requested(); });
      }
      return response.send(200, "text/plain", "User-agent: *\nDisallow:\n");
    }
    response.send(200, "text/html", test::html("Page", "text"));
  });
  ASSERT_TRUE(server.ok());
  const ManualClock clock(1'800'000'000);
  net::HttpClient client{net::HttpClient::Options{}};
  const auto fetcher = make_fetcher(client, clock);
  catalog::SourcePolicy policy;
  policy.allow_private_addresses = true;
  policy.min_delay_ms = 0;
  const std::string address = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/page";
  Observation seen, stopped;
  {
    std::jthread one([&] { stopped = fetcher->fetch({address, {}, policy, false, {}, {}}, first.get_token()); });
    {
      std::unique_lock lock(mutex);
      ASSERT_TRUE(changed.wait_for(lock, 30s, [&] { return asked == 1; }));
    }
    std::jthread two([&] { seen = fetcher->fetch({address, {}, policy, false, {}, {}}); });
    std::this_thread::sleep_for(20ms);  // it is most likely waiting by now; the test holds if not
    first.request_stop();
    changed.notify_all();
  }
  EXPECT_EQ(stopped.outcome, Outcome::unreachable);
  EXPECT_EQ(seen.outcome, Outcome::fetched) << seen.reason;
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace renvoi::crawl
