// Rich Text Format as Word, LibreOffice and others write it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/date.h"
#include "base/utf8.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string markdown(const std::string& body) {
  const Document document = test::read("{\\rtf1\\ansi " + body + "}", "a.rtf");
  EXPECT_EQ(document.media_type, "application/rtf");
  std::string text = to_markdown(document);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(Rtf, CharactersAreThoseOfTheirFontOrOfUnicode) {
  EXPECT_EQ(markdown(R"(caf\'e9 \lquote a\rquote\emdash b\~c \{d\} \\)"), "café ‘a’—b c {d} \\");
  EXPECT_EQ(markdown(R"({\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f0 \'e9 {\f1 \'cf\'f0\'e8\'e2\'e5\'f2} \'e8)"),
            "é Привет è");
  EXPECT_EQ(markdown(R"(\ansicpg1250 \'9c\'ea)"), "śę");
  EXPECT_EQ(markdown(R"({\fonttbl{\f2\fcharset128 C;}}\f2\'93\'fa\'96\'7b)"), "日本");
  EXPECT_EQ(markdown(R"(\u8364\'80 \u233 e\uc0\u233 e{\uc2\u8364 abc}\u-10179?\u-8704?)"), "€ éée€c?😀?");
  EXPECT_EQ(markdown("one\r\n two\\\nthree"), "one two\n\nthree");
}

TEST(Rtf, StylesSayWhatAParagraphIs) {
  const std::string styles = R"({\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Kapitel;}{\s2 heading 2;}{\s3 Quote;}})";
  EXPECT_EQ(
      markdown(styles + R"(\s1 One\par\pard Text\par\pard\s2 Two\par\pard\s3 Said\par\pard\outlinelevel2 Three\par)"),
      "# One\n\nText\n\n## Two\n\n> Said\n\n### Three");
  EXPECT_EQ(markdown(R"({\listtext\bullet\tab}\ls1 a\par{\listtext\bullet\tab}\ilvl1 b\par\pard c\par)"),
            "- a\n  - b\n\nc");
  EXPECT_EQ(markdown(R"(\trowd\intbl a\cell b\par c\cell\row\trowd\intbl d\cell e\cell\row\pard f\par)"),
            "| a | b c |\n| --- | --- |\n| d | e |\n\nf");
}

TEST(Rtf, WhatIsNotTheTextIsLeftOut) {
  const Document document = test::read(
      R"({\rtf1{\info{\title The harbour}{\author Ines}{\creatim\yr2024\mo3\dy5\hr7\min8}{\revtim\yr2025\mo1\dy2}})"
      R"({\header Page}{\*\unknown no}{\pict 0a0b}{\colortbl;\red0;}Seen{\v Obey this} text{\deleted gone}.)"
      R"({\footnote A note.} More {\field{\*\fldinst{HYPERLINK "https://a.example/x"}}{\fldrslt here}}.\par Next\par)"
      R"({\pict\bin5 }}}}\}after})",
      "a.rtf");
  EXPECT_EQ(document.text, "Seen text. More here.\n\nA note.\n\nNext\n\nafter");
  EXPECT_EQ(document.title, "The harbour");
  EXPECT_EQ(document.authors, std::vector<std::string>{"Ines"});
  EXPECT_EQ(to_date(*document.published), "2024-03-05");
  EXPECT_EQ(to_date(*document.modified), "2025-01-02");
  EXPECT_EQ(document.hidden_characters, 8u);
  ASSERT_EQ(document.links.size(), 1u);
  EXPECT_EQ(document.links[0].target, "https://a.example/x");
}

TEST(Rtf, AnyBytesEndWell) {
  EXPECT_EQ(extract("{\\rtf1 " + std::string(5'000, '{') + "a", {}).error().code, ErrorCode::corrupt);
  EXPECT_EQ(extract("{\\rtf1 {\\pict abc}}", {}).error().code, ErrorCode::invalid);
  const std::string whole =
      "{\\rtf1\\ansi{\\fonttbl{\\f1\\fcharset204 B;}}{\\stylesheet{\\s1 heading 1;}}\\s1 T\\par\\pard \\f1\\'cf\\u8364?"
      "{\\*\\fldinst HYPERLINK \"x\"}\\trowd\\intbl a\\cell\\row\\bin3 abc\\uc2\\u55357 ab\\'e}";
  std::uint64_t state = 7;
  const auto random = [&] { return state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U; };
  for (int round = 0; round < 3'000; ++round) {
    std::string broken = whole.substr(0, 6 + (random() >> 33) % (whole.size() - 6));
    for (int i = 0; i < 3; ++i)
      if (broken.size() > 6) broken[6 + (random() >> 33) % (broken.size() - 6)] = static_cast<char>(random() >> 40);
    const auto document = extract(broken, {});
    if (document.ok()) {
      EXPECT_TRUE(is_valid_utf8(document->text)) << broken;
    }
  }
}

}  // namespace
}  // namespace renvoi::extract
