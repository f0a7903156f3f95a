#include "chaos/chaos_rows.h"

namespace renvoi::test {
namespace {

// A page that was read answers so a day later.
Row becomes(int code, const std::string& state, bool shown, const std::string& must) {
  return {"status_" + std::to_string(code), must, [=](World& w) {
            w.start({"/a"});
            w.set("/a", status(code));
            w.read_later(kDay_s + 1);
            EXPECT_EQ(w.state("/a"), state) << w.reason("/a");
            EXPECT_EQ(w.shown("/a"), shown);
            EXPECT_EQ(w.documents.size(), 8u) << "an error page was read as a document";
          }};
}

// Whatever it is, it is not death.
Row never_dies(int code, const std::string& state) {
  return {"status_" + std::to_string(code) + "_for_a_year", state + " and never GONE", [=](World& w) {
            w.start({"/a"});
            w.set("/a", status(code));
            w.read_through(365 * kDay_s, 5 * kDay_s);
            EXPECT_EQ(w.state("/a"), state);
          }};
}

std::vector<Row> deaths() {
  return {
      {"status_404_for_good", "SUSPECT at once, GONE after three looks over a week, and then a tombstone",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(404));
         w.read_later(kDay_s + 1);
         EXPECT_FALSE(w.shown("/a"));
         w.read_through(6 * kDay_s);
         EXPECT_EQ(w.state("/a"), "SUSPECT");
         w.read_through(4 * kDay_s);
         EXPECT_EQ(w.state("/a"), "GONE");
         EXPECT_FALSE(w.find("/a")->indexed);
         EXPECT_EQ(w.catalog->counts()->tombstones, 1u);
       }},
      {"status_410_for_good", "GONE once it was said again a day later",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(410));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "SUSPECT");
         w.read_through(kDay_s, kDay_s / 4);
         EXPECT_EQ(w.state("/a"), "SUSPECT");
         w.read_through(kDay_s + kHour_s, kDay_s / 4);
         EXPECT_EQ(w.state("/a"), "GONE");
       }},
      {"flapping_404", "away for a day at a time: hidden meanwhile, never GONE, never encoded again",
       [](World& w) {
         w.start({"/a"});
         const std::size_t read = w.documents.size();
         for (int i = 0; i < 24; ++i) {
           w.set("/a", i % 2 == 0 ? status(404) : text("/a"));
           w.read_through(kDay_s);
           EXPECT_NE(w.state("/a"), "GONE") << i;
         }
         w.read_through(8 * kDay_s);
         EXPECT_EQ(w.state("/a"), "LIVE");
         EXPECT_EQ(w.documents.size(), read);
       }},
      {"flapping_503", "now and then 503: stays in answers, never SUSPECT",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", [](Wire& wire, const Ask& ask) {
           if (ask.times % 2 == 0) return status(503)(wire, ask);
           text("/a")(wire, ask);
         });
         for (int i = 0; i < 60; ++i) {
           w.read_later(kDay_s);
           EXPECT_TRUE(w.shown("/a")) << w.state("/a");
         }
       }},
  };
}

std::vector<Row> pauses() {
  return {
      {"retry_after_in_seconds", "a 429 hides the page, and its host is not asked again before",
       [](World& w) {
         w.start({"/a", "/z"});
         w.set("/a", status(429, "Retry-After: 259200\r\n"));
         w.site.forget();
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
         EXPECT_EQ(w.asked("/z"), 0) << "asked although its host wanted a pause";
         EXPECT_GE(w.find("/a")->next_check_at - w.clock.now(), 3 * kDay_s);
         w.restart();
         w.set("/a", text("/a"));
         w.read_later(3 * kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "LIVE");
       }},
      {"retry_after_with_a_wrong_clock", "a date is read against the server's own clock",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(503,
                            "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"
                            "Retry-After: Tue, 01 Jan 2030 20:00:00 GMT\r\n"));
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/a"), "HOST_DOWN");
         EXPECT_EQ(w.find("/a")->next_check_at - w.clock.now(), 20 * kHour_s);
         EXPECT_NE(w.find("/a")->reason.find("left alone until"), std::string::npos) << w.find("/a")->reason;
         w.restart();  // what is written down must do
         w.site.forget();
         for (int hour = 0; hour < 19; ++hour) w.read_later(kHour_s);
         EXPECT_EQ(w.asked("/a"), 0) << "no scout is sent to a host that asked to be left alone";
         w.read_later(2 * kHour_s);
         EXPECT_EQ(w.asked("/a"), 1);
       }},
      {"status_451_withdraws", "out of answers at once, the reference stays BLOCKED",
       [](World& w) {
         w.start({"/a"});
         w.set("/a", status(404));
         w.read_later(kDay_s + 1);
         w.set("/a", status(451));
         w.read_later(2 * kDay_s);
         EXPECT_EQ(w.state("/a"), "BLOCKED");
         EXPECT_FALSE(w.shown("/a"));
       }},
  };
}

}  // namespace

std::vector<Row> status_rows() {
  std::vector<Row> rows{
      becomes(204, "LIVE", true, "no content is no evidence: nothing changes, a problem is told"),
      becomes(206, "LIVE", true, "a part of a page is not read"),
      becomes(400, "BLOCKED", false, "BLOCKED: our request was refused, which says nothing of the page"),
      becomes(401, "BLOCKED", false, "BLOCKED: hidden, looked at every day"),
      becomes(402, "BLOCKED", false, "BLOCKED: hidden, looked at every day"),
      becomes(403, "BLOCKED", false, "BLOCKED: hidden, looked at every day"),
      becomes(404, "SUSPECT", false, "SUSPECT: out of answers at once"),
      becomes(405, "BLOCKED", false, "BLOCKED"),
      becomes(406, "BLOCKED", false, "BLOCKED"),
      becomes(408, "HOST_DOWN", true, "HOST_DOWN: may be cited with the date of the last check"),
      becomes(410, "SUSPECT", false, "SUSPECT: out of answers at once"),
      becomes(418, "BLOCKED", false, "BLOCKED"),
      becomes(425, "HOST_DOWN", true, "HOST_DOWN"),
      becomes(429, "BLOCKED", false, "BLOCKED"),
      becomes(451, "BLOCKED", false, "BLOCKED, and the text is withdrawn"),
      becomes(500, "HOST_DOWN", true, "HOST_DOWN: may be cited with the date of the last check"),
      becomes(502, "HOST_DOWN", true, "HOST_DOWN"),
      becomes(503, "HOST_DOWN", true, "HOST_DOWN"),
      becomes(504, "HOST_DOWN", true, "HOST_DOWN"),
      becomes(522, "HOST_DOWN", true, "HOST_DOWN"),
      {"status_203", "read as a 200",
       [](World& w) {
         w.set("/b", [](Wire& wire, const Ask&) { wire.answer(203, page_of("B", words_of("b"))); });
         w.start({});
         w.link({"/b"});
         w.read_later(kDay_s + 1);
         EXPECT_TRUE(w.shown("/b"));
       }},
      never_dies(401, "BLOCKED"),
      never_dies(403, "BLOCKED"),
      never_dies(429, "BLOCKED"),
      never_dies(451, "BLOCKED"),
  };
  for (const auto& more : {deaths(), pauses()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace renvoi::test
