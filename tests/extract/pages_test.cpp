// Pages of many kinds, written for these tests: tests/golden/pages. What a page says is marked in it, by
// <!--text--> and <!--/text-->; what is read of it stands beside it, in a .md file, so that every change of the
// extractor shows in review. RENVOI_UPDATE_GOLDEN=1 writes those files anew.
#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/utf8.h"
#include "extract/extract.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

using Words = std::map<std::string, int>;

std::filesystem::path folder() { return std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden/pages"; }

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

// Tags of elements within a line leave nothing, others a space.
std::string without_tags(std::string_view markup) {
  constexpr std::array<std::string_view, 12> kInline = {"a", "b",    "cite", "code",   "em",  "i",
                                                        "q", "span", "sup",  "strong", "sub", "small"};
  std::string out;
  while (!markup.empty()) {
    const std::size_t open = markup.find('<');
    out += markup.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = markup.find('>', open);
    std::string_view name = markup.substr(open + 1, close - open - 1);
    if (name.starts_with('/')) name.remove_prefix(1);
    name = name.substr(0, name.find(' '));
    if (std::find(kInline.begin(), kInline.end(), name) == kInline.end()) out += ' ';
    markup.remove_prefix(close + 1);
  }
  for (const auto& [entity, meant] : {std::pair{"&gt;", ">"}, {"&lt;", "<"}, {"&mdash;", "—"}, {"&amp;", "&"}})
    replace_all(out, entity, meant);
  return out;
}

// The marked parts of a page, without first-level headings: those are the title, which is not in Document::text.
std::string marked_text(std::string_view page) {
  constexpr std::string_view kBegin = "<!--text-->", kEnd = "<!--/text-->";
  std::string out;
  for (std::size_t at = 0; (at = page.find(kBegin, at)) != std::string_view::npos;) {
    const std::size_t end = page.find(kEnd, at);
    std::string part(page.substr(at + kBegin.size(), end - at - kBegin.size()));
    for (std::size_t heading; (heading = part.find("<h1")) != std::string::npos;)
      part.erase(heading, part.find("</h1>") + 5 - heading);
    out += without_tags(part) + "\n";
    at = end;
  }
  return out;
}

Words words_of(std::string_view text) {
  Words out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) ++out[text::fold(word)];
    word.clear();
  };
  while (!text.empty()) {
    const DecodedCodePoint c = decode_utf8(text);
    text.remove_prefix(c.length);
    if (u_isalnum(static_cast<UChar32>(c.code_point)) != 0)
      append_utf8(word, c.code_point);
    else
      end_word();
  }
  end_word();
  return out;
}

int total(const Words& words) {
  int sum = 0;
  for (const auto& [word, count] : words) sum += count;
  return sum;
}

double word_f1(std::string_view wanted, std::string_view got) {
  const Words a = words_of(wanted), b = words_of(got);
  int common = 0;
  for (const auto& [word, count] : a)
    if (const auto found = b.find(word); found != b.end()) common += std::min(count, found->second);
  return 2.0 * common / std::max(1, total(a) + total(b));
}

struct Kind {
  const char* name;
  int pages;
  double floor;  // of the mean word F1 of its pages
};

// Reached: in the comment. The floors stand where a page that loses a paragraph fails.
constexpr Kind kKinds[] = {
    {"article", 2, 0.98},      // 1.000
    {"docs", 2, 0.98},         // 1.000
    {"forum", 7, 0.95},        // .969
    {"glossary", 1, 0.93},     // .948
    {"legislation", 1, 0.98},  // 1.000
    {"listing", 5, 0.92},      // .940
    {"product", 3, 0.96},      // .983
    {"qa", 3, 0.96},           // .984
    {"service", 4, 0.96},      // .984
    {"wiki", 2, 0.98},         // 1.000
};

std::string kind_of(const std::filesystem::path& page) {
  const std::string name = page.filename().string();
  return name.substr(0, name.find_first_of("-."));
}

std::vector<std::filesystem::path> pages() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    if (entry.path().extension() == ".html") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(PageKinds, TheTextOfEachKindIsFoundAndLittleElse) {
  std::map<std::string, std::pair<double, int>> sums;
  for (const auto& path : pages()) {
    const std::string page = read_file(path);
    const auto document = extract(page, {.content_type = "text/html; charset=utf-8"});
    ASSERT_TRUE(document.ok()) << path;
    const double f1 = word_f1(marked_text(page), document->text);
    std::printf("%-28s %.3f\n", path.filename().c_str(), f1);
    sums[kind_of(path)].first += f1;
    ++sums[kind_of(path)].second;
  }
  for (const Kind& kind : kKinds) {
    EXPECT_EQ(sums[kind.name].second, kind.pages) << kind.name;
    EXPECT_GE(sums[kind.name].first / std::max(1, sums[kind.name].second), kind.floor) << kind.name;
  }
  EXPECT_EQ(sums.size(), std::size(kKinds)) << "a kind without a floor";
}

std::string golden_of(const Document& document) {
  std::string out = "title: " + document.title + "\nlanguage: " + document.language + "\n";
  for (const std::string& author : document.authors) out += "author: " + author + "\n";
  if (!document.site.empty()) out += "site: " + document.site + "\n";
  if (document.hidden_characters > 0)
    out += "hidden characters: " + std::to_string(document.hidden_characters) + ", of those masked " +
           std::to_string(document.masked_characters) + "\n";
  return out + "\n" + to_markdown(document);
}

TEST(PageKinds, AreReadAsTheGoldenFilesSay) {
  const bool update = std::getenv("RENVOI_UPDATE_GOLDEN") != nullptr;
  for (const auto& path : pages()) {
    const auto document = extract(read_file(path), {.content_type = "text/html; charset=utf-8"});
    ASSERT_TRUE(document.ok()) << path;
    const std::filesystem::path golden = std::filesystem::path(path).replace_extension(".md");
    if (update) std::ofstream(golden, std::ios::binary) << golden_of(*document);
    EXPECT_EQ(golden_of(*document), read_file(golden)) << path << ": raise kExtractorVersion when this is meant";
  }
}

}  // namespace
}  // namespace renvoi::extract
