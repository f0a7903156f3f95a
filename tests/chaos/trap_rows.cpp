// Traps for crawlers, and pages that say how they want to be read.
#include <atomic>
#include <memory>

#include "chaos/chaos_rows.h"

namespace renvoi::test {

std::vector<Row> trap_rows() {
  return {
      {"infinite_calendar", "each day links to the next: the limit of pages holds, the rest waits",
       [](World& w) {
         w.source.policy.max_pages = 25;
         w.source.policy.max_depth = 1'000;
         w.set("*", [](Wire& wire, const Ask& ask) {
           if (!ask.target.starts_with("/calendar?day=")) return status(404)(wire, ask);
           const int day = std::stoi(ask.target.substr(14));
           wire.answer(200, page_of("Day", words_of(ask.target), "", {"/calendar?day=" + std::to_string(day + 1)}));
         });
         w.link({"/calendar?day=1"});
         w.read();
         EXPECT_EQ(w.documents.size(), 25u);
         EXPECT_FALSE(w.last.complete);
         EXPECT_LE(w.site.asked_beginning(kSite, "/calendar"), 26);
       }},
      {"endless_depth", "links that only go deeper end at the limit of depth",
       [](World& w) {
         w.source.policy.max_depth = 5;
         w.set("*", [](Wire& wire, const Ask& ask) {
           if (!ask.target.starts_with("/deep/")) return status(404)(wire, ask);
           wire.answer(200, page_of("Deep", words_of(ask.target), "", {ask.target + "deep/"}));
         });
         w.link({"/deep/"});
         w.read();
         EXPECT_EQ(w.documents.size(), 6u);
       }},
      {"session_ids_in_urls", "every visit gives every link a new number: each page is read once",
       [](World& w) {
         const auto visits = std::make_shared<std::atomic<int>>(0);
         w.set("*", [visits](Wire& wire, const Ask& ask) {
           const std::string path = ask.target.substr(0, ask.target.find('?'));
           if (path != "/p1" && path != "/p2") return status(404)(wire, ask);
           const std::string session = "?PHPSESSID=" + std::to_string(++*visits);
           wire.answer(200, page_of(path, words_of(path), "", {"/p1" + session, "/p2" + session}));
         });
         w.link({"/p1?PHPSESSID=0"});
         for (int i = 0; i < 4; ++i) w.read_later(2 * kDay_s);
         EXPECT_EQ(w.catalog->references()->size(), 3u);
         EXPECT_TRUE(w.shown("/p2"));
       }},
      {"session_ids_in_paths", "the same with ;jsessionid=",
       [](World& w) {
         w.set("*", [](Wire& wire, const Ask& ask) {
           if (!ask.target.starts_with("/p")) return status(404)(wire, ask);
           const std::string session = ";jsessionid=" + std::to_string(ask.times);
           wire.answer(200, page_of("P", words_of(ask.target.substr(0, 3)), "", {"/p1" + session, "/p2" + session}));
         });
         w.link({"/p1;jsessionid=A1"});
         for (int i = 0; i < 3; ++i) w.read_later(2 * kDay_s);
         EXPECT_EQ(w.catalog->references()->size(), 3u);
       }},
      {"canonical_link", "of two addresses the one that the page names is indexed",
       [](World& w) {
         const Behaviour page = html(page_of("C", words_of("c"), "<link rel=canonical href=/c>"));
         w.set("/c", page);
         w.set("/c?print=1", page);
         w.start({});
         w.link({"/c?print=1"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/c"));
         EXPECT_EQ(w.state("/c?print=1"), "none");
       }},
      {"canonical_to_a_missing_page", "nothing is lost: the page itself is indexed",
       [](World& w) {
         w.set("/c", html(page_of("C", words_of("c"), "<link rel=canonical href=/nowhere>")));
         w.start({});
         w.link({"/c"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/c"));
       }},
      {"canonical_to_home_everywhere", "pages that all name the home page as theirs and were indexed leave",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", html(page_of("A", words_of("other"), "<link rel=canonical href=/>")));
         w.read_later(kDay_s + 1);
         EXPECT_FALSE(w.shown("/a"));
         EXPECT_TRUE(w.shown("/"));
       }},
      {"noindex_appears", "leaves at once: its owner asks for it",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", html(page_of("A", words_of("/a"), "<meta name=robots content=noindex>")));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "GONE");
         w.set("/a", text("/a"));
         w.read_later(31 * kDay_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
       }},
      {"noindex_in_the_header", "leaves at once",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", text("/a", "X-Robots-Tag: noindex\r\n"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "GONE");
       }},
      {"nofollow", "its links are not followed",
       [](World& w) {
         w.set("/n", html(page_of("N", words_of("n"), "<meta name=robots content=nofollow>", {"/hidden"})));
         w.set("/hidden", text("hidden"));
         w.start({});
         w.link({"/n"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/n"));
         EXPECT_EQ(w.asked("/hidden"), 0);
       }},
      {"robots_begins_to_disallow", "BLOCKED, never dead, not asked for",
       [](World& w) {
         w.start({"/a"});
         w.set("/robots.txt", html("User-agent: *\nDisallow: /a\n"));
         w.site.forget();
         w.read_through(40 * kDay_s, 2 * kDay_s);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
         EXPECT_EQ(w.asked("/a"), 0);
         w.set("/robots.txt", html(""));
         w.read_later(2 * kDay_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
       }},
      {"robots_is_broken", "a robots.txt with 500 forbids everything for now: HOST_DOWN, nothing is asked",
       [](World& w) {
         w.start({"/a"});
         w.set("/robots.txt", status(500));
         w.site.forget();
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "HOST_DOWN");
         EXPECT_TRUE(w.shown("/a"));
         EXPECT_EQ(w.asked("/a"), 0);
         w.site.remove(kSite, "/robots.txt");
         w.read_later(2 * kDay_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
       }},
  };
}

}  // namespace renvoi::test
