// Bad input: what is not text is refused by name, and no page, however hostile, takes the process down or runs for
// ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/passages.h"
#include "hostile_pages.h"

namespace renvoi::extract {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

const std::string kEnd = "<p>The last paragraph of this page, which must be found.</p>";

std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

TEST(BadInput, BinaryIsRefusedByNameWhateverItIsDeclared) {
  const std::vector<std::pair<std::string, std::string>> kinds = {{"\x89PNG\r\n\x1A\n....", "PNG"},
                                                                  {"\xFF\xD8\xFF\xE0 JFIF", "JPEG"},
                                                                  {"\x7F"
                                                                   "ELF\x02\x01",
                                                                   "executable"},
                                                                  {"GIF89a...", "GIF"},
                                                                  {"SQLite format 3\0"s, "SQLite"},
                                                                  {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "Office"},
                                                                  {"a\0b\0\0c\1\2\3\4\5\6"s, "binary"}};
  for (const auto& [bytes, name] : kinds)
    for (const char* type : {"text/html", "text/plain", "text/markdown", ""}) {
      const auto result = extract(bytes, {.content_type = type, .name = "page.html"});
      ASSERT_FALSE(result.ok()) << name;
      EXPECT_EQ(result.error().code, ErrorCode::invalid);
      EXPECT_THAT(result.error().message, HasSubstr(name));
      EXPECT_THAT(result.error().message, HasSubstr("what can be read is HTML, PDF, Word"));
    }
}

TEST(BadInput, NothingToReadIsAnErrorThatSaysSo) {
  for (const std::string& bytes : {""s, " \n\t "s, "<html><body></body></html>"s, "\xEF\xBB\xBF"s, "<!-- only -->"s}) {
    const auto result = extract(bytes, {.content_type = "text/html"});
    ASSERT_FALSE(result.ok()) << bytes;
    EXPECT_EQ(result.error().code, ErrorCode::invalid);
  }
}

// Each of these took a parser without limits seconds to minutes, gigabytes, or its stack (DESIGN section 7).
TEST(Hostile, NestingIsReadToItsEnd) {
  constexpr std::size_t kTimes = 100'000;
  const std::vector<std::string> pages = {repeat("<div>", kTimes),
                                          repeat("<font>", kTimes),
                                          repeat("<ul><li>", kTimes),
                                          repeat("<table><tr><td>", kTimes),
                                          repeat("<a href=x>", kTimes),
                                          repeat("<b><i></b></i>", kTimes),
                                          repeat("</p>", kTimes),
                                          repeat("<div class=sidebar>", kTimes),
                                          "<!--" + std::string(1'000'000, '-') + "-->",
                                          repeat("<div>", 600) + "<script>" + repeat("</div>", kTimes) + "</script>"};
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const auto result = extract(pages[i] + kEnd, {.content_type = "text/html"});
    ASSERT_TRUE(result.ok()) << i << ": " << result.error().describe();
    EXPECT_THAT(result->text, HasSubstr("must be found")) << i;
  }
}

TEST(Hostile, AttributesWithoutEndStopTheParserAndWhatWasReadStands) {
  std::string tag = "<p ";
  for (int i = 0; i < 200'000; ++i) tag += "a" + std::to_string(i) + "=1 ";
  const auto result = extract(kEnd + tag + ">x</p>", {.content_type = "text/html"});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->truncated);
  EXPECT_THAT(result->text, HasSubstr("must be found"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

struct Cost {
  double cpu_ms = 0;
  long peak_kib = 0;
};

// In a child, because the peak of a process never falls.
Cost cost_of(const std::string& page) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    (void)extract(page, {.content_type = "text/html"});
    getrusage(RUSAGE_SELF, &after);
    const auto ms = [](const rusage& usage) {
      return 1e3 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
             1e-3 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    };
    const Cost cost{ms(after) - ms(before), after.ru_maxrss - before.ru_maxrss};
    _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  close(ends[1]);
  Cost cost{1e9, 1 << 30};
  EXPECT_EQ(read(ends[0], &cost, sizeof cost), static_cast<ssize_t>(sizeof cost));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return cost;
}

// The figures asked for are 100 ms and 200 MB, and `bench_extract --hostile` prints them; here the time is ten times
// that, because machines are busy: what is quadratic takes minutes.
TEST(Hostile, PagesMadeToCostDoNot) {
  if (kSanitized) GTEST_SKIP() << "sanitizers cost more";
  for (const auto& [name, page] : test::hostile_pages()) {
    if (page.size() > 10'500'000) continue;  // no trick but a long text
    const Cost cost = cost_of(page + kEnd);
    EXPECT_LE(cost.cpu_ms, 1'000) << name;
    EXPECT_LE(cost.peak_kib, 200'000) << name;
  }
}

TEST(Hostile, FormattingThatIsNeverClosedIsNotMultiplied) {
  std::string html;
  for (int i = 0; i < 1'000; ++i) html += "<b id=" + std::to_string(i) + ">";
  const auto result = extract(html + repeat("<p>x</p>", 20'000) + kEnd, {.content_type = "text/html"});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->text, HasSubstr("must be found"));
}

TEST(Hostile, APageOfAHundredMegabytesIsCut) {
  const std::string page = repeat("<p>Hello world, this is a sentence of the page.</p>", 2'000'000);
  ASSERT_GT(page.size(), 100'000'000u);
  const Limits limits{.max_milliseconds = 60'000};  // sanitizers are slow; the limit is not what is tested here
  const auto result = extract(page, {.content_type = "text/html"}, limits);
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_TRUE(result->truncated);
  EXPECT_LE(result->text.size(), limits.max_text_bytes);
}

TEST(Hostile, WhenTheTimeIsSpentItSaysSo) {
  const std::string page = repeat("<p>Hello <b>world</b>.</p>", 200'000);
  for (const char* type : {"text/html", "text/markdown"}) {
    const auto result = extract(page, {.content_type = type}, {.max_milliseconds = 0});
    ASSERT_FALSE(result.ok()) << type;
    EXPECT_EQ(result.error().code, ErrorCode::exhausted);
    EXPECT_THAT(result.error().message, HasSubstr("time limit"));
  }
}

TEST(Hostile, MarkdownThatIsQuadraticForItsParserIsBounded) {
  for (const std::string& piece : {"["s, "> "s, "- "s, "*a "s, "a<![CDATA["s, "a@b."s, "![a]("s, "|a"s}) {
    const auto result = extract(repeat(piece, 30'000) + "\n\nThe end of it all.", {.content_type = "text/markdown"});
    ASSERT_TRUE(result.ok()) << piece << ": " << result.error().describe();
    EXPECT_THAT(result->text, HasSubstr("The end of it all."));
  }
}

TEST(Hostile, RandomTagSoupGivesValidDocumentsAndPassages) {
  const std::vector<std::string> pieces = {
      "<div>",    "</div>",     "<p>",      "<b>",       "</b>",  "<table>", "<td>",  "</table>", "<a href=x>",
      "<form>",   "<h1>",       "</h1>",    "<li>",      "<svg>", "</svg>",  "<tr>",  "<pre>",    "word. ",
      "<select>", "<template>", "\xC3",     "é ",        "<!--",  "-->",     "&amp;", "<title>",  "</title>",
      "<br>",     "\xF0\x9F",   "<script>", "</script>", "<ul>",  "</ul>",   "\0"s,   "<math>",   "Two words "};
  std::mt19937_64 random(42);
  for (int round = 0; round < 1'500; ++round) {
    std::string html = "<html>";
    for (std::size_t n = random() % 80; n > 0; --n) html += pieces[random() % pieces.size()];
    const auto result = extract(html, {.content_type = "text/html"});
    if (!result.ok()) continue;
    ASSERT_TRUE(is_valid_utf8(result->text)) << "round " << round;
    ASSERT_TRUE(is_valid_utf8(result->title)) << "round " << round;
    for (const Passage& passage : passages(*result)) ASSERT_LE(passage.range.end, result->text.size());
  }
}

}  // namespace
}  // namespace renvoi::extract
