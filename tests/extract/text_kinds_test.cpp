#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

using testing::ElementsAre;

Document read(const std::string& bytes, const std::string& name) {
  auto document = extract(bytes, {.name = name});
  EXPECT_TRUE(document.ok()) << document.error().describe();
  return document.ok() ? *document : Document{};
}

std::vector<std::string> blocks(const Document& document, BlockKind kind) {
  std::vector<std::string> out;
  for (const Block& block : document.blocks)
    if (block.kind == kind) out.emplace_back(text::slice(document.text, block.range));
  return out;
}

TEST(Markdown, StructureTitleAndLinks) {
  const Document document = read(
      "# The *title*\n\nSome `code` and a [link](other.md \"t\"),\nwrapped. See https://example.org/a.\n\n## Part\n\n- "
      "one\n- two\n  - deep\n\n"
      "> quoted\n\n```sh\nls  -l\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<div>raw</div>\n",
      "README.md");
  EXPECT_EQ(document.media_type, "text/markdown");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(blocks(document, BlockKind::paragraph),
              ElementsAre("Some code and a link, wrapped. See https://example.org/a."));
  EXPECT_THAT(blocks(document, BlockKind::heading), ElementsAre("Part"));
  EXPECT_THAT(blocks(document, BlockKind::list_item), ElementsAre("one", "two", "deep"));
  EXPECT_THAT(blocks(document, BlockKind::quote), ElementsAre("quoted"));
  EXPECT_THAT(blocks(document, BlockKind::code), ElementsAre("ls  -l"));
  EXPECT_THAT(blocks(document, BlockKind::table_row), ElementsAre("a | b", "1 | 2"));
  ASSERT_EQ(document.links.size(), 2u);
  EXPECT_EQ(document.links[0].target, "other.md");
  EXPECT_EQ(document.links[0].text, "link");
  EXPECT_EQ(document.links[1].target, "https://example.org/a.");
}

TEST(Markdown, FrontMatterGivesTitleAndLanguageAndIsNoText) {
  const Document document = read("---\ntitle: \"Guide d'été\"\nlang: fr\n---\n\n# Guide d'été\n\n42\n", "x.md");
  EXPECT_EQ(document.title, "Guide d'été");
  EXPECT_EQ(document.language, "fr");
  EXPECT_EQ(document.text, "42");
}

TEST(Plain, ParagraphsAreUnwrappedAndListsKept) {
  const Document document =
      read("First line\nof a paragraph.\r\n\r\nSecond\rone.\n\n- item a\n  goes on\n- item b\n\n1. n\n2. m", "a.txt");
  EXPECT_EQ(document.media_type, "text/plain");
  EXPECT_THAT(blocks(document, BlockKind::paragraph), ElementsAre("First line of a paragraph.", "Second one."));
  EXPECT_THAT(blocks(document, BlockKind::list_item), ElementsAre("item a goes on", "item b", "1. n", "2. m"));
}

TEST(Plain, OnlyUnderlinedLinesAreHeadings) {
  const Document document =
      read("The title\n=========\n\nINTRODUCTION\n\nText.\n\nPart\n----\n\nMore text.\n", "a.txt");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(blocks(document, BlockKind::heading), ElementsAre("Part"));
  EXPECT_THAT(blocks(document, BlockKind::paragraph), ElementsAre("INTRODUCTION", "Text.", "More text."));
}

TEST(Sniff, TheDeclaredTypeThenTheNameThenTheLookDecide) {
  const std::string html = "<!doctype html><p>Words here.</p>";
  EXPECT_EQ(extract(html, {})->media_type, "text/html");
  EXPECT_EQ(extract(html, {.content_type = "text/plain"})->media_type, "text/plain");
  EXPECT_EQ(extract("# x\n\ny", {.content_type = "text/plain", .name = "a/README.md?raw=1"})->media_type,
            "text/markdown");
  EXPECT_EQ(extract("# x\n\ny", {.content_type = "application/octet-stream"})->media_type, "text/plain");
  EXPECT_EQ(extract(html, {.content_type = "application/octet-stream"})->media_type, "text/html");
}

}  // namespace
}  // namespace renvoi::extract
