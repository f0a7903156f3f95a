// When a document says it was published and modified.
#include <gtest/gtest.h>

#include "base/date.h"
#include "extract/document_type.h"
#include "extract/extract.h"

namespace renvoi::extract {
namespace {

const std::string kProse =
    "<p>This is a paragraph with enough words in it to be taken for what the page is about, and it ends here.</p>"
    "<p>It says that it was written on 1999-01-01, which nobody believes, on the first of January of that year.</p>";

std::string dates(const std::string& bytes, const char* type = "text/html") {
  const auto document = extract(bytes, {.content_type = type});
  EXPECT_TRUE(document.ok()) << document.error().describe();
  if (!document.ok()) return "";
  return (document->published ? to_date(*document->published) : "-") + " " +
         (document->modified ? to_date(*document->modified) : "-");
}
std::string head(const std::string& inside) { return "<html><head>" + inside + "</head><body>" + kProse; }
std::string linked(const std::string& json) { return "<script type=\"application/ld+json\">" + json + "</script>"; }

TEST(Dates, NothingIsTakenFromTheText) {
  EXPECT_EQ(dates(head("")), "- -");
  EXPECT_EQ(dates(head("") + "<time datetime=2020-01-01>yesterday</time>"), "- -");
  EXPECT_EQ(dates("# A title\n\ndate: 2020-01-01\n\nWords of a text that goes on.\n", "text/markdown"), "- -");
}

TEST(Dates, OfTheMetadata) {
  EXPECT_EQ(dates(head("<meta property=article:published_time content=2024-05-06T07:08:09Z>"
                       "<meta property=article:modified_time content=2025-06-07>")),
            "2024-05-06 2025-06-07");
  EXPECT_EQ(
      dates(head("<meta itemprop=datePublished content=2024-05-06><meta name=dcterms.modified content=2025-01-01>")),
      "2024-05-06 2025-01-01");
  EXPECT_EQ(dates(head(linked(R"({"@type": "Article", "datePublished": "2023-02-01", "dateModified": "2023-03-01"})"))),
            "2023-02-01 2023-03-01");
  EXPECT_EQ(dates(head(linked(
                R"([{"@type": "WebSite"}, {"@graph": [{"@type": "Person"}, {"datePublished":"2023-02-01"}]}])"))),
            "2023-02-01 -");
  EXPECT_EQ(
      dates("<html><body><article><header><h1>T</h1><time datetime='2022-09-08T10:00'>then</time></header>" + kProse +
            "<article><header><time datetime=2023-01-01>a comment</time></header><p>Nice.</article></article>"),
      "2022-09-08 -");
  EXPECT_EQ(dates("<html><body><p><time pubdate datetime=2012-03-04>then</time></p>" + kProse), "2012-03-04 -");
  EXPECT_EQ(dates("---\ntitle: T\ndate: 2021-01-02\nlastmod: \"2022-03-04T05:06:07+02:00\"\n---\nWords of a text.\n",
                  "text/markdown"),
            "2021-01-02 2022-03-04");
}

TEST(Dates, TheBetterPlaceWinsAndAnImpossibleDateLosesItsPlace) {
  const std::string json = linked(R"({"datePublished": "2023-02-01"})");
  EXPECT_EQ(dates(head(json + "<meta property=article:published_time content=2024-05-06>")), "2024-05-06 -");
  EXPECT_EQ(dates(head(json + "<meta property=article:published_time content=2024-02-30>")), "2023-02-01 -");
  EXPECT_EQ(dates(head(json + "<meta property=article:published_time content=yesterday>")), "2023-02-01 -");
}

TEST(Dates, ThoseOfOthersAreNotThePages) {
  // Comments and reviews inside an object, several articles of a list.
  EXPECT_EQ(dates(head(linked(R"({"@type": "Article", "comment": [{"datePublished": "2023-02-01"}]})"))), "- -");
  EXPECT_EQ(dates("<html><body><article><header><time datetime=2022-01-01>a</time></header>" + kProse +
                  "</article><article><header><time datetime=2022-02-02>b</time></header>" + kProse + "</article>"),
            "- -");
}

TEST(Dates, HostileMetadataIsPassedOver) {
  for (const std::string& json :
       {std::string("{"), std::string("[1, 2, null]"), std::string(R"({"datePublished": 20230201})"),
        std::string(R"({"datePublished": ["2023-02-01"]})"), std::string(200'000, '['),
        std::string(R"({"@graph": {}})"), std::string(R"({"datePublished": ")") + std::string(100'000, '2') + "\"}",
        std::string("\"\xFF\xFE\"")})
    EXPECT_EQ(dates(head(linked(json))), "- -") << json.substr(0, 60);
  std::string many;
  for (int i = 0; i < 40; ++i) many += linked("{}");
  EXPECT_EQ(dates(head(many + linked(R"({"datePublished": "2023-02-01"})"))), "- -");
}

TEST(DocumentType, IsAShortName) {
  EXPECT_EQ(document_type("text/html"), "html");
  EXPECT_EQ(document_type("application/xhtml+xml; charset=utf-8"), "html");
  EXPECT_EQ(document_type("text/markdown"), "markdown");
  EXPECT_EQ(document_type("text/plain"), "text");
  EXPECT_EQ(document_type("application/pdf"), "pdf");
  EXPECT_EQ(document_type("application/vnd.openxmlformats-officedocument.wordprocessingml.document"), "docx");
  EXPECT_EQ(document_type("application/X-Abc"), "x-abc");
  EXPECT_EQ(document_type("a/" + std::string(200, 'x')).size(), 40U);
  for (const std::string_view type : document_types()) EXPECT_EQ(document_type("x/" + std::string(type)), type);
}

}  // namespace
}  // namespace renvoi::extract
