// What a page says of itself: authors, site, description, licence, types, Open Graph, anchors, languages of its parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kProse =
    "<p>This is a paragraph with enough words in it to be taken for what the page is about, and it ends here.</p>"
    "<p>And this is the second one, which goes on for a while too, so that nobody takes it for a menu.</p>";

Document read(const std::string& html) {
  auto document = extract(html, {.content_type = "text/html; charset=utf-8"});
  EXPECT_TRUE(document.ok());
  return document.ok() ? *document : Document{};
}

TEST(Facts, OfTheArticleInJsonLdComeFirst) {
  const Document document = read(
      "<meta name=author content='The Web Team'><meta property=og:site_name content='Site of meta'>"
      "<script type='application/ld+json'>{\"@context\":\"https://schema.org\",\"@graph\":["
      "{\"@type\":\"WebSite\",\"name\":\"A Site\"},"
      "{\"@type\":[\"NewsArticle\",\"https://schema.org/Report\"],\"headline\":\"H\","
      "\"author\":[{\"@type\":\"Person\",\"name\":\"Ann Bee\"},{\"name\":\"Cé "
      "Dé\"}],\"license\":{\"url\":\"https://l.example/\"},"
      "\"description\":\"What it is about\",\"publisher\":{\"name\":\"P\"}}]}</script>" +
      kProse);
  EXPECT_THAT(document.authors, ElementsAre("Ann Bee", "Cé Dé"));
  EXPECT_EQ(document.site, "Site of meta");
  EXPECT_EQ(document.licence, "https://l.example/");
  EXPECT_EQ(document.description, "What it is about");
  EXPECT_THAT(document.types, ElementsAre("WebSite", "NewsArticle", "Report"));
}

TEST(Facts, OfMetaElementsAndMarkedLinks) {
  const Document document = read(
      "<meta name=Description content='  In a\n few words '><meta name=application-name content='App'>"
      "<link rel='license other' href='https://creativecommons.org/licenses/by/4.0/'>"
      "<meta property='og:type' content=article><meta property='article:section' content=Local>"
      "<p>By <a rel=author href=/ann>Ann Bee</a></p>" +
      kProse);
  EXPECT_EQ(document.description, "In a few words");
  EXPECT_EQ(document.site, "App");
  EXPECT_EQ(document.licence, "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_THAT(document.authors, ElementsAre("Ann Bee"));
  ASSERT_EQ(document.open_graph.size(), 2u);
  EXPECT_EQ(document.open_graph[1].name, "article:section");
  EXPECT_EQ(document.open_graph[1].value, "Local");
}

TEST(Facts, NothingIsMadeUpAndEverythingIsBounded) {
  const Document bare = read(kProse);
  EXPECT_THAT(bare.authors, IsEmpty());
  EXPECT_THAT(bare.types, IsEmpty());
  EXPECT_TRUE(bare.site.empty() && bare.description.empty() && bare.licence.empty());
  std::string html;
  for (int i = 0; i < 500; ++i)
    html += "<meta property=og:x" + std::to_string(i) + " content='" + std::string(3'000, 'x') +
            "'><meta name=author content=a" + std::to_string(i) + "><b itemprop=author>b" + std::to_string(i) + "</b>" +
            "<p id=p" + std::to_string(i) + ">Text.</p>";
  const Document full = read(html + kProse);
  EXPECT_LE(full.authors.size(), 8u);
  EXPECT_EQ(full.open_graph.size(), 32u);
  for (const Property& property : full.open_graph) EXPECT_LE(property.value.size(), 500u);
  EXPECT_LE(read("<meta name=author content=https://x.example/ann>" + kProse).authors.size(), 0u) << "an address";
  EXPECT_EQ(read("<script type='application/ld+json'>{\"@type\": [[[[</script>" + kProse).types.size(), 0u);
}

// Forums have the site's name in the heading of the first level, and what the thread asks in one of the second.
TEST(Facts, ATitleIsNotTheNameOfTheSite) {
  const std::string topic =
      "<h2>Which bike for the town?</h2><p>I look for a bike to go to work, eight kilometres a day.</p>";
  EXPECT_EQ(read("<title>Which bike for the town? - Riders' forum</title><h1>Riders' forum</h1>" + topic).title,
            "Which bike for the town?");
  EXPECT_EQ(read("<title>Riders' forum • Which bike for the town?</title><h1>Riders' forum</h1>" + topic).title,
            "Which bike for the town?");
  // The heading is the article's, and a box names the paper.
  EXPECT_EQ(
      read("<title>Which bike for the town? - The Paper</title><h1>Which bike for the town?</h1><h2>The Paper</h2>"
           "<p>A man looks for a bike to go to work, eight kilometres a day.</p>")
          .title,
      "Which bike for the town?");
}

TEST(Anchors, StandWhereTheirElementsBegin) {
  const Document document = read("<title>T</title><main id=m><h1 id=top>Title of it</h1>" + kProse +
                                 "<h2 id=two>Two</h2><p>One <b id=in>word</b>.</p></main>");
  ASSERT_EQ(document.anchors.size(), 4u);
  EXPECT_EQ(document.anchors[0].id, "m");
  EXPECT_EQ(document.anchors[1].id, "top");
  EXPECT_EQ(document.anchors[2].id, "two");
  EXPECT_EQ(document.text.substr(document.anchors[2].offset, 3), "Two");
  EXPECT_EQ(document.anchors[3].id, "in");
  EXPECT_EQ(document.text.substr(document.anchors[3].offset, 9), "One word.");
}

TEST(Languages, OfSectionsThatDifferAreSaid) {
  const std::string english =
      "<p>The committee met on the second Tuesday of the month and agreed that the path along the river should be "
      "repaired before the winter. A member asked who would pay for the new bridge, since the county had refused.</p>"
      "<p>It was decided to write to the owner of the mill, whose lorries do most of the damage. The treasurer "
      "reported "
      "that the accounts had been checked, and that nothing was missing but a receipt for forty pounds of gravel.</p>";
  const std::string french =
      "<p>Le comité s'est réuni le deuxième mardi du mois et a décidé que le chemin le long de la rivière devait être "
      "réparé avant l'hiver. Un membre a demandé qui paierait le nouveau pont, puisque le département avait "
      "refusé.</p>";
  const std::string more_french =
      "<p>Il a été convenu d'écrire au propriétaire du moulin, dont les camions causent la plupart des dégâts. La "
      "trésorière a indiqué que les comptes étaient justes et qu'il ne manquait qu'un reçu pour du gravier.</p>";
  const std::string annex =
      "<p>Members who wish to speak at the next meeting are asked to tell the secretary by Friday. Tea will be served "
      "from "
      "seven, and the hall is heated. Please leave your boots in the porch, because the floor has just been waxed.</p>"
      "<p>The list of those who gave money for the playground hangs beside the door; thanks are due to all of "
      "them.</p>";
  const Document document = read("<html lang=en><h2>Minutes</h2>" + english + "<h2>Compte rendu</h2>" + french +
                                 "<h2>Suite</h2>" + more_french + "<h2>Annex</h2>" + annex);
  EXPECT_EQ(document.language, "en");
  ASSERT_EQ(document.other_languages.size(), 1u);
  EXPECT_EQ(document.other_languages[0].language, "fr");
  EXPECT_TRUE(text::slice(document.text, document.other_languages[0].range).starts_with("Compte rendu"));
  EXPECT_TRUE(text::slice(document.text, document.other_languages[0].range).ends_with("gravier."));
  EXPECT_THAT(read("<h2>A</h2>" + english + "<h2>B</h2>" + annex).other_languages, IsEmpty());
}

}  // namespace
}  // namespace renvoi::extract
