#include "crawl/soft_404.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "crawl/meta_refresh.h"
#include "crawl/session_ids.h"
#include "crawl/sitemap.h"
#include "extract/extract.h"

#include <archive.h>
#include <archive_entry.h>

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;

std::string words(std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "w" + std::string(1, 'a' + random() % 26) + std::string(1, 'a' + random() % 26) + " ";
  return text;
}

TEST(TextSketch, ResemblanceIsAboutTheShareOfCommonShingles) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string common = words(seed, 300);
    const auto a = sketch_of("", common, ""), b = sketch_of("", common + words(seed + 1'000, 300), "");
    EXPECT_EQ(resemblance(a, a), 1);
    EXPECT_NEAR(resemblance(a, b), 0.5, 0.25) << seed;
    EXPECT_LT(resemblance(a, sketch_of("", words(seed + 2'000, 300), "")), 0.2) << seed;
  }
  EXPECT_EQ(resemblance(sketch_of("", "", ""), sketch_of("", "", "")), 0);
}

TEST(TextSketch, NumbersAndTheAddressDoNotMatter) {
  const auto a =
      sketch_of("Oops", "We found no blue-whales here, incident 4711, " + words(1, 40), "http://x.org/blue-whales");
  const auto b =
      sketch_of("Oops", "We found no renvoi-00ff here, incident 4712, " + words(1, 40), "http://x.org/renvoi-00ff");
  EXPECT_EQ(resemblance(a, b), 1);
}

TEST(Probe, SurvivesItsText) {
  Probe probe{true, "http://x.org/error", sketch_of("T", words(3, 50), "")};
  const auto read = parse_probe(to_string(probe));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->final_address, probe.final_address);
  EXPECT_EQ(read->sketch.minima, probe.sketch.minima);
  EXPECT_EQ(read->sketch.words, probe.sketch.words);
  EXPECT_FALSE(parse_probe(to_string(Probe{}))->found);
  const std::string whole = to_string(probe);
  for (std::size_t cut = 0; cut < whole.size() - probe.final_address.size(); ++cut)
    EXPECT_FALSE(parse_probe(whole.substr(0, cut)).has_value()) << cut;
  EXPECT_FALSE(parse_probe("found 3 " + std::string(512, 'z') + " ").has_value());
}

TEST(Probe, ItsAddressIsBesideThePageAndAnotherEachDay) {
  const std::string today = probe_address("https://x.org/docs/a.html?b=c", "", 9);
  EXPECT_TRUE(today.starts_with("https://x.org/docs/renvoi-")) << today;
  EXPECT_TRUE(today.ends_with(".html")) << today;
  EXPECT_EQ(today, probe_address("https://x.org/docs/other.html", "", 9));
  EXPECT_NE(today, probe_address("https://x.org/docs/a.html", "", 10));
  EXPECT_TRUE(probe_address("https://x.org/docs/a", "/", 9).starts_with("https://x.org/renvoi-"));
}

PageKind judged(const std::string& title, const std::string& text, const std::string& html = "",
                const std::string& asked = "http://x.org/a", const std::string& final_address = "http://x.org/a") {
  return judge_page({title, text, html, asked, final_address}).kind;
}

TEST(JudgePage, WordsOfATitleNeverCondemnALongText) {
  for (const char* title : {"404", "Page not found", "Page introuvable", "Not Found | X", "Erreur 404"}) {
    EXPECT_EQ(judged(title, "Sorry."), PageKind::not_found) << title;
    EXPECT_EQ(judged(title, words(5, 90)), PageKind::page) << title;
  }
  EXPECT_EQ(judged("Not found anywhere else: rare orchids", "A catalogue of rare orchids of the Alps."),
            PageKind::page);
  EXPECT_EQ(judged("Lost and found", "Things that were found in the train."), PageKind::page);
}

TEST(JudgePage, LoginsAreSeenByWhereTheyAreAndWhatTheyAsk) {
  const std::string form = "<form><input type=\"password\"></form>";
  EXPECT_EQ(judged("Hello", "Name and word", form, "http://x.org/a", "http://x.org/login?to=a"), PageKind::login);
  EXPECT_EQ(judged("Hello", words(1, 200), "", "http://x.org/a", "http://x.org/login"), PageKind::page);
  EXPECT_EQ(judged("Login", "Name and word", form, "http://x.org/login", "http://x.org/login"), PageKind::page);
  EXPECT_EQ(judged("Log in - X", "Name and word", form), PageKind::login);
  EXPECT_EQ(judged("Log in - X", "How to log in: press the button.", ""), PageKind::page);
}

TEST(MetaRefresh, IsFoundWhereABrowserGoesAtOnce) {
  EXPECT_EQ(find_meta_refresh("<meta http-equiv=refresh content='0; url=/b'>"), "/b");
  EXPECT_EQ(find_meta_refresh("<META content=\"0.5;URL='/b c'\" HTTP-EQUIV=\"Refresh\">"), "/b c");
  EXPECT_FALSE(find_meta_refresh("<meta http-equiv=refresh content='30; url=/b'>"));
  EXPECT_FALSE(find_meta_refresh("<meta http-equiv=refresh content='0'>"));
  EXPECT_FALSE(find_meta_refresh("<!-- <meta http-equiv=refresh content='0; url=/b'> -->"));
  EXPECT_FALSE(find_meta_refresh("<noscript><meta http-equiv=refresh content='0; url=/b'></noscript>"));
  EXPECT_FALSE(find_meta_refresh("<meta http-equiv=refresh content='0; url=/b'>" + std::string(9'000, 'x')));
  for (const char* broken : {"<meta", "<meta http-equiv", "<meta http-equiv=", "<meta http-equiv=refresh content",
                             "<meta http-equiv=refresh content=", "<meta http-equiv='refresh", "<!--", "<noscript"})
    EXPECT_FALSE(find_meta_refresh(broken)) << broken;
}

TEST(SessionIds, OnlySessionsAreDropped) {
  EXPECT_EQ(without_session_id("http://x.org/a?b=1&PHPSESSID=0af&c=2"), "http://x.org/a?b=1&c=2");
  EXPECT_EQ(without_session_id("http://x.org/a?PHPSESSID=0af"), "http://x.org/a");
  EXPECT_EQ(without_session_id("http://x.org/a;jsessionid=0AF?b=1"), "http://x.org/a?b=1");
  EXPECT_EQ(without_session_id("http://x.org/a;jsessionid=0AF/b"), "http://x.org/a/b");
  EXPECT_EQ(without_session_id("http://x.org/a?sid=0123456789abcdef0123"), "http://x.org/a");
  for (const char* kept : {"http://x.org/a?sid=42", "http://x.org/a?", "http://x.org/a?b", "http://x.org/a?&&b=1&",
                           "http://x.org/?session=keynote"})
    EXPECT_EQ(without_session_id(kept), kept);
}

// Pages that are good pages all, as they were on the web.
struct RealPage {
  std::string name, html;
};

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string gunzipped(const std::string& bytes) {
  archive* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_raw(reader);
  archive_entry* entry = nullptr;
  std::string out;
  if (archive_read_open_memory(reader, bytes.data(), bytes.size()) == ARCHIVE_OK &&
      archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    char piece[65'536];
    for (la_ssize_t size = 0; (size = archive_read_data(reader, piece, sizeof piece)) > 0;)
      out.append(piece, static_cast<std::size_t>(size));
  }
  archive_read_free(reader);
  return out;
}

std::vector<RealPage> scrapinghub_pages() {
  std::vector<RealPage> pages;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(fs::path(TEST_EVAL_DIR) / "html-scrapinghub/html", none)) {
    std::string bytes = read_all(entry.path());
    if (entry.path().extension() == ".gz") bytes = gunzipped(bytes);
    pages.push_back({entry.path().filename().string(), std::move(bytes)});
  }
  return pages;
}

std::vector<RealPage> readability_pages() {
  std::vector<RealPage> pages;
  archive* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_tar(reader);
  const std::string file = (fs::path(TEST_EVAL_DIR) / "html-readability.tar.xz").string();
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader, file.c_str(), 65'536) == ARCHIVE_OK) {
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      const std::string name = archive_entry_pathname(entry);
      if (!name.ends_with("/source.html")) continue;
      std::string html(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      archive_read_data(reader, html.data(), html.size());
      pages.push_back({name, std::move(html)});
    }
  }
  archive_read_free(reader);
  return pages;
}

TEST(Soft404, NoRealPageIsTakenForAnythingElse) {
  std::vector<RealPage> pages = scrapinghub_pages();
  for (auto& page : readability_pages()) pages.push_back(std::move(page));
  if (pages.empty()) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
  std::size_t judged_pages = 0, taken = 0, refreshes = 0, alike = 0;
  std::vector<TextSketch> sketches;
  for (const RealPage& page : pages) {
    const auto document = extract::extract(page.html, {"text/html", "page.html", ""});
    if (!document) continue;
    ++judged_pages;
    const std::string address = "https://example.org/" + page.name;
    const PageVerdict verdict = judge_page({document->title, document->text, page.html, address, address});
    taken += verdict.kind == PageKind::page ? 0 : 1;
    EXPECT_EQ(verdict.kind, PageKind::page) << page.name << ": " << verdict.reason;
    refreshes += find_meta_refresh(page.html) ? 1 : 0;
    // Whatever another page of them was, as the answer to a probe, this one is not like it.
    const TextSketch sketch = sketch_of(document->title, document->text, address);
    if (page.name.starts_with("html-readability/")) continue;  // many of these share one made-up text
    for (const TextSketch& other : sketches)
      if (resembles({true, "", other}, sketch, address, address)) ++alike;
    sketches.push_back(sketch);
  }
  EXPECT_GE(judged_pages, 300u);
  EXPECT_EQ(taken, 0u);
  EXPECT_EQ(refreshes, 0u);
  EXPECT_EQ(alike, 0u);
  RecordProperty("judged", static_cast<int>(judged_pages));
  std::printf("%zu real pages, %zu taken for something else, %zu pairs nearly equal\n", judged_pages, taken, alike);
}

}  // namespace
}  // namespace renvoi::crawl
