// What happens to many pages at once.
#include "chaos/chaos_rows.h"

namespace renvoi::test {
namespace {

std::vector<std::string> pages(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("/p" + std::to_string(i));
  return all;
}

// Everything of the site, but robots.txt.
void all_answer(World& w, const std::vector<std::string>& paths,
                const std::function<Behaviour(const std::string&)>& how) {
  for (const std::string& path : paths) w.set(path, how(path));
}

std::vector<std::string> everything(World& w) {
  std::vector<std::string> all = w.linked;
  all.push_back("/");
  return all;
}

void restore(World& w) {
  all_answer(w, w.linked, [](const std::string& path) { return text(path); });
  w.link({});
}

}  // namespace

std::vector<Row> host_rows() {
  return {
      {"outage_of_six_hours", "nothing is lost, nothing is hidden, five pages are asked in vain and no more",
       [](World& w) {
         w.start(pages(20));
         const std::size_t all = w.shown_in_all(), read = w.documents.size();
         w.later(kDay_s);
         all_answer(w, everything(w), [](const std::string&) { return status(503); });
         w.site.forget();
         w.read_later(1);
         EXPECT_EQ(w.site.asked_beginning(kSite, "/") - w.asked("/robots.txt"), 5);
         for (int hour = 1; hour < 6; ++hour) w.read_later(kHour_s);
         EXPECT_EQ(w.shown_in_all(), all);
         restore(w);
         w.read_through(2 * kDay_s, kDay_s / 4);
         EXPECT_EQ(w.shown_in_all(), all);
         EXPECT_EQ(w.catalog->counts()->references_by_state[3], 0u) << "still HOST_DOWN";
         EXPECT_EQ(w.documents.size(), read) << "encoded again";
       }},
      {"outage_of_29_days", "nothing is lost",
       [](World& w) {
         w.start(pages(20));
         const std::size_t all = w.shown_in_all(), read = w.documents.size();
         all_answer(w, everything(w), [](const std::string&) { return status(500); });
         w.read_through(29 * kDay_s);
         EXPECT_EQ(w.shown_in_all(), all);
         restore(w);
         w.read_through(9 * kDay_s);
         EXPECT_EQ(w.catalog->counts()->references_by_state[0], all);
         EXPECT_EQ(w.documents.size(), read) << "encoded again";
       }},
      {"outage_of_forty_days",
       "all of it is GONE after 30 days and 8 looks, though most was never asked; it rises again",
       [](World& w) {
         w.start(pages(20));
         const std::size_t all = w.shown_in_all();
         all_answer(w, everything(w), [](const std::string&) { return status(500); });
         w.site.forget();
         w.read_through(40 * kDay_s);
         EXPECT_EQ(w.shown_in_all(), 0u);
         EXPECT_EQ(w.catalog->counts()->tombstones, all);
         EXPECT_LE(w.site.asked_beginning(kSite, "/"), 6 * 40);
         restore(w);
         w.read_through(31 * kDay_s);
         EXPECT_EQ(w.shown_in_all(), all);
       }},
      {"host_name_that_vanishes", "HOST_DOWN as any outage",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(302, "http://no-such-name.test/"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "HOST_DOWN");
         EXPECT_NE(w.reason("/a").find("no-such-name.test"), std::string::npos) << w.reason("/a");
       }},
      {"connection_refused", "HOST_DOWN as any outage",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(307, w.site.url(kDead, "/")));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "HOST_DOWN");
       }},
      {"one_page_in_trouble", "a page with 500 on a host that answers is that page's trouble alone",
       [](World& w) {
         w.start({"/a", "/z"});
         w.set("/a", status(500));
         w.read_through(45 * kDay_s);
         EXPECT_EQ(w.state("/a"), "GONE");
         EXPECT_EQ(w.state("/z"), "LIVE");
       }},
      {"mass_deletion", "more than half of a host is missing: hidden, held, reported, never GONE by itself",
       [](World& w) {
         w.start(pages(20));
         all_answer(w, pages(20), [](const std::string&) { return status(404); });
         w.read_through(60 * kDay_s, 2 * kDay_s);
         EXPECT_TRUE(w.last.held);
         EXPECT_EQ(w.catalog->counts()->references_by_state[2], 0u);
         EXPECT_EQ(w.shown_in_all(), 7u);
       }},
      {"mass_deletion_little_by_little", "held as well when they die one by one within a week",
       [](World& w) {
         w.start(pages(20));
         for (int i = 0; i < 20; ++i) {
           w.set("/p" + std::to_string(i), status(410));
           w.read_later(kHour_s * 7);
         }
         w.read_later(2 * kDay_s);
         EXPECT_TRUE(w.last.held);
         EXPECT_LE(w.catalog->counts()->references_by_state[2], 13u);
       }},
      {"mass_deletion_that_a_person_accepts", "GONE with the next pass",
       [](World& w) {
         w.start(pages(20));
         all_answer(w, pages(20), [](const std::string&) { return status(404); });
         w.read_through(20 * kDay_s, 2 * kDay_s);
         w.options.accept_deaths = true;
         w.read_through(9 * kDay_s, 2 * kDay_s);
         EXPECT_EQ(w.catalog->counts()->references_by_state[2], 20u);
         EXPECT_FALSE(w.last.held);
       }},
      {"mass_deletion_that_was_a_mistake", "all of it is back with the next look, and nothing was encoded again",
       [](World& w) {
         w.start(pages(20));
         const std::size_t all = w.shown_in_all(), read = w.documents.size();
         all_answer(w, pages(20), [](const std::string&) { return status(404); });
         w.read_through(20 * kDay_s, 2 * kDay_s);
         restore(w);
         w.read_through(9 * kDay_s, 2 * kDay_s);
         EXPECT_EQ(w.shown_in_all(), all);
         EXPECT_EQ(w.documents.size(), read);
       }},
      {"resurrection", "a tombstone is looked at after 30 days and rises; its codes were gone, so it is encoded again",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(410));
         w.read_through(4 * kDay_s);
         ASSERT_EQ(w.state("/a"), "GONE");
         const std::size_t read = w.documents.size();
         w.set("/a", text("/a"));
         w.read_through(20 * kDay_s);
         EXPECT_EQ(w.state("/a"), "GONE");
         w.read_through(12 * kDay_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
         EXPECT_EQ(w.documents.size(), read + 1);
         EXPECT_EQ(w.catalog->counts()->tombstones, 0u);
       }},
      {"resurrection_by_a_sitemap", "a tombstone that is listed again is looked at at once",
       [](World& w) {
         w.source.kind = catalog::SourceKind::sitemap;
         w.source.address = w.url("/sitemap.xml");
         const auto list = [&](const std::vector<std::string>& paths) {
           std::string xml = "<urlset>";
           for (const std::string& path : paths) xml += "<url><loc>" + w.url(path) + "</loc></url>";
           w.set("/sitemap.xml", html(xml + "</urlset>"));
         };
         list({"/a", "/beside-a", "/beside-b", "/beside-c"});
         for (const char* path : {"/a", "/beside-a", "/beside-b", "/beside-c"}) w.set(path, text(path));
         w.read();
         w.set("/a", status(410));
         list({"/beside-a", "/beside-b", "/beside-c"});
         w.read_through(4 * kDay_s);
         ASSERT_EQ(w.state("/a"), "GONE");
         w.set("/a", text("/a"));
         list({"/a", "/beside-a", "/beside-b", "/beside-c"});
         w.read_later(kHour_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
       }},
      {"tombstones_are_asked_less_and_less", "after 30, 60, 90 and then 180 days",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(410));
         w.read_through(4 * kDay_s);
         w.site.forget();
         w.set("/", html(page_of("Start", words_of("start"), "", {"/beside-a", "/beside-b"})));
         w.read_through(400 * kDay_s, 2 * kDay_s);
         EXPECT_EQ(w.state("/a"), "GONE");
         EXPECT_EQ(w.asked("/a"), 4);  // days 30, 90, 180 and 360 after its death
       }},
      {"quiet_pages_are_asked_seldom", "a year of no change: fewer than a look in five days, and never none in eight",
       [](World& w) {
         w.start({"/a"});
         w.site.forget();
         w.read_through(360 * kDay_s, kDay_s);
         EXPECT_LT(w.asked("/a"), 80);
         EXPECT_GT(w.asked("/a"), 44);
         EXPECT_GE(w.find("/a")->checked_at, w.clock.now() - 8 * kDay_s);
       }},
      {"busy_pages_are_asked_often", "a text that changes at every look: more than once a day",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", [](Wire& wire, const Ask& ask) { text("/a" + std::to_string(ask.times))(wire, ask); });
         w.site.forget();
         w.read_through(20 * kDay_s, kHour_s * 2);
         EXPECT_GT(w.asked("/a"), 25);
         EXPECT_LT(w.asked("/a"), 20 * 12);
       }},
  };
}

}  // namespace renvoi::test
