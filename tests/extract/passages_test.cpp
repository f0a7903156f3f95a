#include "extract/passages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/hash.h"
#include "base/utf8.h"
#include "extract/extract.h"
#include "text/sentences.h"

namespace renvoi::extract {
namespace {

// A document of random blocks, written as extraction writes them.
Document random_document(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::string words[] = {"la", "forêt",  "des",  "données",  "table", "中文",
                               "x",  "Ctrl+S", "word", "longword", "😀",     "e\u0301t\u00E9"};
  Document document;
  document.language = seed % 2 == 0 ? "fr" : "en";
  if (seed % 3 != 0) document.title = "Le titre " + std::to_string(seed);
  for (std::size_t n = random() % 40; n > 0; --n) {
    Block block;
    block.kind = static_cast<BlockKind>(random() % 6);
    if (block.kind == BlockKind::heading) block.level = static_cast<std::uint8_t>(1 + random() % 6);
    std::string text;
    std::size_t length = block.kind == BlockKind::heading ? 1 + random() % 4 : 1 + random() % 60;
    if (random() % 12 == 0) length *= 20;
    for (; length > 0; --length) {
      text += words[random() % std::size(words)];
      if (random() % 40 == 0) text += std::string(random() % 3'000, 'z');
      if (length > 1) text += random() % 9 == 0 ? ". A" : " ";
    }
    if (!document.text.empty()) document.text += "\n\n";
    block.range.begin = static_cast<std::uint32_t>(document.text.size());
    document.text += text;
    block.range.end = static_cast<std::uint32_t>(document.text.size());
    document.blocks.push_back(block);
  }
  return document;
}

bool is_on_border(const std::string& text, std::uint32_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

TEST(Passages, CoverEveryBlockInOrderWithoutOverlap) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Document document = random_document(seed);
    const auto all = passages(document);
    std::vector<bool> covered(document.text.size(), false);
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(all[i].ordinal, i);
      ASSERT_GE(all[i].range.begin, end) << "seed " << seed;
      ASSERT_LT(all[i].range.begin, all[i].range.end) << "seed " << seed;
      ASSERT_TRUE(is_on_border(document.text, all[i].range.begin) && is_on_border(document.text, all[i].range.end));
      ASSERT_LE(all[i].heading_path.size(), 300u);
      ASSERT_EQ(all[i].fingerprint, fingerprint(text::slice(document.text, all[i].range)));
      end = all[i].range.end;
      std::fill(covered.begin() + all[i].range.begin, covered.begin() + end, true);
    }
    const bool only_headings = std::all_of(document.blocks.begin(), document.blocks.end(),
                                           [](const Block& block) { return block.kind == BlockKind::heading; });
    for (const Block& block : document.blocks) {
      if (block.kind == BlockKind::heading && !only_headings) continue;
      for (std::uint32_t at = block.range.begin; at < block.range.end; ++at)
        ASSERT_TRUE(covered[at] || document.text[at] == ' ') << "seed " << seed << " byte " << at;
    }
  }
}

TEST(Passages, CutASentenceOnlyWhenItIsLongerThanAPassageMayBe) {
  const PassageOptions options{.target_tokens = 60, .max_tokens = 100, .min_tokens = 15};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Document document = random_document(seed);
    std::vector<std::uint32_t> cuts;
    for (const Passage& passage : passages(document, options)) {
      cuts.push_back(passage.range.begin);
      cuts.push_back(passage.range.end);
    }
    std::sort(cuts.begin(), cuts.end());
    for (const Block& block : document.blocks) {
      if (block.kind == BlockKind::heading) continue;
      for (const text::Range sentence : text::sentences(text::slice(document.text, block.range), document.language)) {
        const std::uint32_t begin = block.range.begin + sentence.begin, end = block.range.begin + sentence.end;
        const bool cut =
            std::upper_bound(cuts.begin(), cuts.end(), begin) != std::lower_bound(cuts.begin(), cuts.end(), end);
        const auto tokens = text::estimate_tokens(document.text.substr(begin, end - begin));
        ASSERT_TRUE(!cut || tokens > options.max_tokens) << "seed " << seed << " sentence at " << begin;
      }
    }
  }
}

TEST(Passages, AreAtMostAsLongAsTheyMayBe) {
  const PassageOptions options{.target_tokens = 60, .max_tokens = 100, .min_tokens = 15};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Document document = random_document(seed);
    for (const Passage& passage : passages(document, options)) {
      const auto tokens = text::estimate_tokens(text::slice(document.text, passage.range));
      ASSERT_LE(tokens, options.max_tokens + 8) << "seed " << seed << " passage " << passage.ordinal;
    }
  }
}

Document document_of(const std::vector<std::pair<int, std::string>>& blocks) {
  Document document;
  document.language = "en";
  document.title = "Guide";
  for (const auto& [level, text] : blocks) {
    if (!document.text.empty()) document.text += "\n\n";
    const auto begin = static_cast<std::uint32_t>(document.text.size());
    document.text += text;
    document.blocks.push_back({level > 0 ? BlockKind::heading : BlockKind::paragraph,
                               static_cast<std::uint8_t>(level),
                               {begin, static_cast<std::uint32_t>(document.text.size())}});
  }
  return document;
}

std::string prose(int sentences) {
  std::string out;
  for (int i = 0; i < sentences; ++i) out += "This is a plain sentence with a handful of words in it. ";
  out.pop_back();
  return out;
}

TEST(Passages, KnowTheirHeadingPath) {
  const Document document = document_of({{0, prose(12)},
                                         {1, "One"},
                                         {2, "Deep"},
                                         {0, prose(12)},
                                         {2, "Other"},
                                         {0, prose(12)},
                                         {1, "Two"},
                                         {0, prose(12)}});
  std::vector<std::string> paths;
  for (const Passage& passage : passages(document)) paths.push_back(passage.heading_path);
  EXPECT_EQ(paths, (std::vector<std::string>{"Guide", "Guide > One > Deep", "Guide > One > Other", "Guide > Two"}));
  EXPECT_EQ(passage_input(document, passages(document)[1]), "Guide > One > Deep\n" + prose(12));
}

TEST(Passages, ShortSectionsOfAChapterAreJoinedAndChaptersAreNot) {
  const Document document =
      document_of({{1, "One"}, {2, "A"}, {0, "Short."}, {2, "B"}, {0, prose(6)}, {1, "Two"}, {0, prose(6)}});
  const auto all = passages(document);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].heading_path, "Guide > One > A");
  EXPECT_EQ(text::slice(document.text, all[0].range), "Short.\n\nB\n\n" + prose(6));
  EXPECT_EQ(all[1].heading_path, "Guide > Two");
}

TEST(Passages, ASectionTakesInItsOwnSmallSubsections) {
  const Document document = document_of({{1, "SUM"},
                                         {0, prose(5)},
                                         {2, "Syntax"},
                                         {0, prose(1)},
                                         {2, "Example"},
                                         {0, prose(2)},
                                         {1, "MEAN"},
                                         {0, prose(5)},
                                         {2, "Syntax"},
                                         {0, prose(1)}});
  const auto all = passages(document);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].heading_path, "Guide > SUM");
  EXPECT_EQ(all[1].heading_path, "Guide > MEAN");
}

TEST(Passages, AreAboutTheTargetInLongText) {
  const Document document = document_of({{0, prose(400)}});
  const auto all = passages(document);
  ASSERT_GT(all.size(), 10u);
  for (const Passage& passage : all) {
    const auto tokens = text::estimate_tokens(text::slice(document.text, passage.range));
    EXPECT_GE(tokens, 120u);
    EXPECT_LE(tokens, 280u);
  }
}

TEST(Passages, OfNothingAndOfHeadingsAlone) {
  EXPECT_TRUE(passages(Document{}).empty());
  const Document document = document_of({{1, "Only"}, {2, "Headings"}});
  ASSERT_EQ(passages(document).size(), 1u);
  EXPECT_EQ(text::slice(document.text, passages(document)[0].range), "Only\n\nHeadings");
}

// Small sections share a passage; what stands in one of them is below its own heading all the same.
TEST(HeadingPath, OfAPlaceIsThatOfTheNearestHeadingsAboveIt) {
  const std::string page =
      "# Page breaks\n\n## To insert one\n\nPress Ctrl+Enter.\n\n## To delete one\n\nPress Delete.\n";
  const auto read = extract(page, {"text/markdown", "a.md", "en"});
  ASSERT_TRUE(read.ok());
  const auto at = [&](std::string_view words) { return static_cast<std::uint32_t>(read->text.find(words)); };
  ASSERT_EQ(passages(*read).size(), 1u);
  EXPECT_EQ(heading_path_at(*read, at("Press Ctrl")), "Page breaks > To insert one");
  EXPECT_EQ(heading_path_at(*read, at("Press Delete")), "Page breaks > To delete one");
}

}  // namespace
}  // namespace renvoi::extract
