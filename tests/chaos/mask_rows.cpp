// Pages whose status 200 is not the truth, and good pages that look a little like them.
#include "chaos/chaos_rows.h"

namespace renvoi::test {
namespace {

const std::string kLongError =
    "We looked everywhere for what you wanted and it seems to have left. Perhaps somebody moved the document, or the "
    "link that brought you here is old. Our archive holds many other articles about gardening, cooking, travelling and "
    "music, sorted by year and by author. You can begin at the front page and go from there, or use the search box at "
    "the top of every page. If you came from another web site, please tell its owner about the broken link. Our "
    "editors read every message and answer within two working days, except in August, when the office is closed. "
    "Meanwhile you may like the most read articles of this month, which the box on the right side lists.";

// The page /a was good; now `set_up` makes it a mask. What must become of it after `days`.
Row dies(const std::string& name, const std::string& must, const std::function<void(World&)>& set_up) {
  return {name, must, [=](World& w) {
            w.start({"/a", "/z"});
            set_up(w);
            const std::size_t read = w.documents.size();
            w.read_later(kDay_s + 1);
            EXPECT_EQ(w.state("/a"), "SUSPECT") << w.reason("/a");
            EXPECT_FALSE(w.shown("/a"));
            w.read_through(9 * kDay_s);
            EXPECT_EQ(w.state("/a"), "GONE");
            EXPECT_EQ(w.state("/z"), "LIVE") << w.reason("/z");
            EXPECT_EQ(w.documents.size(), read) << "the mask was read as a document";
          }};
}

Row blocks(const std::string& name, const std::string& must, const std::function<void(World&)>& set_up) {
  return {name, must, [=](World& w) {
            w.start({"/a", "/z"});
            set_up(w);
            const std::size_t read = w.documents.size();
            w.read_later(kDay_s + 1);
            EXPECT_EQ(w.state("/a"), "BLOCKED") << w.reason("/a");
            w.read_through(60 * kDay_s, 3 * kDay_s);
            EXPECT_EQ(w.state("/a"), "BLOCKED");
            EXPECT_EQ(w.documents.size(), read) << "the mask was read as a document";
            w.set("/a", text("/a"));
            w.read_later(2 * kDay_s);
            EXPECT_EQ(w.state("/a"), "LIVE");
          }};
}

Row lives(const std::string& name, const std::string& must, const std::function<void(World&)>& set_up,
          const std::vector<std::string>& pages) {
  return {name, must, [=](World& w) {
            w.start({"/z"});
            set_up(w);
            w.link(pages);
            w.read_later(kDay_s + 1);
            w.read_through(10 * kDay_s);
            for (const std::string& page : pages) EXPECT_EQ(w.state(page), "LIVE") << page << ": " << w.reason(page);
          }};
}

std::vector<Row> soft_404_rows() {
  return {
      dies("soft_404_in_french", "a short page that says \"page introuvable\": SUSPECT, then GONE",
           [](World& w) {
             w.set("/a", html(page_of("Page introuvable - Le site", "La page que vous cherchez n'existe pas.")));
           }),
      dies("soft_404_in_english", "a short page that says \"not found\"",
           [](World& w) { w.set("/a", html(page_of("Not Found | Site", "Sorry, there is no such page."))); }),
      dies("soft_404_template", "a long and friendly error page, the same for every address that cannot exist",
           [](World& w) {
             w.set("/a", html(page_of("Our magazine", kLongError)));
             w.set("*", html(page_of("Our magazine", kLongError)));
           }),
      dies("soft_404_that_repeats_the_address", "the same with the address, a number and the time in it",
           [](World& w) {
             const Behaviour error = [](Wire& wire, const Ask& ask) {
               wire.answer(200, page_of("Our magazine", "You asked for " + ask.target + " at 12:0" +
                                                            std::to_string(ask.times % 10) + ", incident 77" +
                                                            std::to_string(ask.times) + ". " + kLongError));
             };
             w.set("/a", error);
             w.set("*", error);
           }),
      dies("soft_404_is_the_home_page", "the home page under every address",
           [](World& w) {
             const Behaviour home = html(page_of("Start", words_of("start"), "", w.linked));
             w.set("/a", home);
             w.set("*", home);
           }),
      dies("soft_404_redirects_home", "302 to the home page", [](World& w) { w.set("/a", redirect(302, "/")); }),
      dies("soft_404_redirects_to_an_error_page", "302 to /error, where the host sends everything else too",
           [](World& w) {
             w.set("/error", html(page_of("Our magazine", kLongError)));
             w.set("/a", redirect(302, "/error"));
             w.set("*", redirect(302, "/error"));
           }),
      dies("soft_404_refreshes_home", "a meta refresh to the home page",
           [](World& w) {
             w.set("/a", html("<html><head><meta http-equiv=\"refresh\" content=\"0; url=/\"></head><body>x</body>"));
           }),
      {"soft_404_by_convergence", "four pages that now lead to one: each SUSPECT, though the first two came first",
       [](World& w) {
         w.start({"/a1", "/a2", "/a3", "/a4", "/z"});
         w.set("/news", text("news"));
         for (const char* path : {"/a1", "/a2", "/a3", "/a4"}) w.set(path, redirect(302, "/news"));
         w.read_later(kDay_s + 1);
         for (const char* path : {"/a1", "/a2", "/a3", "/a4"}) EXPECT_EQ(w.state(path), "SUSPECT") << path;
         EXPECT_EQ(w.state("/z"), "LIVE");
       }},
      {"soft_404_when_new", "an error page that a link leads to is never indexed",
       [](World& w) {
         w.set("*", html(page_of("Our magazine", kLongError)));
         w.start({"/z"});
         w.link({"/never1", "/never2"});
         w.read_later(kDay_s + 1);
         EXPECT_EQ(w.state("/never1"), "none");
         EXPECT_EQ(w.state("/never2"), "none");
       }},
      {"one_probe_a_day", "a host is asked at most once a day for what cannot exist, and once more in doubt",
       [](World& w) {
         w.set("*", html(page_of("Our magazine", kLongError)));
         w.start({"/a"});
         w.site.forget();
         w.options.force = true;
         for (int i = 0; i < 5; ++i) {
           w.link({"/b" + std::to_string(i)});
           w.set("/b" + std::to_string(i), text("b" + std::to_string(i)));
           w.read_later(60);
         }
         EXPECT_EQ(w.site.asked_beginning(kSite, "/renvoi-"), 0);
         w.read_later(kDay_s);
         EXPECT_EQ(w.site.asked_beginning(kSite, "/renvoi-"), 0) << "nothing was new";
         w.link({"/c1", "/c2"});
         w.read_later(60);
         w.read_later(60);
         EXPECT_LE(w.site.asked_beginning(kSite, "/renvoi-"), 2);
         EXPECT_GE(w.site.asked_beginning(kSite, "/renvoi-"), 1);
       }},
  };
}

std::vector<Row> living_rows() {
  return {
      lives("decorated_addresses", "where the last part of an address is decoration, the page beside is no error page",
            [](World& w) {
              for (const char* id : {"7", "8", "9"})
                for (const char* slug : {"slug"}) {
                  w.set(std::string("/articles/") + id + "/" + slug, text(id));
                }
              // Any name under /articles/7/ gives article 7.
              w.set("*", [](Wire& wire, const Ask& ask) {
                if (ask.target.starts_with("/articles/7/")) return text("7")(wire, ask);
                if (ask.target.starts_with("/articles/8/")) return text("8")(wire, ask);
                status(404)(wire, ask);
              });
            },
            {"/articles/7/slug", "/articles/8/slug", "/articles/9/slug"}),
      lives("an_article_about_404", "a page about errors is a page",
            [](World& w) {
              w.set("/404",
                    html(page_of("404 Not Found", "The status 404 Not Found means that the page does not exist. " +
                                                      words_of("404", 120))));
            },
            {"/404"}),
      lives("a_short_page", "few words are no crime",
            [](World& w) { w.set("/short", html(page_of("Opening hours", "We open at nine and close at five."))); },
            {"/short"}),
      lives("a_page_with_a_login_box", "a password field beside a text is no login page",
            [](World& w) {
              w.set("/box",
                    html(page_of("Members", words_of("members") +
                                                "<form><input type=password name=p><input type=submit></form>")));
            },
            {"/box"}),
      lives("a_page_about_captchas", "a text about robots is a page",
            [](World& w) {
              w.set("/robots",
                    html(page_of("Captcha", "Are you a robot? Such questions are old. " + words_of("r", 140))));
            },
            {"/robots"}),
      lives("a_page_that_grew", "a page that changes all the time is read again, not suspected",
            [](World& w) {
              w.set("/news", [](Wire& wire, const Ask& ask) {
                wire.answer(200, page_of("News", words_of("news " + std::to_string(ask.times))));
              });
            },
            {"/news"}),
  };
}

std::vector<Row> wall_rows() {
  return {
      dies("parking_page", "SUSPECT, then GONE as any absence",
           [](World& w) { w.set("/a", html(page_of("site.test", "This domain is for sale. Make an offer today."))); }),
      dies("parking_page_in_french", "the same",
           [](World& w) {
             w.set("/a", html(page_of("site.test", "Ce nom de domaine est \xC3\xA0 vendre. Faites une offre.")));
           }),
      dies("parking_page_by_its_script", "a page of a known parker, with hardly a word",
           [](World& w) {
             w.set("/a", html("<html><head><title>site.test</title></head><body><p>site.test related searches</p>"
                              "<script src=\"https://img.sedoparking.com/x.js\"></script></body></html>"));
           }),
      blocks("captcha_with_200", "BLOCKED, never evidence of death",
             [](World& w) {
               w.set("/a", html(page_of("Just a moment...", "Checking your browser before you go on. Please wait.")));
             }),
      blocks("captcha_in_french", "BLOCKED",
             [](World& w) {
               w.set("/a", html(page_of("V\xC3\xA9rification", "V\xC3\xA9rifiez que vous \xC3\xAAtes humain.")));
             }),
      blocks("captcha_by_its_script", "BLOCKED",
             [](World& w) {
               w.set("/a", html("<html><head><title>Access denied</title></head><body><p>Please wait a while.</p>"
                                "<script src=\"https://geo.captcha-delivery.com/c.js\"></script></body></html>"));
             }),
      blocks(
          "cookie_wall", "BLOCKED",
          [](World& w) { w.set("/a", html(page_of("Welcome", "Please enable cookies to continue to this site."))); }),
      blocks("cookie_wall_that_loops", "a redirect loop without cookies: BLOCKED",
             [](World& w) {
               w.set("/a", redirect(302, "/set?back=/a"));
               w.set("/set?back=/a", redirect(302, "/a"));
             }),
      blocks("login_redirect", "302 to a login page with 200: BLOCKED",
             [](World& w) {
               w.set("/a", redirect(302, "/login?next=/a"));
               w.set("/login?next=/a",
                     html(page_of("Welcome back", "<form>Name <input name=u> <input type=password></form> Go on.")));
             }),
      blocks("login_page_with_200", "BLOCKED",
             [](World& w) {
               w.set("/a", html(page_of("Connexion - Intranet",
                                        "Identifiant <input name=u> Mot de passe "
                                        "<input type=\"password\"> Valider")));
             }),
      blocks("cloaking_by_agent", "403 for programs, 200 for browsers: BLOCKED, and no browser is feigned",
             [](World& w) {
               w.set("/a", [](Wire& wire, const Ask& ask) {
                 const bool honest = ask.header("user-agent").find("renvoi") != std::string::npos;
                 EXPECT_TRUE(honest);
                 if (honest) return status(403)(wire, ask);
                 text("/a")(wire, ask);
               });
             }),
      blocks("cloaking_with_200", "a check for robots with 200 for programs: BLOCKED",
             [](World& w) { w.set("/a", html(page_of("Robot check", "Our systems have detected unusual traffic."))); }),
  };
}

}  // namespace

std::vector<Row> mask_rows() {
  std::vector<Row> rows;
  for (const auto& more : {soft_404_rows(), living_rows(), wall_rows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace renvoi::test
