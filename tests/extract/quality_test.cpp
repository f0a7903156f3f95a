// How much of an article's text is found, and how much else. scrapinghub: the measure of its
// article-extraction-benchmark, computed as its authors do (multisets of 4-grams of words; F1 of mean precision and
// mean recall). readability: the text of Mozilla's expected.html as a bag of words, the mean of the pages' F1.
#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "eval_pages.h"
#include "extract/extract.h"
#include "text/words.h"

namespace renvoi::extract {
namespace {

constexpr double kFloorF1 = 0.973;      // reached: .976
constexpr double kFloorWordF1 = 0.962;  // reached: .966

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  while (!text.empty()) {
    const DecodedCodePoint c = decode_utf8(text);
    text.remove_prefix(c.length);
    if (u_isalnum(static_cast<UChar32>(c.code_point)) || c.code_point == '_')
      append_utf8(word, c.code_point);
    else if (!word.empty())
      out.push_back(std::move(word)), word.clear();
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::map<std::string, int> grams(std::string_view text, std::size_t length = 4) {
  const std::vector<std::string> all = words(text);
  std::map<std::string, int> out;
  const std::size_t n = std::min<std::size_t>(length, std::max<std::size_t>(all.size(), 1));
  for (std::size_t i = 0; i + n <= all.size(); ++i) {
    std::string gram;
    for (std::size_t k = 0; k < n; ++k) gram += all[i + k] + ' ';
    ++out[gram];
  }
  return out;
}

int total(const std::map<std::string, int>& counts) {
  int sum = 0;
  for (const auto& [gram, count] : counts) sum += count;
  return sum;
}

int in_common(const std::map<std::string, int>& a, const std::map<std::string, int>& b) {
  int common = 0;
  for (const auto& [gram, count] : a)
    if (const auto found = b.find(gram); found != b.end()) common += std::min(count, found->second);
  return common;
}

TEST(Quality, MainTextOfArticlesIsFoundAndLittleElse) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / "html-scrapinghub";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
  std::ifstream stream(folder / "ground-truth.json");
  const nlohmann::json truths = nlohmann::json::parse(stream);
  double precision = 0, recall = 0;
  int with_output = 0, with_truth = 0;
  for (const auto& [key, truth] : truths.items()) {
    const auto document = extract(test::read_gzip(folder / "html" / (key + ".html.gz")), {.content_type = "text/html"});
    const auto gold = grams(truth["articleBody"].get<std::string>());
    const auto got = grams(document.ok() ? document->text : "");
    const int common = in_common(gold, got);
    if (const int size = total(got)) precision += static_cast<double>(common) / size, ++with_output;
    if (const int size = total(gold)) recall += static_cast<double>(common) / size, ++with_truth;
  }
  ASSERT_EQ(with_truth, 181);
  precision /= with_output;
  recall /= with_truth;
  const double f1 = 2 * precision * recall / (precision + recall);
  std::printf("scrapinghub: P %.3f R %.3f F1 %.3f\n", precision, recall, f1);
  EXPECT_GE(f1, kFloorF1);
}

// The words of markup in lower case. Tags within a line leave nothing, others a space; entities are what the parser
// that is tested makes of them, in a paragraph of its own: it is markup of one's own that is read here, not a page.
std::string text_of(const std::string& markup) {
  constexpr std::array<std::string_view, 18> kInline = {"a",     "abbr", "b",      "cite", "code", "em",
                                                        "font",  "i",    "kbd",    "mark", "q",    "s",
                                                        "small", "span", "strong", "sub",  "sup",  "u"};
  std::string out;
  for (std::size_t at = 0; at < markup.size();) {
    const std::size_t open = std::min(markup.find('<', at), markup.size());
    out.append(markup, at, open - at);
    const std::size_t close = std::min(markup.find('>', open), markup.size());
    std::string name;
    for (std::size_t i = open + 1 + (markup[std::min(open + 1, markup.size() - 1)] == '/' ? 1 : 0);
         i < close && std::isalnum(static_cast<unsigned char>(markup[i])) != 0; ++i)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(markup[i])));
    if (std::find(kInline.begin(), kInline.end(), name) == kInline.end()) out += ' ';
    at = close + 1;
  }
  const auto document = extract("<html><pre>" + out + "</pre>", {.content_type = "text/html; charset=utf-8"});
  return document.ok() ? document->text : std::string();
}

std::string lower(std::string_view text) { return text::lower_case(text); }

TEST(Quality, MainTextOfReadabilitysPagesIsFoundAndLittleElse) {
  const std::filesystem::path path = std::filesystem::path(TEST_EVAL_DIR) / "html-readability.tar.xz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the evaluation data are not at " << TEST_EVAL_DIR;
  double sum = 0;
  int pages = 0;
  for (const auto& [name, files] : test::read_tar(path)) {
    if (!files.contains("source.html") || !files.contains("expected.html")) continue;
    const auto document = extract(files.at("source.html"), {.content_type = "text/html"});
    const auto gold = grams(lower(text_of(files.at("expected.html"))), 1);
    const auto got = grams(lower(document.ok() ? document->text : ""), 1);
    const int all = total(gold) + total(got);
    sum += all == 0 ? 1.0 : 2.0 * in_common(gold, got) / all;
    ++pages;
  }
  ASSERT_EQ(pages, 130);
  std::printf("readability: word F1 %.3f\n", sum / pages);
  EXPECT_GE(sum / pages, kFloorWordF1);
}

}  // namespace
}  // namespace renvoi::extract
