#include "archive_writer.h"
#include "base/date.h"
#include "extract/docx.h"
#include "extract/epub.h"
#include "extract/package.h"
#include "extract/xlsx.h"
#include "reading_support.h"

namespace renvoi::extract {
namespace {

using test::archive_of;
using test::Files;
using test::outline;
using test::read;
using test::refusal;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTypes = "<Types/>";

std::string relations(const std::string& entries) {
  return "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>" + entries +
         "</Relationships>";
}
std::string relation(const std::string& id, const std::string& type, const std::string& target,
                     const std::string& mode = "") {
  return "<Relationship Id='" + id + "' Type='http://x/relationships/" + type + "' Target='" + target + "'" +
         (mode.empty() ? "" : " TargetMode='" + mode + "'") + "/>";
}

std::string docx(const std::string& body, Files more = {}, const std::string& links = "") {
  Files files{{"[Content_Types].xml", kTypes},
              {"_rels/.rels", relations(relation("r1", "officeDocument", "word/document.xml") +
                                        relation("r2", "core-properties", "docProps/core.xml"))},
              {"word/_rels/document.xml.rels",
               relations(relation("s", "styles", "styles.xml") + relation("f", "footnotes", "footnotes.xml") + links)},
              {"word/document.xml", "<w:document xmlns:w='w'><w:body>" + body + "</w:body></w:document>"}};
  files.insert(files.end(), more.begin(), more.end());
  return archive_of(files);
}

std::string p(const std::string& text, const std::string& properties = "") {
  return "<w:p>" + (properties.empty() ? "" : "<w:pPr>" + properties + "</w:pPr>") + "<w:r><w:t>" + text +
         "</w:t></w:r></w:p>";
}

const std::string kStyles =
    "<w:styles xmlns:w='w'><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val='fr-FR'/></w:rPr></w:rPrDefault>"
    "</w:docDefaults>"
    "<w:style w:type='paragraph' w:styleId='Titre1'><w:name w:val='heading 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Mien'><w:name w:val='Mien'/><w:basedOn w:val='Titre1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Plan'><w:name w:val='Plan'/><w:pPr><w:outlineLvl w:val='2'/></w:pPr>"
    "</w:style>"
    "<w:style w:type='paragraph' w:styleId='Puce'><w:name w:val='List Bullet'/><w:pPr><w:numPr><w:numId w:val='3'/>"
    "</w:numPr></w:pPr></w:style>"
    "<w:style w:type='paragraph' w:styleId='A'><w:name w:val='a'/><w:basedOn w:val='B'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='B'><w:name w:val='b'/><w:basedOn w:val='A'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='TM1'><w:name w:val='toc 1'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Cit'><w:name w:val='Intense Quote'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Src'><w:name w:val='HTML Preformatted'/></w:style></w:styles>";

std::string style(const std::string& id) { return "<w:pStyle w:val='" + id + "'/>"; }

TEST(Docx, StructureIsReadByStylesWhateverTheirLanguage) {
  const Document document = read(docx(
      p("Contents 1", style("TM1")) + p("Durée", style("Titre1")) + p("Texte.") + p("Autre", style("Mien")) +
          p("un", style("Puce")) + p("deux", style("Puce")) +
          p("profond", "<w:numPr><w:ilvl w:val='1'/><w:numId w:val='3'/></w:numPr>") +
          p("hors liste", style("Puce") + "<w:numPr><w:numId w:val='0'/></w:numPr>") + p("Fin", style("Plan")) +
          p("dit-on", style("Cit")) + p("a  = 1", style("Src")) + p("b = 2", style("Src")) + p("cercle", style("A")),
      {{"word/styles.xml", kStyles}}));
  EXPECT_EQ(document.media_type, "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  EXPECT_THAT(outline(document),
              ElementsAre("h1 Durée", "p Texte.", "h1 Autre", "li1 un", "li1 deux", "li2 profond", "p hors liste",
                          "h3 Fin", "q dit-on", "code a  = 1", "code b = 2", "p cercle"));
  EXPECT_THAT(document.text, HasSubstr("un\ndeux\nprofond\n\nhors liste"));
}

TEST(Docx, WhatIsDeletedHiddenOrSaidTwiceIsLeftOut) {
  const Document document = read(
      docx("<w:p><w:r><w:t>stays</w:t></w:r><w:del><w:r><w:delText> gone</w:delText></w:r></w:del>"
           "<w:ins><w:r><w:t xml:space='preserve'> new</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr>"
           "<w:t> secret</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t xml:space='preserve"
           "'> </w:t><w:t>shown</w:t><w:tab/><w:t>t</w:t></w:r>"
           "<w:fldSimple w:instr='PAGE'><w:r><w:t>7</w:t></w:r></w:fldSimple><w:r><w:instrText>PAGE</w:instrText></w:r>"
           "<w:r><mc:AlternateContent><mc:Choice><w:t>!</w:t></mc:Choice><mc:Fallback><w:t>?</w:t></mc:Fallback>"
           "</mc:AlternateContent></w:r></w:p>"));
  EXPECT_EQ(document.text, "stays new shown t7!");
}

TEST(Docx, TablesNotesLinksBoxesAndProperties) {
  const std::string cell = "<w:tc><w:tcPr/>" + p("a") + p("b") + "</w:tc><w:tc>" + p("c") + "</w:tc>";
  const Document document = read(docx(
      "<w:p><w:r><w:t>See</w:t><w:footnoteReference w:id='2'/></w:r><w:hyperlink r:id='L'><w:r><w:t> the "
      "site</w:t></w:r>"
      "</w:hyperlink><w:r><w:drawing><wps:txbx><w:txbxContent>" +
          p("in a box") + "</w:txbxContent></wps:txbx></w:drawing></w:r></w:p><w:tbl><w:tr>" + cell +
          "</w:tr><w:tr><w:tc>" + p("") + "</w:tc><w:tc><w:tbl><w:tr><w:tc>" + p("x") + "</w:tc><w:tc>" + p("y") +
          "</w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>",
      {{"word/footnotes.xml", "<w:footnotes xmlns:w='w'><w:footnote w:id='0'>" + p("separator") +
                                  "</w:footnote><w:footnote w:id='2'>" + p("A note.") + "</w:footnote></w:footnotes>"},
       {"docProps/core.xml",
        "<cp:coreProperties xmlns:cp='c' xmlns:dc='d' xmlns:dcterms='t'><dc:title>The  "
        "title</dc:title><dc:creator>Anna "
        "Roy;Bo</dc:creator><dcterms:created>2026-01-02T03:04:05Z</dcterms:created><dc:language>en-US</dc:language>"
        "</cp:coreProperties>"}},
      relation("L", "hyperlink", "https://example.org/a", "External")));
  EXPECT_THAT(outline(document),
              ElementsAre("p See[1] the site", "p in a box", "tr a b | c", "tr | x y", "p [1] A note."));
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy", "Bo"));
  EXPECT_EQ(document.published, parse_date_time("2026-01-02T03:04:05Z"));
  EXPECT_EQ(document.language, "en");
  ASSERT_EQ(document.links.size(), 1u);
  EXPECT_EQ(document.links[0].target, "https://example.org/a");
  EXPECT_EQ(document.links[0].text, "the site");
}

TEST(Pptx, SlidesInTheirOrderWithTitlesListsTablesAndNotes) {
  const auto shape = [](const std::string& kind, const std::string& text) {
    return "<p:sp><p:nvSpPr><p:nvPr>" + kind + "</p:nvPr></p:nvSpPr><p:txBody>" + text + "</p:txBody></p:sp>";
  };
  const auto slide = [](const std::string& shapes, const std::string& attributes = "") {
    return "<p:sld xmlns:p='p' xmlns:a='a'" + attributes + "><p:cSld><p:spTree>" + shapes +
           "</p:spTree></p:cSld></p:sld>";
  };
  const std::string table =
      "<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>k</a:t></a:r></a:p>"
      "</a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>v</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>"
      "</a:graphicData></a:graphic></p:graphicFrame>";
  const Document document = read(archive_of(
      {{"[Content_Types].xml", kTypes},
       {"_rels/.rels", relations(relation("r1", "officeDocument", "/ppt/presentation.xml"))},
       {"ppt/presentation.xml",
        "<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst><p:sldId id='256' r:id='b'/><p:sldId "
        "id='257' r:id='a'/><p:sldId id='258' r:id='c'/></p:sldIdLst></p:presentation>"},
       {"ppt/_rels/presentation.xml.rels",
        relations(relation("a", "slide", "slides/slide1.xml") + relation("b", "slide", "slides/slide2.xml") +
                  relation("c", "slide", "slides/slide3.xml"))},
       {"ppt/slides/slide1.xml",
        slide(shape("<p:ph type='ftr'/>", "<a:p><a:r><a:t>Confidential</a:t></a:r></a:p>") + table + "<p:grpSp>" +
              shape("", "<a:p><a:r><a:t>free</a:t></a:r></a:p>") + "</p:grpSp>")},
       {"ppt/slides/slide2.xml",
        slide(shape("<p:ph idx='1'/>",
                    "<a:p><a:r><a:t>one</a:t></a:r></a:p><a:p><a:pPr lvl='1'/><a:r><a:t>two</a:t></a:r>"
                    "</a:p>") +
              shape("<p:ph type='title'/>", "<a:p><a:r><a:t>First</a:t></a:r></a:p>"))},
       {"ppt/slides/slide3.xml", slide(shape("", "<a:p><a:r><a:t>hidden</a:t></a:r></a:p>"), " show='0'")},
       {"ppt/slides/_rels/slide2.xml.rels", relations(relation("n", "notesSlide", "../notesSlides/n1.xml"))},
       {"ppt/notesSlides/n1.xml", "<p:notes xmlns:p='p' xmlns:a='a'><p:cSld><p:spTree>" +
                                      shape("<p:ph type='body'/>", "<a:p><a:r><a:t>Say it.</a:t></a:r></a:p>") +
                                      "</p:spTree></p:cSld></p:notes>"}}));
  EXPECT_THAT(outline(document),
              ElementsAre("h2 First", "li1 one", "li2 two", "p Say it.", "h2 Slide 2", "tr k | v", "p free"));
}

std::string xlsx(const std::string& sheet_data) {
  return archive_of({{"[Content_Types].xml", kTypes},
                     {"_rels/.rels", relations(relation("r1", "officeDocument", "xl/workbook.xml"))},
                     {"xl/workbook.xml",
                      "<workbook><sheets><sheet name='Prices' r:id='a'/><sheet name='Hidden' state='hidden' "
                      "r:id='a'/></sheets></workbook>"},
                     {"xl/_rels/workbook.xml.rels", relations(relation("a", "worksheet", "worksheets/s.xml") +
                                                              relation("b", "sharedStrings", "sharedStrings.xml") +
                                                              relation("c", "styles", "styles.xml"))},
                     {"xl/sharedStrings.xml",
                      "<sst><si><t>Name</t></si><si><r><t>Da</t></r><r><t>te</t></r><rPh><t>x</t></rPh></si></sst>"},
                     {"xl/styles.xml",
                      "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='dd\\-mm'/><numFmt numFmtId='171' "
                      "formatCode='0.0 \"day\"'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf "
                      "numFmtId='170'/><xf numFmtId='171'/></cellXfs></styleSheet>"},
                     {"xl/worksheets/s.xml", "<worksheet><sheetData>" + sheet_data + "</sheetData></worksheet>"}});
}

TEST(Xlsx, CellsStandInTheirColumnsWithTheirValues) {
  const Document document =
      read(xlsx("<row><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c><c t='s'><v>9</v></c></row><row/>"
                "<row><c r='A3' t='inlineStr'><is><t>in</t></is></c><c r='B3'><v>0.10000000000000001</v></c><c r='C3' "
                "s='1'><v>46350</v></c><c r='D3' s='2'><v>46350.5</v></c><c r='E3' s='3'><v>46350</v></c><c r='F3' "
                "t='b'><v>1</v></c><c r='G3' t='str'><f>1+1</f><v>two</v></c><c r='ZZZ3'><v>7</v></c></row>"));
  EXPECT_THAT(outline(document), ElementsAre("h2 Prices", "tr Name | | Date",
                                             "tr in | 0.1 | 2026-11-24 | 2026-11-24 12:00 | 46350 | TRUE | two"));
}

TEST(Xlsx, RowsOfALongSheetNameTheirColumns) {
  std::string rows = "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>";
  for (int i = 1; i <= 20; ++i)
    rows += "<row><c t='str'><v>item" + std::to_string(i) + "</v></c><c><v>" + std::to_string(i) + "</v></c></row>";
  const auto lines = outline(read(xlsx(rows)));
  ASSERT_EQ(lines.size(), 21u);
  EXPECT_EQ(lines[1], "li1 Name: item1; Date: 1");
  EXPECT_EQ(lines[20], "li1 Name: item20; Date: 20");
}

TEST(Xlsx, DatesAreThoseOfTheCalendar) {
  EXPECT_EQ(excel_date(25'569, false), "1970-01-01");
  EXPECT_EQ(excel_date(46'350.75, false), "2026-11-24 18:00");
  EXPECT_EQ(excel_date(46'350 - 1'462, true), "2026-11-24");
  EXPECT_EQ(excel_date(2'958'465, false), "9999-12-31");
  EXPECT_EQ(excel_date(2'958'466, false), "");
  EXPECT_EQ(excel_date(-1, false), "");
  EXPECT_EQ(excel_column("A1"), 0u);
  EXPECT_EQ(excel_column("AB7"), 27u);
  EXPECT_GE(excel_column("AAAAAAAAAAAAA1"), kMaxSheetColumns);
  EXPECT_GE(excel_column("7"), kMaxSheetColumns);
}

std::string odf(const std::string& kind, const std::string& body, Files more = {}) {
  Files files{{"mimetype", "application/vnd.oasis.opendocument." + kind},
              {"META-INF/manifest.xml", "<manifest/>"},
              {"content.xml",
               "<office:document-content><office:automatic-styles><style:style style:name='P1' "
               "style:parent-style-name='Title'/><style:style style:name='H' "
               "><style:table-properties table:display='false'/></style:style></office:automatic-styles>"
               "<office:body>" +
                   body + "</office:body></office:document-content>"}};
  files.insert(files.end(), more.begin(), more.end());
  return archive_of(files);
}

TEST(Odf, Text) {
  const Document document = read(odf(
      "text",
      "<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:p text:style-name='P1'>"
      "The title</text:p><text:h text:outline-level='2'>Part</text:h><text:p>A<text:s text:c='3'/>b <text:span>c"
      "</text:span> <text:span>d</text:span><text:note><text:note-citation>1</text:note-citation><text:note-body>"
      "<text:p>Note.</text:p></text:note-body></text:note><office:annotation><text:p>comment</text:p>"
      "</office:annotation></text:p><text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>"
      "deep</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>two</text:p></text:list-item>"
      "</text:list><table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>h</text:p>"
      "</table:table-cell><table:table-cell><text:p>i</text:p></table:table-cell></table:table-row>"
      "</table:table-header-rows><table:table-row><table:table-cell "
      "table:number-columns-repeated='2'><text:p>x</text:p>"
      "</table:table-cell></table:table-row></table:table><text:table-of-content><text:p>toc</text:p>"
      "</text:table-of-content></office:text>",
      {{"meta.xml",
        "<office:document-meta><office:meta><meta:initial-creator>Anna</meta:initial-creator><dc:date>"
        "2026-03-04T05:06:07</dc:date></office:meta></office:document-meta>"}}));
  EXPECT_EQ(document.media_type, "application/vnd.oasis.opendocument.text");
  EXPECT_EQ(document.title, "The title");
  EXPECT_THAT(document.authors, ElementsAre("Anna"));
  EXPECT_THAT(outline(document), ElementsAre("h2 Part", "p A b c d[1]", "li1 one", "li2 deep", "li1 two", "tr h | i",
                                             "tr x | x", "p [1] Note."));
}

TEST(Odf, PresentationAndSpreadsheet) {
  EXPECT_THAT(
      outline(read(odf("presentation",
                       "<office:presentation><draw:page><draw:frame presentation:class='outline'><draw:text-box>"
                       "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
                       "</draw:text-box></draw:frame><draw:frame presentation:class='title'><draw:text-box>"
                       "<text:p>First</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame "
                       "presentation:class='notes'><draw:text-box><text:p>Say it.</text:p></draw:text-box>"
                       "</draw:frame></presentation:notes></draw:page></office:presentation>"))),
      ElementsAre("h2 First", "li1 one", "p Say it."));
  const std::string cell = "<table:table-cell office:value-type='string'><text:p>v</text:p></table:table-cell>";
  EXPECT_THAT(
      outline(read(odf("spreadsheet",
                       "<office:spreadsheet><table:table table:name='Hidden' table:style-name='H'><table:table-row>" +
                           cell + "</table:table-row></table:table><table:table table:name='Empty'/>" +
                           "<table:table table:name='One'><table:table-row><table:table-cell office:date-value="
                           "'2026-11-24'><text:p>24/11/26</text:p></table:table-cell>" +
                           cell +
                           "</table:table-row><table:table-row table:number-rows-repeated='1048574'>"
                           "<table:table-cell table:number-columns-repeated='16384'/></table:table-row></table:table>"
                           "</office:spreadsheet>"))),
      ElementsAre("h2 One", "tr 2026-11-24 | v"));
}

TEST(Epub, ChaptersInTheOrderOfTheSpine) {
  const auto chapter = [](const std::string& title, const std::string& body) {
    return "<?xml version='1.0'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><head><title>" + title +
           "</title><script src='a.js'/></head><body>" + body + "</body></html>";
  };
  const Document document = read(archive_of(
      {{"mimetype", "application/epub+zip"},
       {"META-INF/container.xml",
        "<container><rootfiles><rootfile full-path='OEBPS/book.opf'/></rootfiles></container>"},
       {"OEBPS/book.opf",
        "<package><metadata><dc:title>The sea</dc:title><dc:creator>Anna Roy</dc:creator><dc:language>en</dc:language>"
        "<dc:date>2020-01-02</dc:date></metadata><manifest><item id='n' href='nav.xhtml' properties='nav'/><item "
        "id='a' "
        "href='text/a%20b.xhtml'/><item id='b' href='text/b.xhtml'/><item id='x' href='../../../../etc/passwd'/>"
        "</manifest><spine><itemref idref='n'/><itemref idref='b'/><itemref idref='a'/><itemref idref='x'/><itemref "
        "idref='missing'/></spine></package>"},
       {"OEBPS/nav.xhtml", chapter("Contents", "<nav><p>navigation</p></nav>")},
       {"OEBPS/text/a b.xhtml", chapter("Two", "<h1>Two</h1><p>The second chapter is about the boats.</p>")},
       {"OEBPS/text/b.xhtml", chapter("The sea",
                                      "<h1>One</h1><p>The first chapter<a id='x'/> is about the sea.</p>"
                                      "<h2>Deeper</h2><p>And about what lives in it.</p>")}}));
  EXPECT_EQ(document.media_type, "application/epub+zip");
  EXPECT_EQ(document.title, "The sea");
  EXPECT_THAT(document.authors, ElementsAre("Anna Roy"));
  EXPECT_EQ(document.language, "en");
  EXPECT_THAT(outline(document),
              ElementsAre("h1 One", "p The first chapter is about the sea.", "h2 Deeper",
                          "p And about what lives in it.", "h1 Two", "p The second chapter is about the boats."));
}

// `contents` is the part of the table of contents, of whose kind `kind` tells.
Document book(const std::string& kind, const std::string& contents, const std::string& sheet,
              const std::vector<std::string>& chapters) {
  std::string items, spine;
  Files files{{"mimetype", "application/epub+zip"},
              {"META-INF/container.xml", "<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>"},
              {"s.css", sheet},
              {"toc.xml", contents}};
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    const std::string n = std::to_string(i);
    items += "<item id='c" + n + "' href='c" + n + ".xhtml' media-type='application/xhtml+xml'/>";
    spine += "<itemref idref='c" + n + "'/>";
    files.push_back(
        {"c" + n + ".xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><body>" + chapters[i] + "</body></html>"});
  }
  files.push_back({"b.opf",
                   "<package><metadata><dc:title>A book</dc:title></metadata><manifest><item id='s' href='s.css' "
                   "media-type='text/css'/><item id='t' href='toc.xml' " +
                       kind + "/>" + items + "</manifest><spine>" + spine + "</spine></package>"});
  return read(archive_of(files));
}

const std::string kProse =
    "<p class=\"t\"><span class='u'>The boats leave the harbour before the sun is up, all of them.</span></p>";

TEST(Epub, ParagraphsThatTheSheetMakesLargeAreHeadings) {
  const std::string sheet =
      "/* .t{font-size:90pt} */ p.t, .x { font-size: 10pt } .one{font-size:2em;font-weight:bold}"
      "@media print{.u{font-size:99pt}} .two { font-size: 21px } .cap{font-size:30pt} .small{font-size:80%}";
  const Document document = book(
      "", "", sheet,
      {"<p class='one'>The <i>sea</i></p>" + kProse + "<p><span class='two extra'>Boats &amp; nets</span></p>" + kProse,
       "<p class='t'><span class='cap'>T</span>he first letter of a text is large, no more.</p><p "
       "class='small'>Small</p>"
       "<p class='two'>" +
           std::string(201, 'x') + "</p><p class='two'>Never closed<p class='t'>Text.</p>" + kProse + kProse});
  EXPECT_THAT(
      outline(document),
      ElementsAre("h1 The sea", "p The boats leave the harbour before the sun is up, all of them.", "h2 Boats & nets",
                  "p The boats leave the harbour before the sun is up, all of them.",
                  "p The first letter of a text is large, no more.", "p Small", "p " + std::string(201, 'x'),
                  "p Never closed", "p Text.", "p The boats leave the harbour before the sun is up, all of them.",
                  "p The boats leave the harbour before the sun is up, all of them."));
}

TEST(Epub, ParagraphsThatTheContentsNameAreHeadings) {
  const std::vector<std::string> chapters{"<p>The sea</p>" + kProse + "<p>Boats</p>" + kProse + "<p>Boats</p>",
                                          "<p>Not named</p>" + kProse};
  const std::string ncx =
      "<?xml version='1.0'?><!DOCTYPE ncx PUBLIC '-//NISO//DTD ncx 2005-1//EN' 'ncx-2005-1.dtd'><ncx><navMap><navPoint>"
      "<navLabel><text>The  SEA</text></navLabel><content "
      "src='c0.xhtml'/><navPoint><navLabel><text>Boats</text></navLabel>"
      "<content src='c0.xhtml#b'/></navPoint></navPoint></navMap></ncx>";
  const std::string nav =
      "<!DOCTYPE html><html xmlns:epub='e'><body><nav epub:type='landmarks'><ol><li><a href='c1.xhtml'>Not "
      "named</a></li></ol>"
      "</nav><nav epub:type='toc'><ol><li><a href='c0.xhtml'>The sea</a><ol><li><a "
      "href='c0.xhtml#b'>Boats</a></li></ol>"
      "</li></ol></nav></body></html>";
  const auto wanted =
      ElementsAre("h1 The sea", "p The boats leave the harbour before the sun is up, all of them.", "h2 Boats",
                  "p The boats leave the harbour before the sun is up, all of them.", "p Boats", "p Not named",
                  "p The boats leave the harbour before the sun is up, all of them.");
  EXPECT_THAT(outline(book("media-type='application/x-dtbncx+xml'", ncx, "", chapters)), wanted);
  EXPECT_THAT(outline(book("properties='nav' media-type='application/xhtml+xml'", nav, "", chapters)), wanted);
  EXPECT_EQ(outline(book("properties='nav'", nav.substr(0, nav.size() / 2), "", chapters)).size(), 7u) << "damaged";
}

TEST(Epub, ABookThatHasHeadingsIsReadByThem) {
  EXPECT_THAT(
      outline(book("", "", ".big{font-size:20pt}", {"<h2>One</h2>" + kProse, "<p class='big'>A poster</p>" + kProse})),
      ElementsAre("h2 One", "p The boats leave the harbour before the sun is up, all of them.", "p A poster",
                  "p The boats leave the harbour before the sun is up, all of them."));
}

TEST(Epub, EmptyElementsAreClosedForTheHtmlParser) {
  EXPECT_EQ(html_of_xhtml("<?xml version='1.0'?><title/><br/><a id='x' /><p>1 /> 2</p>"),
            "<title></title><br/><a id='x' ></a><p>1 /> 2</p>");
}

TEST(Office, PartsAreNamedFromWhereTheyAreNamed) {
  EXPECT_EQ(resolve_part("word/document.xml", "../media/a.png"), "media/a.png");
  EXPECT_EQ(resolve_part("word/document.xml", "styles.xml"), "word/styles.xml");
  EXPECT_EQ(resolve_part("word/document.xml", "/xl/a.xml"), "xl/a.xml");
  EXPECT_EQ(resolve_part("a.xml", "../../../../etc/passwd"), "etc/passwd");
}

// Hostile and broken files: an error that says what, within limits.

TEST(OfficeHostile, EntityBombsAndDeepNestingAreRefused) {
  Files bomb{{"[Content_Types].xml", kTypes},
             {"_rels/.rels", relations(relation("r", "officeDocument", "word/document.xml"))},
             {"word/document.xml",
              "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>"
              "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body>"
              "</w:document>"}};
  const Error error = refusal(archive_of(bomb));
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_THAT(error.message, HasSubstr("word/document.xml has a DOCTYPE"));

  std::string deep, end;
  for (int i = 0; i < 100'000; ++i) {
    deep += "<w:sdt><w:sdtContent>";
    end += "</w:sdtContent></w:sdt>";
  }
  const Error nested = refusal(docx(deep + p("x") + end));
  EXPECT_EQ(nested.code, ErrorCode::invalid);
  EXPECT_THAT(nested.message, HasSubstr("nested deeper"));
}

TEST(OfficeHostile, TruncatedAndDamagedFilesAreCorrupt) {
  const std::string whole =
      docx(p("Some text that is long enough to be packed, and then cut somewhere in the middle."));
  for (const std::size_t keep : {whole.size() / 4, whole.size() / 2, whole.size() - 30}) {
    const auto cut = extract(whole.substr(0, keep), {.name = "a.docx"});
    if (cut.ok()) continue;  // all parts were there, only the directory is missing
    EXPECT_TRUE(cut.error().code == ErrorCode::corrupt || cut.error().code == ErrorCode::invalid)
        << cut.error().describe();
  }
  EXPECT_EQ(refusal(whole.substr(0, whole.size() / 2)).code, ErrorCode::corrupt);
  const std::string broken = docx("<w:p><w:r></w:p>");
  EXPECT_EQ(refusal(broken).code, ErrorCode::corrupt);
  EXPECT_EQ(refusal(archive_of({{"[Content_Types].xml", kTypes}, {"_rels/.rels", relations("")}})).code,
            ErrorCode::corrupt);
  EXPECT_EQ(refusal(archive_of({{"META-INF/container.xml", "<container/>"}})).code, ErrorCode::corrupt);
  EXPECT_THAT(refusal(docx("")).message, HasSubstr("no text"));
  EXPECT_THAT(refusal(odf("text", "<office:text/>", {{"META-INF/manifest.xml", ""}})).message, HasSubstr("no text"));
}

TEST(OfficeHostile, AHugeSheetIsReadInBoundedTime) {
  std::string rows;
  for (int i = 0; i < 400'000; ++i) rows += "<row><c><v>" + std::to_string(i) + "</v></c><c><v>1</v></c></row>";
  const auto document = extract(xlsx(rows), {}, {.max_text_bytes = 1u << 20});
  ASSERT_TRUE(document.ok()) << document.error().describe();
  EXPECT_TRUE(document->truncated);
  EXPECT_LE(document->text.size(), 1u << 20);
}

TEST(OfficeHostile, EveryByteOfASmallFileMayBeWrong) {
  const std::string whole = xlsx("<row><c t='s'><v>0</v></c><c><v>3</v></c></row>");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x41);
    static_cast<void>(extract(changed, {.name = "a.xlsx"}).ok());
  }
}

}  // namespace
}  // namespace renvoi::extract
