#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/page_facts.h"

namespace renvoi::extract {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kProse =
    "<p>This is a paragraph with enough words in it to be taken for what the page is about, and it ends here.</p>"
    "<p>And this is the second one, which goes on for a while too, so that nobody takes it for a menu.</p>";

Document read(const std::string& html, const Hints& hints = {.content_type = "text/html"}) {
  auto document = extract(html, hints);
  EXPECT_TRUE(document.ok()) << document.error().describe();
  return document.ok() ? *document : Document{};
}

std::vector<std::string> blocks(const Document& document, BlockKind kind) {
  std::vector<std::string> out;
  for (const Block& block : document.blocks)
    if (block.kind == kind) out.emplace_back(text::slice(document.text, block.range));
  return out;
}

TEST(Html, KeepsTheMainTextAndNothingOfTheFrame) {
  const Document document = read(
      "<!doctype html><html lang=fr><title>Imprimer une page - Aide</title><nav><a href=/>Accueil</a></nav>"
      "<header><p>Le site de l'aide</p></header><div class=cookie-banner>Nous aimons les cookies.</div>"
      "<main><h1>Imprimer une page</h1><p>Choisissez Fichier, puis Imprimer, et cliquez sur le bouton OK.</p>"
      "<ul><li>Un</li><li>Deux</li></ul><script>alert(1)</script><p hidden>Caché</p>"
      "<p style='display: none'>Masqué</p><form><input value=x><button>Envoyer</button></form></main>"
      "<aside>À lire aussi</aside><footer>Mentions</footer>");
  EXPECT_EQ(document.title, "Imprimer une page");
  EXPECT_EQ(document.language, "fr");
  EXPECT_EQ(document.text, "Choisissez Fichier, puis Imprimer, et cliquez sur le bouton OK.\n\nUn\nDeux");
}

TEST(Html, BlocksTileTheTextInOrder) {
  const Document document =
      read("<title>T</title><h1>One</h1>" + kProse +
           "<h2>Two <em>of</em> them</h2><pre>a  b\n  c\n\n\nd</pre><blockquote>Said.</blockquote>"
           "<ol><li>x<ul><li>y</ul><li>z</ol><table><tr><th>k<th>v<tr><td>1<td>2</table><p>End.");
  EXPECT_THAT(blocks(document, BlockKind::heading), ElementsAre("One", "Two of them"));
  EXPECT_THAT(blocks(document, BlockKind::code), ElementsAre("a  b\n  c\nd"));
  EXPECT_THAT(blocks(document, BlockKind::quote), ElementsAre("Said."));
  EXPECT_THAT(blocks(document, BlockKind::list_item), ElementsAre("x", "y", "z"));
  EXPECT_THAT(blocks(document, BlockKind::table_row), ElementsAre("k | v", "1 | 2"));
  std::uint32_t end = 0;
  for (const Block& block : document.blocks) {
    const std::string between = document.text.substr(end, block.range.begin - end);
    EXPECT_TRUE(end == 0 || between == "\n\n" || between == "\n") << between;
    end = block.range.end;
  }
  EXPECT_EQ(end, document.text.size());
}

TEST(Html, TwoBreaksEndAParagraphOneDoesNot) {
  EXPECT_THAT(blocks(read("<p>one<br>two<br> <br>three</p>"), BlockKind::paragraph), ElementsAre("one two", "three"));
}

TEST(Html, ALayoutTableIsNoTable) {
  const Document document = read("<table><tr><td><h2>Part</h2>" + kProse + "</td></tr><tr><td>x</td></tr></table>");
  EXPECT_THAT(blocks(document, BlockKind::table_row), ElementsAre());
  EXPECT_THAT(blocks(document, BlockKind::heading), ElementsAre("Part"));
}

// LibreOffice's help hides both and lets a script show one.
TEST(Html, OfHiddenAlternativesTheGeneralOneIsRead) {
  EXPECT_EQ(
      read("<p>Press <span class=switch><span hidden class=MAC><b>Command</b></span><span hidden><b>Ctrl</b></span>"
           "</span>+S to save the document.</p>")
          .text,
      "Press Ctrl+S to save the document.");
}

TEST(Html, CustomElementsAreRead) {
  EXPECT_THAT(read("<my-app><my-body>" + kProse + "</my-body></my-app>").text, HasSubstr("second one"));
}

TEST(Html, AnArticleInSeveralPartsIsReadWhole) {
  std::string html = "<main>";
  for (int part = 0; part < 3; ++part)
    html += "<div class=article-body><p>Part " + std::to_string(part) + "</p>" + kProse + "</div>";
  const std::string text = read(html + "</main>").text;
  for (const char* part : {"Part 0", "Part 1", "Part 2"}) EXPECT_THAT(text, HasSubstr(part));
}

TEST(Html, APageOfLinksOnlyIsStillRead) {
  EXPECT_THAT(read("<nav><ul><li><a href=a>Alpha</a><li><a href=b>Beta</a></ul></nav>").text, HasSubstr("Alpha"));
}

TEST(Html, LinksOfTheWholePageWithNofollowBaseCanonicalAndRobots) {
  const Document document = read(
      "<base href='https://example.org/docs/'><link rel=canonical href='https://example.org/x'>"
      "<meta name=robots content='noindex, NOFOLLOW'><meta name=renvoi content=noarchive>"
      "<nav><a href='a.html'>  A  page </a><a href='#top'>top</a><a href='javascript:x()'>js</a><a "
      "href='mailto:a@b'>m</a>"
      "</nav>" +
      kProse + "<a rel='ugc nofollow' href='b?x=1&amp;y=2'>B</a>");
  ASSERT_EQ(document.links.size(), 2u);
  EXPECT_EQ(document.links[0].target, "a.html");
  EXPECT_EQ(document.links[0].text, "A page");
  EXPECT_FALSE(document.links[0].nofollow);
  EXPECT_EQ(document.links[1].target, "b?x=1&y=2");
  EXPECT_TRUE(document.links[1].nofollow);
  EXPECT_EQ(document.base, "https://example.org/docs/");
  EXPECT_EQ(document.canonical, "https://example.org/x");
  EXPECT_TRUE(document.noindex && document.nofollow && document.noarchive);
  EXPECT_FALSE(read(kProse).noindex);
}

TEST(Title, IsTheHeadingOrTheTitleWithoutTheSite) {
  EXPECT_EQ(without_site_name("Printing a page - Example Help", "", "Printing a page"), "Printing a page");
  EXPECT_EQ(without_site_name("Printing a page | Example", "Example", ""), "Printing a page");
  EXPECT_EQ(without_site_name("Example – Printing a page", "Example", ""), "Printing a page");
  EXPECT_EQ(without_site_name("Keyboard shortcuts explained - Help", "", ""), "Keyboard shortcuts explained");
  EXPECT_EQ(without_site_name("Nord - Sud", "", ""), "Nord - Sud");
  EXPECT_EQ(without_site_name("A - B", "", "A - B"), "A - B");
  EXPECT_EQ(without_site_name("Titre", "", "Autre chose"), "Titre");
}

TEST(Title, IsAtMostTwoHundredBytesAndWholeCharacters) {
  std::string title;
  for (int i = 0; i < 300; ++i) title += "é";
  const Document document = read("<title>" + title + "</title>" + kProse);
  EXPECT_LE(document.title.size(), 200u);
  EXPECT_TRUE(is_valid_utf8(document.title));
}

TEST(Language, IsThatOfTheTextWhenTheDeclarationIsWrong) {
  EXPECT_EQ(read("<html lang=fr>" + kProse).language, "en");
  EXPECT_EQ(read("<html lang=fr-CA><p>42</p>").language, "fr");
  EXPECT_EQ(read("<p>42</p>", {.content_type = "text/html", .language = "en"}).language, "en");
}

TEST(Html, SameBytesSameDocument) {
  const std::string html = "<title>T</title>" + kProse + "<table><tr><td>1<tr><td>2</table>" + kProse;
  const Document one = read(html), two = read(html);
  EXPECT_EQ(one.text, two.text);
  EXPECT_EQ(to_markdown(one), to_markdown(two));
}

TEST(ToMarkdown, ShowsTheStructureAndReadsBackAsIt) {
  const Document document = read("<title>A title of words</title><h1>One</h1>" + kProse +
                                 "<ul><li>x<li>y</ul><pre>code()</pre><h2>Two</h2><p>End of it all.</p>");
  const std::string markdown = to_markdown(document);
  EXPECT_THAT(markdown, HasSubstr("# A title of words\n"));
  EXPECT_THAT(markdown, HasSubstr("- x\n- y\n"));
  EXPECT_THAT(markdown, HasSubstr("```\ncode()\n```"));
  const auto again = extract(markdown, {.content_type = "text/markdown"});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->text, document.text);
  EXPECT_EQ(again->title, document.title);
}

TEST(Limits, TextLinksAndInputAreCutAndSaidToBe) {
  std::string html;
  for (int i = 0; i < 2'000; ++i)
    html += "<p>Sentence number " + std::to_string(i) + " of this page.<a href=x" + std::to_string(i) + ">l</a></p>";
  const auto cut = extract(html, {}, {.max_text_bytes = 1'000, .max_links = 10});
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE(cut->truncated);
  EXPECT_LE(cut->text.size(), 1'000u);
  EXPECT_EQ(cut->links.size(), 10u);
  const auto less = extract(html, {}, {.max_input_bytes = 5'000});
  ASSERT_TRUE(less.ok());
  EXPECT_TRUE(less->truncated);
  EXPECT_LT(less->text.size(), 5'000u);
  EXPECT_FALSE(read(html).truncated);
}

}  // namespace
}  // namespace renvoi::extract
