#include "base/date.h"
#include "extract/mime.h"
#include "extract/text_codings.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

using test::outline;
using test::read;
using test::refusal;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Subtitles, WhatIsSaidWithoutTimes) {
  const Document srt = read(
      "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> there,\r\n\r\n2\r\n00:00:02,600 --> 00:00:04,000\r\n"
      "{\\an8}my friend.\r\n\r\n3\r\n00:01:00,000 --> 00:01:02,000\r\nLater on.\r\n",
      "a.srt");
  EXPECT_EQ(srt.media_type, "application/x-subrip");
  EXPECT_THAT(outline(srt), ElementsAre("p Hello there, my friend.", "p Later on."));
  const Document vtt = read(
      "WEBVTT - title\n\nNOTE not said\n\nSTYLE\n::cue { color: red }\n\nid-1\n00:01.000 --> 00:02.000 align:start\n"
      "<v Anna>Fish &amp; chips\n\n00:02.000 --> 00:03.000\nFish &amp; chips\nare good.\n");
  EXPECT_EQ(vtt.media_type, "text/vtt");
  EXPECT_THAT(outline(vtt), ElementsAre("p Anna: Fish & chips Fish & chips are good."));
}

TEST(Separated, TheSeparatorIsFoundAndQuotesAreUndone) {
  EXPECT_THAT(outline(read("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\"two\nlines\",2\n", "t.csv")),
              ElementsAre("tr a | b", "tr x, y | say \"hi\"", "tr two lines | 2"));
  EXPECT_THAT(outline(read("a;b\r\n1,5;2\r\n", "t.csv")), ElementsAre("tr a | b", "tr 1,5 | 2"));
  EXPECT_THAT(outline(read("sep=|\na|b;c\n", "t.csv")), ElementsAre("tr a | b;c"));
  EXPECT_THAT(outline(read("a\tb\n1,2,3\t4\n", "t.tsv")), ElementsAre("tr a | b", "tr 1,2,3 | 4"));
  EXPECT_EQ(read("a,b\n1,2\n", "", "text/csv; charset=utf-8").media_type, "text/csv");
}

TEST(Separated, LongTablesNameTheirColumns) {
  std::string csv = "Name,Age\n";
  for (int i = 0; i < 30; ++i) csv += "N" + std::to_string(i) + "," + std::to_string(i) + "\n";
  const auto lines = outline(read(csv, "t.csv"));
  ASSERT_EQ(lines.size(), 30u);
  EXPECT_EQ(lines[29], "li1 Name: N29; Age: 29");
  EXPECT_EQ(read(std::string("\"") + std::string(3u << 20, 'x') + "\nend,1\n", "t.csv").media_type, "text/csv");
}

TEST(Json, ValuesAreReadWithTheirKeys) {
  const Document document = read(
      R"({"title": "The list", "count": 2, "tags": ["a", "b"], "owner": {"name": "Anna", "active": true, "x": null},
          "items": [{"id": 1, "label": "first"}, {"id": 2, "label": "second", "sub": [[1, 2], [3]]}]})",
      "a.json");
  EXPECT_EQ(document.title, "The list");
  EXPECT_THAT(outline(document), ElementsAre("li1 count: 2; tags: a, b; owner: (name: Anna; active: true)",
                                             "li2 items: id: 1; label: first", "li2 items: id: 2; label: second",
                                             "li4 items > sub: 1, 2", "li4 items > sub: 3"));
  EXPECT_THAT(outline(read("{\"text\": \"" + std::string(300, 'x') + "\", \"a\": 1}", "a.json")),
              ElementsAre("p text: " + std::string(300, 'x'), "li1 a: 1"));
  EXPECT_THAT(outline(read("{\"a\": 1}\n{\"a\": 2}\n", "a.jsonl")), ElementsAre("li1 a: 1", "li1 a: 2"));
  EXPECT_THAT(outline(read("[{\"a\": 1.50}, {\"a\": 2}]")), ElementsAre("li1 a: 1.50", "li1 a: 2"));
}

TEST(Json, WhatIsNotWellFormedIsText) {
  const Document document = read("// settings\n{ \"a\": 1, }", "a.json");
  EXPECT_THAT(document.text, HasSubstr("// settings"));
  const Error deep = refusal(std::string(100'000, '['), "a.json");
  EXPECT_EQ(deep.code, ErrorCode::invalid);
  EXPECT_THAT(deep.message, HasSubstr("deeper"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects, "a.json").code, ErrorCode::invalid);
}

const std::string kMail =
    "Received: from a by b\r\nFrom: =?utf-8?Q?Ren=C3=A9e?= =?utf-8?B?IFJveQ==?= <renee@example.org>\r\n"
    "To: Anna <anna@example.org>\r\nSubject: =?iso-8859-1?Q?R=E9union?=\r\n du lundi\r\n"
    "Date: Tue, 24 Nov 2026 10:15:00 +0100\r\nMIME-Version: 1.0\r\n";

TEST(Mail, HeadersPlainTextAndAttachments) {
  const Document document =
      read(kMail +
               "Content-Type: multipart/mixed; boundary=\"out er\"\r\n\r\npreamble\r\n--out er\r\n"
               "Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain; "
               "charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nLa r=E9union est "
               "=\r\nlundi.\r\n\r\n"
               "> Quand est-elle ?\r\n> Dites-le.\r\n\r\nBien \xE0 vous\r\n--in\r\nContent-Type: "
               "text/html\r\n\r\n<p>HTML</p>\r\n--in--\r\n--out er\r\nContent-Type: application/pdf; "
               "name*=utf-8''ordre%20du%20jour.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: "
               "base64\r\n\r\nJVBERi0=\r\n--out er--\r\nepilogue",
           "a.eml");
  EXPECT_EQ(document.media_type, "message/rfc822");
  EXPECT_EQ(document.title, "Réunion du lundi");
  EXPECT_THAT(document.authors, ElementsAre("Renée Roy <renee@example.org>"));
  EXPECT_EQ(document.published, parse_date_time("2026-11-24T09:15:00Z"));
  EXPECT_THAT(outline(document),
              ElementsAre("li1 From: Renée Roy <renee@example.org>", "li1 To: Anna <anna@example.org>",
                          "li1 Date: Tue, 24 Nov 2026 10:15:00 +0100", "p La réunion est lundi.",
                          "q Quand est-elle ? Dites-le.", "p Bien à vous",
                          "li1 Attachment: ordre du jour.pdf (application/pdf)"));
}

TEST(Mail, HtmlIsReadWhereThereIsNoText) {
  const Document document = read(kMail +
                                 "Content-Type: text/html; charset=utf-8\n\n<html><body><h1>Ordre</h1><p>Le "
                                 "budget de l'année est discuté.</p></body></html>\n");
  EXPECT_THAT(document.text, HasSubstr("Le budget de l'année est discuté."));
  EXPECT_THAT(document.text, Not(HasSubstr("<p>")));
}

TEST(Mail, ForwardedMessagesAndBoxesAreSections) {
  const std::string inner = "From: b@example.org\nSubject: Inner\nDate: 1 Jan 26 10:00 GMT\n\nInner text.\n";
  EXPECT_THAT(outline(read(kMail +
                               "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nOuter text.\n--x\nContent-Type: "
                               "message/rfc822\n\n" +
                               inner + "--x--\n",
                           "a.eml")),
              testing::IsSupersetOf({"p Outer text.", "h1 Inner", "li1 From: b@example.org", "p Inner text."}));
  const Document box = read("From a@b Thu Jan  1 00:00:00 2026\n" + inner +
                                "\n>From the start\n\nFrom c@d Fri Jan  2 "
                                "00:00:00 2026\nFrom: c@example.org\nDate: 2 Jan 2026 10:00:00 GMT\n\nSecond.\n",
                            "a.mbox");
  EXPECT_EQ(box.media_type, "application/mbox");
  EXPECT_THAT(outline(box), ElementsAre("h1 Inner", "li1 From: b@example.org", "li1 Date: 1 Jan 26 10:00 GMT",
                                        "p Inner text.", "p From the start", "h1 Message 2", "li1 From: c@example.org",
                                        "li1 Date: 2 Jan 2026 10:00:00 GMT", "p Second."));
  EXPECT_EQ(box.published, parse_date_time("2026-01-01T10:00:00Z"));
  EXPECT_EQ(box.modified, parse_date_time("2026-01-02T10:00:00Z"));
}

TEST(Mail, ManyPartsAndDeepOnesEnd) {
  std::string deep = kMail;
  for (int i = 0; i < 5'000; ++i)
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" + std::to_string(i) + "\n";
  EXPECT_TRUE(read(deep + "\ntext\n", "a.eml").truncated);
  std::string many = kMail + "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 50'000; ++i) many += "--b\n\nx\n";
  EXPECT_TRUE(read(many, "a.eml").truncated);
  EXPECT_EQ(decode_words("=?=?=?utf-8?Q?=?= a =?x"), "=?=?= a =?x");
  EXPECT_EQ(percent_decode("%41%4g%"), "A%4g%");
  EXPECT_EQ(base64_decode("QQ==ignored"), "A");
  EXPECT_EQ(quoted_printable("a=41=\r\nb=4"), "aAb=4");
  EXPECT_EQ(parse_mail_date("Tue, 31 Feb 2026 10:00:00 +0000"), std::nullopt);
  EXPECT_EQ(parse_mail_date(""), std::nullopt);
}

TEST(Rst, StructureIsRead) {
  const Document document = read(
      "=====\nTitle\n=====\n\n:Author: Anna Roy\n:Date: 2026-01-02\n\nSome *text* with ``code``, a :ref:`role "
      "<there>`,\nand a `link <https://example.org/a>`_.\n\nPart\n----\n\n* one\n  goes on\n* two\n\n  - deep\n\n"
      "#. first\n\nDeeper\n~~~~~~\n\nAn example::\n\n    a = 1\n\n    b = 2\n\n.. note:: Take care\n   of it.\n\n"
      ".. code-block:: python\n   :linenos:\n\n   print(1)\n\n.. a comment\n   of two lines\n\n.. toctree::\n\n   "
      "other\n\n"
      "+-----+-----+\n| a   | b   |\n+=====+=====+\n| 1   | two |\n|     | up  |\n+-----+-----+\n\n"
      "====  =====\nName  Value\n====  =====\nx     1\n====  =====\n\n----\n\n.. [1] A footnote.\n",
      "a.rst");
  EXPECT_EQ(document.media_type, "text/x-rst");
  EXPECT_EQ(document.title, "Title");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy"));
  EXPECT_EQ(document.published, parse_date_time("2026-01-02"));
  EXPECT_THAT(outline(document), ElementsAre("p Some text with code, a role, and a link.", "h2 Part", "li1 one goes on",
                                             "li1 two", "li2 deep", "li1 first", "h3 Deeper", "p An example:",
                                             "code a = 1\nb = 2", "p Take care of it.", "code print(1)", "tr a | b",
                                             "tr 1 | two up", "tr Name | Value", "tr x | 1", "p [1] A footnote."));
  ASSERT_EQ(document.links.size(), 1u);
  EXPECT_EQ(document.links[0].target, "https://example.org/a");
}

TEST(Asciidoc, StructureIsRead) {
  const Document document = read(
      "= The title\nAnna Roy <a@example.org>; Bo\nv1.0, 2026-01-02\n:toc:\n\nSome *bold* and _soft_ `code` with "
      "https://example.org/a[a link] and <<x,that>>.\n\n== Part\n\n* one\n** deep\n. "
      "first\n\n.Caption\n[source,python]\n"
      "----\nprint(1)\n----\n\nNOTE: Take care.\n\n|===\n|Name |Value\n\n|x |1\n|y\n|2\n|===\n\n////\nhidden\n////\n\n"
      "// comment\n____\nQuoted.\n____\n\nTerm:: What it is.\n",
      "a.adoc");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy", "Bo"));
  EXPECT_EQ(document.published, parse_date_time("2026-01-02"));
  EXPECT_THAT(outline(document),
              ElementsAre("p Some bold and soft code with a link and that.", "h2 Part", "li1 one", "li2 deep",
                          "li1 first", "p Caption", "code print(1)", "p NOTE: Take care.", "tr Name | Value",
                          "tr x | 1", "tr y | 2", "q Quoted.", "li1 Term: What it is."));
}

TEST(Latex, StructureIsRead) {
  const Document document = read(
      "\\documentclass{article}\n\\title{The \\emph{title}}\n\\author{Anna Roy \\and Bo\\\\Paris}\n\\date{2026-01-02}\n"
      "\\begin{document}\n\\maketitle\n\\section{Part \\'etroite}\\label{sec:a}\nSome text~here% comment\n, 50\\% of "
      "it -- see \\cite{x} ``this''\\footnote{A note.} and $x^2$.\n\n\\begin{itemize}\n\\item one \\textbf{bold}\n"
      "\\begin{enumerate}\\item deep\\end{enumerate}\n\\item[t] two\n\\end{itemize}\n\\subsection*{Deeper}\n"
      "\\begin{verbatim}\na  = 1 % kept\n\\end{verbatim}\n\\begin{tabular}{l|r}\n\\hline\nName & Value \\\\\nx & "
      "1\\\\\n"
      "\\end{tabular}\n\\begin{quote}Quoted \\oe{}uvre, na\\\"ive, \\c{c}a.\\end{quote}\n"
      "\\href{https://example.org/a}{a link}\n\\begin{comment}hidden\\end{comment}\n\\end{document}\nafter",
      "a.tex");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy", "Bo"));
  EXPECT_EQ(document.published, parse_date_time("2026-01-02"));
  EXPECT_THAT(outline(document),
              ElementsAre("h1 Part étroite", "p Some text here, 50% of it – see “this” (A note.) and x^2.",
                          "li1 one bold", "li2 deep", "li1 t: two", "h2 Deeper", "code a  = 1 % kept",
                          "tr Name | Value", "tr x | 1", "q Quoted œuvre, naïve, ça.", "p a link"));
  ASSERT_EQ(document.links.size(), 1u);
}

TEST(Code, CommentsAreTextAndCodeIsCode) {
  const Document document = read(
      "#!/usr/bin/env python3\n# Adds numbers\n# of all kinds.\nimport os\n\n\ndef add(a, b):\n    \"\"\"Gives the "
      "sum.\n\n"
      "    :param a: the first\n    \"\"\"\n    return a + b  # here\n\nprint(add(1, 2))\n",
      "a.py");
  EXPECT_THAT(outline(document),
              ElementsAre("code #!/usr/bin/env python3", "p Adds numbers of all kinds.", "code import os",
                          "code def add(a, b):", "p Gives the sum.", "p :param a: the first",
                          "code     return a + b  # here", "code print(add(1, 2))"));
  const Document cpp = read(
      "/**\n * @brief Adds.\n * @param a first\n */\nint add(int a); // why\n/* one */ int b;\nint c = 1; /* "
      "begins\nand "
      "goes on */\nconst char* s = \"/* none */\";\n/// Last.\n",
      "a.cpp");
  EXPECT_THAT(outline(cpp), ElementsAre("p @brief Adds.", "p @param a first",
                                        "code int add(int a); // why\n/* one */ int b;\nint c = 1; /* begins",
                                        "p and goes on", "code const char* s = \"/* none */\";", "p Last."));
}

TEST(Sniff, KindsAreToldByTypeNameOrLook) {
  EXPECT_EQ(read("a: 1\nb: 2\n", "x.yaml").media_type, "text/x-source");
  EXPECT_EQ(read("{\"a\": 1}", "x", "application/json").media_type, "application/json");
  EXPECT_EQ(read("{\"a\": 1}").media_type, "application/json");
  EXPECT_EQ(read("Title\n=====\n\ntext", "x.rst", "text/plain").media_type, "text/x-rst");
  EXPECT_EQ(read("\\documentclass{a}\\begin{document}x\\end{document}").media_type, "text/x-tex");
  EXPECT_EQ(read("From: a note\nTo: whom it may concern\n\ntext", "x.txt").media_type, "text/plain");
  EXPECT_EQ(read("Note: this\nis text, not mail.\nSubject: none").media_type, "text/plain");
  EXPECT_EQ(read("<!doctype html><p>Words of a page.</p>", "/index.php").media_type, "text/html");
  EXPECT_EQ(read("<?php // A comment of it.\n$a = 1;", "/index.php").media_type, "text/x-source");
  EXPECT_EQ(read("{ not json").media_type, "text/plain");
}

// What would take a careless reader quadratic time, or its stack.
TEST(TextFormatsHostile, EndWithinTheirTime) {
  const auto repeat = [](const std::string& piece, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
  };
  const std::vector<std::pair<std::string, std::string>> inputs = {
      {"a.tex", repeat("\\label{", 500'000)},
      {"a.tex", repeat("\\footnote{", 300'000)},
      {"a.tex", repeat("\\begin{itemize}", 200'000)},
      {"a.tex", repeat("\\begin{verbatim}", 100'000)},
      {"a.tex", repeat("$", 2'000'000)},
      {"a.rst", repeat("`", 2'000'000)},
      {"a.rst", repeat(".. note::\n ", 100'000)},
      {"a.rst", repeat("* ", 1'000'000)},
      {"a.rst", repeat("=\n", 500'000)},
      {"a.adoc", repeat("<<", 1'000'000)},
      {"a.adoc", repeat("*_`#", 500'000)},
      {"a.adoc", repeat("----\n", 200'000)},
      {"a.adoc", "|===\n" + repeat("|", 1'000'000)},
      {"a.csv", repeat("\"", 2'000'000)},
      {"a.csv", repeat(",", 2'000'000)},
      {"a.py", repeat("\"\"\"\n", 300'000)},
      {"a.c", repeat("/*", 1'000'000)},
      {"a.srt", repeat("00:00:01,000 --> 1\n<", 200'000)},
      {"a.json", repeat("{\"a\":[", 90)},
      {"a.eml", "From: a\n\n" + repeat(">a\nb\n", 500'000)},
      {"a.mbox", repeat("From a\n\n", 300'000)},
      {"a.eml", "Subject: " + repeat("=?", 100'000) + "\n\nx"}};
  for (const auto& [name, bytes] : inputs) {
    const auto begin = std::chrono::steady_clock::now();
    const auto document = extract(bytes, {.name = name}, {.max_milliseconds = 3'000});
    EXPECT_TRUE(document.ok() || document.error().code != ErrorCode::internal) << name;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << name << " " << bytes.substr(0, 20);
  }
}

}  // namespace
}  // namespace renvoi::extract
