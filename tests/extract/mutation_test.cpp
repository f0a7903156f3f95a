// Real pages as they are, and broken in many ways (RENVOI_MUTATIONS says in how many, a thousand when it does not):
// whatever comes out is a document whose parts hold together. Meant for sanitizers (`./dev fuzz mutations`: ten
// thousand); the same seed gives the same pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "base/utf8.h"
#include "eval_pages.h"
#include "extract/extract.h"
#include "extract/passages.h"
#include "extract/text_fragment.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxPageBytes = 60'000;  // of a page, its beginning: many mutations rather than long pages

std::vector<std::string> golden_pages() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden/pages"))
    if (entry.path().extension() == ".html") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(test::read_gzip(path));
  return out;
}

// The golden pages and the beginnings of all real ones.
std::vector<std::string> seeds() {
  std::vector<std::string> out = golden_pages();
  for (const char* set : {"html-scrapinghub", "html-readability"})
    for (test::EvalPage& page : test::eval_pages(TEST_EVAL_DIR, set))
      out.push_back(page.bytes.substr(0, kMaxPageBytes));
  return out;
}

// One to eight changes: bytes flipped, pieces cut, doubled, moved, tags and bytes of other charsets put in.
std::string mutated(std::string page, std::mt19937_64& random) {
  static const std::string kPieces[] = {
      "<",           ">",          "</",       "<!--",       "-->",           "\\0",       "<table",      "<script>",
      "</template>", "<svg><p>",   "\xFF\xFE", "\xC3",       "<select",       "\"",        "'",           "&#x110000;",
      "<h1>",        "<frameset>", " hidden ", "<a href=#>", "style='color:", "<![CDATA[", "<plaintext>", "</body>"};
  for (std::size_t n = 1 + random() % 8; n > 0 && !page.empty(); --n) {
    const std::size_t at = random() % page.size(), size = std::min<std::size_t>(random() % 400, page.size() - at);
    switch (random() % 6) {
      case 0:
        page[at] = static_cast<char>(random());
        break;
      case 1:
        page.erase(at, size);
        break;
      case 2:
        page.insert(at, page.substr(at, size));
        break;
      case 3:
        page.insert(at, page.substr(random() % page.size(), size));
        break;
      case 4:
        page.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      default:
        page.resize(at);
    }
  }
  return page;
}

void expect_sound(const Document& document) {
  ASSERT_TRUE(is_valid_utf8(document.text));
  ASSERT_TRUE(is_valid_utf8(document.title));
  ASSERT_LE(document.title.size(), 200u);
  ASSERT_LE(document.masked_characters, document.hidden_characters);
  for (const std::string* fact : {&document.site, &document.description, &document.licence})
    ASSERT_TRUE(is_valid_utf8(*fact));
  for (const std::string& author : document.authors) ASSERT_TRUE(is_valid_utf8(author));
  std::uint32_t end = 0;
  for (const Block& block : document.blocks) {
    ASSERT_GE(block.range.begin, end);
    ASSERT_GT(block.range.end, block.range.begin);
    end = block.range.end;
  }
  ASSERT_EQ(end, document.text.size());
  for (const Anchor& anchor : document.anchors) ASSERT_LT(anchor.offset, document.text.size());
  for (const LanguageRange& other : document.other_languages) ASSERT_LE(other.range.end, document.text.size());
  end = 0;
  for (const ElementMap::Place& place : document.elements.places()) {
    ASSERT_GE(place.range.begin, end);
    ASSERT_GT(place.range.end, place.range.begin);
    end = place.range.end;
    ASSERT_FALSE(document.elements.path(place.element).empty());
  }
  ASSERT_LE(end, document.text.size());
  for (const Passage& passage : passages(document)) ASSERT_LE(passage.range.end, document.text.size());
  const Block& last = document.blocks.back();
  ASSERT_TRUE(text_fragment(document.text, last.range).size() < 4 * document.text.size() + 100);
}

// Every page of the sets and every file of the charset set, whole, as it is and as every other kind that it might be
// taken for.
TEST(Mutations, NoneAtAll) {
  std::vector<std::string> files = golden_pages();
  for (const char* set : {"html-scrapinghub", "html-readability"})
    for (test::EvalPage& page : test::eval_pages(TEST_EVAL_DIR, set)) files.push_back(std::move(page.bytes));
  const std::filesystem::path evaluation(TEST_EVAL_DIR);
  if (std::filesystem::exists(evaluation / "charset"))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(evaluation / "charset"))
      if (entry.is_regular_file()) files.push_back(test::read_gzip(entry.path()));
  std::size_t read = 0, bytes = 0;
  for (const std::string& file : files) {
    SCOPED_TRACE("file " + std::to_string(&file - files.data()));
    bytes += file.size();
    const auto document = extract(file, {.content_type = "text/html"});
    if (document.ok()) {
      ++read;
      expect_sound(*document);
      if (HasFatalFailure()) return;
    }
    (void)extract(file.substr(0, kMaxPageBytes), {});
    (void)extract(file.substr(0, kMaxPageBytes), {.content_type = "text/markdown"});
  }
  std::printf("%zu files, %zu bytes, %zu read\n", files.size(), bytes, read);
  EXPECT_GE(read * 10, files.size() * 9);
}

TEST(Mutations, OfRealPagesGiveSoundDocuments) {
  const std::vector<std::string> pages = seeds();
  ASSERT_FALSE(pages.empty());
  const char* wanted = std::getenv("RENVOI_MUTATIONS");
  const int rounds = wanted == nullptr ? 1'000 : std::atoi(wanted);
  std::mt19937_64 random(20'240'607);
  int read = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string page = mutated(pages[random() % pages.size()], random);
    const char* const types[] = {"text/html", "text/html; charset=utf-8", "text/html; charset=shift_jis", ""};
    const auto document = extract(page, {.content_type = types[random() % 4]});
    if (!document.ok()) continue;
    ++read;
    SCOPED_TRACE("round " + std::to_string(round));
    expect_sound(*document);
    if (HasFatalFailure()) return;
  }
  std::printf("%d mutations of %zu pages, %d read\n", rounds, pages.size(), read);
  EXPECT_GE(read * 2, rounds) << "most of the pages are still pages";
}

}  // namespace
}  // namespace renvoi::extract
