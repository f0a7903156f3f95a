#include <gtest/gtest.h>

#include "extract/extract.h"
#include "extract/passages.h"

namespace renvoi::extract {
namespace {

TEST(Extract, KeepsTheMainTextAndNothingOfTheFrame) {
  const auto document = extract(
      "<!doctype html><html lang=fr><title>Imprimer une page - Aide</title><nav><a href=/>Accueil</a></nav>"
      "<main><h1>Imprimer une page</h1><p>Choisissez Fichier, puis Imprimer, et cliquez sur le bouton OK.</p>"
      "<ul><li>Un</li><li>Deux</li></ul></main><footer>Mentions</footer>",
      {});
  ASSERT_TRUE(document.ok()) << document.error().describe();
  EXPECT_EQ(document->title, "Imprimer une page");
  EXPECT_EQ(document->language, "fr");
  EXPECT_EQ(document->text, "Choisissez Fichier, puis Imprimer, et cliquez sur le bouton OK.\n\nUn\nDeux");
  ASSERT_EQ(passages(*document).size(), 1u);
  EXPECT_EQ(passages(*document)[0].heading_path, "Imprimer une page");
}

TEST(Extract, NothingToReadIsAnErrorThatSaysSo) {
  EXPECT_EQ(extract("", {}).error().code, ErrorCode::invalid);
  const auto pdf = extract("%PDF-1.7 ...", {.content_type = "text/html"});
  ASSERT_FALSE(pdf.ok());
  EXPECT_NE(pdf.error().message.find("PDF"), std::string::npos);
}

}  // namespace
}  // namespace renvoi::extract
