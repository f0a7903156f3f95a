#include "extract/pdf.h"

#include <unistd.h>

#include "base/date.h"
#include "extract/pdf_layout.h"
#include "extract/pdf_text.h"
#include "pdf_writer.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

using test::outline;
using test::pdf_of;
using test::PdfWord;
using test::read;
using test::refusal;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

// From a layout as pdftotext tells it: these tests need no pdftotext.

PdfLine at(double x, double y, double height, std::uint32_t block, std::string text) {
  const double width = static_cast<double>(text.size()) * height / 2;
  return {x, y, x + width, y + height, height, block, std::move(text), false};
}

Document written(PdfLayout layout) {
  Document document;
  write_pdf_text(layout, Limits{}, document);
  return document;
}

TEST(PdfLayout, WordsBecomeLinesOfBlocks) {
  const PdfLayout layout = read_pdf_layout(
      "<title>A &amp; B</title><meta name=\"Author\" content=\"Anna &quot;Roy&quot;\"/>"
      "<meta name=\"CreationDate\" content=\"2026-01-02T00:00:00Z\"/><page width=\"595.0\" height=\"842.0\"><flow>"
      "<block xMin=\"1\" yMin=\"2\" xMax=\"3\" yMax=\"4\"><line xMin=\"10\" yMin=\"20\" xMax=\"30\" yMax=\"40\">"
      "<word xMin=\"10\" yMin=\"20\" xMax=\"20\" yMax=\"32\">1 &lt;</word><word xMin=\"22\" yMin=\"20\" xMax=\"30\" "
      "yMax=\"32\">two</word></line></block><block xMin=\"1\"><line xMin=\"1\"><word "
      "xMin=\"1\">x</word></line></block></flow></page>");
  EXPECT_EQ(layout.title, "A & B");
  EXPECT_EQ(layout.author, "Anna \"Roy\"");
  ASSERT_EQ(layout.pages.size(), 1u);
  ASSERT_EQ(layout.pages[0].lines.size(), 2u);
  const PdfLine& line = layout.pages[0].lines[0];
  EXPECT_EQ(line.text, "1 < two");
  EXPECT_EQ(line.height, 12);
  EXPECT_EQ(line.x_min, 10);
  EXPECT_NE(line.block, layout.pages[0].lines[1].block);
  for (const char* broken :
       {"<page", "<word xMin=\"", "</line></line>", "<word>x</word></line>", "<line xMin=\"1e999\">"})
    EXPECT_LE(read_pdf_layout(broken).pages.size(), 1u);
}

TEST(PdfText, HyphensAreUndoneUnlessTheWordHasThemElsewhere) {
  const Document document =
      written({"",
               "",
               "",
               "",
               {{595,
                 842,
                 {at(50, 100, 10, 1, "The infor-"), at(50, 112, 10, 1, "mation on long-term and"),
                  at(50, 124, 10, 1, "other long-"), at(50, 136, 10, 1, "term plans of the Jean-"),
                  at(50, 148, 10, 1, "Paul group, 2010-"), at(50, 160, 10, 1, "2012.")}}}});
  EXPECT_EQ(document.text,
            "The information on long-term and other long-term plans of the Jean-Paul group, 2010- 2012.");
}

TEST(PdfText, AParagraphGoesOnOverThePageAndPagesAreKnown) {
  const auto page = [](const std::string& number, std::vector<PdfLine> lines) {
    lines.insert(lines.begin(), at(50, 30, 8, 900, "Annual report " + number));
    lines.push_back(at(290, 800, 8, 901, "Page " + number + " of 3"));
    return PdfPage{595, 842, std::move(lines)};
  };
  const Document document =
      written({"",
               "",
               "",
               "",
               {page("1", {at(50, 100, 10, 1, "The first page ends in the"), at(50, 700, 7, 2, "1 A footnote of it.")}),
                page("2", {at(50, 100, 10, 3, "middle of a sentence."), at(50, 130, 10, 4, "Another one.")}),
                page("3", {at(50, 100, 10, 5, "The end.")})}});
  EXPECT_THAT(outline(document),
              ElementsAre("p 1 A footnote of it.", "p The first page ends in the middle of a sentence.",
                          "p Another one.", "p The end."));
  ASSERT_EQ(document.pages.size(), 3u);
  EXPECT_EQ(page_at(document, 0), 1u);
  const auto offset = [&](const char* words) { return static_cast<std::uint32_t>(document.text.find(words)); };
  EXPECT_EQ(page_at(document, offset("The first")), 1u);
  EXPECT_EQ(page_at(document, offset("middle")), 2u);
  EXPECT_EQ(page_at(document, offset("Another")), 2u);
  EXPECT_EQ(page_at(document, offset("The end")), 3u);
  EXPECT_EQ(document.pages[0].range.end, document.pages[1].range.begin);
  EXPECT_EQ(document.pages[2].range.end, document.text.size());
  EXPECT_EQ(page_at(Document{}, 0), 0u);
}

TEST(PdfText, SizeTellsHeadingsBulletsListsAndPlaceTables) {
  const Document document = written(
      {"",
       "",
       "",
       "",
       {{595,
         842,
         {at(50, 90, 24, 1, "The title"), at(50, 130, 16, 2, "First part"),
          at(50, 150, 10, 3, "Words of the first part that are many more than those of its headings together."),
          at(50, 170, 10, 4, "\u2022"), at(50, 182, 10, 4, "\uF0B7"), at(70, 170, 10, 5, "one thing"),
          at(70, 182, 10, 5, "another thing"), at(50, 210, 10, 6, "Year Sales Staff"), at(50, 225, 10, 7, "2025"),
          at(50, 240, 10, 7, "2026"), at(120, 225, 10, 8, "10,5"), at(120, 240, 10, 8, "11,9"),
          at(190, 225, 10, 9, "12"), at(190, 240, 10, 9, "14"), at(50, 270, 10, 10, "Contents . . . . . . . . 3"),
          at(50, 300, 10, 11, "And so it ends with some more words to be read.")}}}});
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(
      outline(document),
      ElementsAre("h2 First part", "p Words of the first part that are many more than those of its headings together.",
                  "li1 one thing", "li1 another thing", "tr Year | Sales | Staff", "tr 2025 | 10,5 | 12",
                  "tr 2026 | 11,9 | 14", "p And so it ends with some more words to be read."));
}

TEST(PdfText, ColumnsOfProseAreNoTable) {
  PdfPage page{595, 842, {}};
  for (std::uint32_t column = 0; column < 2; ++column)
    for (std::uint32_t line = 0; line < 4; ++line)
      page.lines.push_back(at(50 + 260 * column, 100 + 12 * line, 10, column, "some words of a column of prose that"));
  EXPECT_THAT(outline(written({"", "", "", "", {page}})), Not(testing::Contains(testing::StartsWith("tr "))));
}

// With pdftotext itself.

class Pdf : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kPdfPrograms[0], X_OK) != 0 && access(kPdfPrograms[1], X_OK) != 0)
      GTEST_SKIP() << "pdftotext is not installed (poppler-utils)";
  }
};

std::vector<PdfWord> page_of(const std::string& text, double size = 11) {
  return {{50, 100, size, text}, {50, 115, size, "It has a second line of words that are read as well."}};
}

TEST_F(Pdf, TextTitleDatesAndPages) {
  const Document document = read(pdf_of({page_of("The first page."), page_of("The second page.")},
                                        "/Title(The title)/Author(Anna Roy)/CreationDate(D:20260102030405Z)"),
                                 "a.pdf");
  EXPECT_EQ(document.media_type, "application/pdf");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy"));
  EXPECT_EQ(document.published, parse_date_time("2026-01-02T03:04:05Z"));
  EXPECT_THAT(document.text, HasSubstr("The second page.\n\nIt has a second line"));
  ASSERT_EQ(document.pages.size(), 2u);
  EXPECT_EQ(document.pages[1].number, 2u);
  EXPECT_EQ(page_at(document, static_cast<std::uint32_t>(document.text.find("second page"))), 2u);
  EXPECT_EQ(document.language, "en");
}

TEST_F(Pdf, AFileNameIsNoTitle) {
  EXPECT_EQ(read(pdf_of({page_of("Words.")}, "/Title(Microsoft Word - report_v3.doc)")).title, "");
}

TEST_F(Pdf, JunkBeforeTheMarkIsPassedOver) {
  const std::string pdf = pdf_of({page_of("Words after junk.")});
  for (const Document& document : {read("\n\n" + pdf, "a.pdf"), read("x\n" + pdf, "a", "application/pdf"),
                                   read(std::string(20, '\0') + pdf, "a")}) {
    EXPECT_EQ(document.media_type, "application/pdf");
    EXPECT_THAT(document.text, HasSubstr("Words after junk."));
  }
  EXPECT_EQ(read("The mark of a PDF is %PDF-1.7, as all know.", "a.txt").media_type, "text/plain");
}

TEST_F(Pdf, AScanIsSaidToBeOne) {
  const std::string image = "q 500 0 0 700 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q\n";
  const Error none = refusal(pdf_of({{}, {}}, "", image));
  EXPECT_EQ(none.code, ErrorCode::invalid);
  EXPECT_THAT(none.message, HasSubstr("this PDF of 2 pages has no text"));
  EXPECT_THAT(none.message, HasSubstr("OCR"));
  EXPECT_THAT(refusal(pdf_of({{}}, "/X(/Subtype/Image)")).message, HasSubstr("pictures and no text (a scan)"));
}

TEST_F(Pdf, DamageIsFoundAndWhatIsLeftIsRead) {
  const std::string whole = pdf_of({page_of("The first page."), page_of("The second page.")});
  EXPECT_EQ(refusal("%PDF-1.7 and nothing else").code, ErrorCode::corrupt);
  EXPECT_THAT(refusal("%PDF-1.7 and nothing else").message, HasSubstr("damaged or cut short"));
  for (std::size_t keep = 20; keep < whole.size(); keep += whole.size() / 7) {
    const auto cut = extract(whole.substr(0, keep), {});
    if (cut.ok()) continue;
    EXPECT_TRUE(cut.error().code == ErrorCode::corrupt || cut.error().code == ErrorCode::invalid)
        << cut.error().describe();
  }
  // A page tree that is its own child, and a content stream that says it is endless.
  std::string circle = whole;
  circle.replace(circle.find("/Kids[5 0 R"), 11, "/Kids[2 0 R");
  static_cast<void>(extract(circle, {}, {.max_milliseconds = 3'000}).ok());
  std::string endless = whole;
  endless.replace(endless.find("/Length "), 9, "/Length 9");
  static_cast<void>(extract(endless, {}, {.max_milliseconds = 3'000}).ok());
}

TEST_F(Pdf, TheTimeLimitHolds) {
  std::string content;
  for (int i = 0; i < 400'000; ++i) content += "BT /F 9 Tf 50 700 Td (words) Tj ET\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto slow = extract(pdf_of({page_of("Words.")}, "", content), {}, {.max_milliseconds = 300});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  ASSERT_FALSE(slow.ok());
  EXPECT_EQ(slow.error().code, ErrorCode::exhausted);
}

TEST(PdfProgram, WhatIsMissingIsNamed) {
  const Hints hints;
  const Limits limits;
  const Reading reading{hints, limits, std::chrono::steady_clock::now() + std::chrono::seconds(5)};
  Document document;
  const std::array<const char*, 1> nowhere{"/nonexistent/pdftotext"};
  const auto read = read_pdf("%PDF-1.4", reading, document, nowhere);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::unavailable);
  EXPECT_THAT(read.error().message, HasSubstr("apt install poppler-utils"));
}

}  // namespace
}  // namespace renvoi::extract
