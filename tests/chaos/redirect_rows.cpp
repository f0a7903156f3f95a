#include "chaos/chaos_rows.h"

namespace renvoi::test {

std::vector<Row> redirect_rows() {
  return {
      {"moved_for_good", "the same permanent target twice and the same text: rewritten, the old address an alias",
       [](World& w) {
         w.start({"/a"});
         const auto id = w.find("/a")->id;
         const std::size_t read = w.documents.size();
         w.set("/new", text("/a"));
         w.set("/a", redirect(301, "/new"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "LIVE");
         EXPECT_EQ(w.find("/a")->address, w.url("/a"));
         w.read_later(3 * kDay_s);
         EXPECT_EQ(w.state("/new"), "MOVED");
         EXPECT_EQ(w.find("/a")->id, id) << "the old address is still known";
         EXPECT_EQ(w.find("/a")->address, w.url("/new"));
         EXPECT_TRUE(w.shown("/new"));
         w.site.forget();
         w.read_later(8 * kDay_s);
         EXPECT_EQ(w.state("/new"), "LIVE");
         EXPECT_EQ(w.asked("/a"), 1) << "it is linked, and may have got a page of its own";
         EXPECT_EQ(w.asked("/new"), 2);
         w.read_later(6 * kDay_s);
         EXPECT_EQ(w.asked("/a"), 1) << "once a week";
         EXPECT_EQ(w.documents.size(), read) << "it was encoded again";
       }},
      {"moved_to_another_text",
       "a permanent redirect to another text: read as a change; a move only once that text was met there twice",
       [](World& w) {
         w.start({"/a"});
         w.set("/new", text("new"));
         w.set("/a", redirect(301, "/new"));
         const std::size_t read = w.documents.size();
         w.read_later(3 * kDay_s);
         EXPECT_EQ(w.documents.size(), read + 1);
         EXPECT_EQ(w.find("/a")->address, w.url("/a"));
         w.read_later(3 * kDay_s);
         EXPECT_EQ(w.state("/a"), "MOVED");
         EXPECT_EQ(w.find("/a")->address, w.url("/new"));
       }},
      {"moved_onto_a_page_that_is_known", "two references of one text: the old one leaves",
       [](World& w) {
         w.start({"/a", "/new"});
         w.set("/new", text("/a"));
         w.set("/a", redirect(308, "/new"));
         for (int i = 0; i < 3; ++i) w.read_later(3 * kDay_s);
         EXPECT_TRUE(w.shown("/new"));
         EXPECT_EQ(w.state("/a"), "GONE") << w.reason("/a");
       }},
      {"temporary_redirect", "302 and 307 keep the address",
       [](World& w) {
         w.start({"/a", "/b"});
         w.set("/new", text("/a"));
         w.set("/newb", text("/b"));
         w.set("/a", redirect(302, "/new"));
         w.set("/b", redirect(307, "/newb"));
         for (int i = 0; i < 4; ++i) w.read_later(3 * kDay_s);
         EXPECT_EQ(w.find("/a")->address, w.url("/a"));
         EXPECT_TRUE(w.shown("/a"));
         EXPECT_TRUE(w.shown("/b"));
       }},
      {"moved_site", "every page leads to another host: out of the source's scope, so each keeps its address and lives",
       [](World& w) {
         w.start({"/a", "/b", "/c"});
         for (const std::string path : {"/a", "/b", "/c"}) {
           w.site.set(kOther, path, text(path));
           w.set(path, redirect(301, w.site.url(kOther, path)));
         }
         for (int i = 0; i < 4; ++i) w.read_later(3 * kDay_s);
         for (const std::string path : {"/a", "/b", "/c"}) {
           EXPECT_EQ(w.state(path), "MOVED");
           EXPECT_EQ(w.find(path)->moved_to, w.site.url(kOther, path));
           EXPECT_TRUE(w.shown(path));
         }
       }},
      {"redirect_chain_of_nine", "followed",
       [](World& w) {
         for (int i = 0; i < 9; ++i) w.set("/hop" + std::to_string(i), redirect(302, "/hop" + std::to_string(i + 1)));
         w.set("/hop9", text("hop"));
         w.start({});
         w.link({"/hop0"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/hop0"));
       }},
      {"redirect_chain_without_end", "BLOCKED after ten: hidden, never dead",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(302, "/hop0"));
         for (int i = 0; i < 20; ++i) w.set("/hop" + std::to_string(i), redirect(302, "/hop" + std::to_string(i + 1)));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
         EXPECT_LE(w.site.asked_beginning(kSite, "/hop"), 10);
         w.read_through(60 * kDay_s, 5 * kDay_s);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
       }},
      {"redirect_loop", "BLOCKED: hidden, never dead",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(301, "/b"));
         w.set("/b", redirect(301, "/a"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
         w.read_through(60 * kDay_s, 5 * kDay_s);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
       }},
      {"redirect_to_a_file", "never followed; no evidence",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(302, "file:///etc/passwd"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "LIVE");
         EXPECT_FALSE(w.last.problems.empty());
       }},
      {"redirect_without_a_target", "no evidence",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(302));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "LIVE");
         EXPECT_FALSE(w.last.problems.empty());
       }},
      {"redirect_to_a_dead_host", "the trouble of the host it leads to: HOST_DOWN",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", redirect(302, w.site.url(kDead, "/a")));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "HOST_DOWN");
         EXPECT_TRUE(w.shown("/a"));
       }},
      {"meta_refresh", "a temporary redirect: the page it leads to is read under the address that was asked for",
       [](World& w) {
         w.set("/b",
               html("<html><head><META HTTP-EQUIV=Refresh CONTENT='0;URL=/real'></head><body>Wait.</body></html>"));
         w.set("/real", text("real"));
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/b"));
         EXPECT_EQ(w.find("/b")->title, "About real");
         EXPECT_EQ(w.state("/real"), "none");
       }},
      {"meta_refresh_of_itself", "a page that reloads itself, or later, is a page",
       [](World& w) {
         w.set("/b", html(page_of("B", words_of("b"), "<meta http-equiv=refresh content=\"0; url=/b\">")));
         w.set("/c", html(page_of("C", words_of("c"), "<meta http-equiv=refresh content=\"30; url=/\">")));
         w.start({});
         w.link({"/b", "/c"});
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.find("/b")->title, "B");
         EXPECT_EQ(w.find("/c")->title, "C");
       }},
  };
}

}  // namespace renvoi::test
