#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/utf8.h"
#include "text/function_words.h"
#include "text/language.h"
#include "text/normalize.h"
#include "text/sentences.h"
#include "text/terms.h"

namespace renvoi::text {
namespace {

using Strings = std::vector<std::string>;

TEST(Terms, FrenchElisionAccentsAndPlurals) {
  EXPECT_EQ(terms("L’eau de l'étang", "fr"), (Strings{"eau", "etang"}));
  EXPECT_EQ(terms("les données personnelles", "fr"), terms("LA DONNÉE PERSONNELLE", "fr"));
  EXPECT_EQ(terms("qu'est-ce qu'une aujourd'hui", "fr").back(), "aujourdhui");
}

TEST(Terms, EnglishStemsAndPossessives) {
  EXPECT_EQ(terms("the dogs' owners were running", "en"), (Strings{"dog", "owner", "run"}));
  EXPECT_EQ(terms("the dog's", "en"), (Strings{"dog"}));
}

TEST(Terms, IdentifiersWholeAndInParts) {
  for (const auto& [text, whole] :
       std::vector<std::pair<std::string, std::string>>{{"press Ctrl+S", "ctrl+s"},
                                                        {"regulation 2024/1689", "2024/1689"},
                                                        {"in utf-8", "utf-8"},
                                                        {"x86_64", "x86_64"}}) {
    const Strings found = terms(text, "en");
    EXPECT_NE(std::find(found.begin(), found.end(), whole), found.end()) << text;
  }
}

TEST(Terms, HostileWordsAreBounded) {
  const std::string huge(1'000'000, 'a');
  for (const std::string& term : terms(huge + " " + std::string(300, '\xCC'), "fr")) EXPECT_LE(term.size(), 64u);
}

TEST(CountTerms, SumsToTermsAndIsSorted) {
  const std::string text = "La clé de la porte, les clés des portes et la serrure.";
  const auto counts = count_terms(text, "fr");
  EXPECT_TRUE(std::is_sorted(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.term < b.term; }));
  std::size_t sum = 0;
  for (const auto& count : counts) sum += count.frequency;
  EXPECT_EQ(sum, terms(text, "fr").size());
}

TEST(Language, ShortQuestionsAreToldApart) {
  const Strings french = {"Comment insérer une image ?",
                          "où est l'aide",
                          "quelle est la durée de conservation des données",
                          "supprimer un tableau",
                          "qui doit déclarer ?",
                          "c'est quoi un cookie",
                          "créer des étiquettes",
                          "Pourquoi mon document est-il verrouillé ?",
                          "numéroter les pages",
                          "combien de temps dure le contrat",
                          "peut-on filmer ses salariés",
                          "qu'est-ce que le RGPD ?",
                          "changer la langue du document",
                          "comment faire un sommaire",
                          "quels sont mes droits"};
  const Strings english = {"How do I insert an image?",
                           "where is the help",
                           "what is the retention period",
                           "delete a table",
                           "who wrote it?",
                           "why is my document locked",
                           "create labels for the letters",
                           "what's a cookie",
                           "how long does the contract last",
                           "can I film my employees",
                           "which of these is best",
                           "change the language of the document",
                           "number the pages",
                           "what are my rights",
                           "is it legal"};
  int wrong = 0;
  for (const std::string& question : french)
    wrong += detect_language(question) != "fr" && (ADD_FAILURE() << question << " " << detect_language(question), true);
  for (const std::string& question : english)
    wrong += detect_language(question) != "en" && (ADD_FAILURE() << question << " " << detect_language(question), true);
  EXPECT_EQ(wrong, 0);
}

TEST(Language, NothingToTellByGivesTheHint) {
  EXPECT_EQ(detect_language(""), "und");
  EXPECT_EQ(detect_language("42"), "und");
  EXPECT_EQ(detect_language("42", "fr-CA"), "fr");
}

Strings split(const std::string& text, const std::string& language) {
  Strings out;
  for (const Range range : sentences(text, language)) out.emplace_back(slice(text, range));
  return out;
}

TEST(Sentences, AbbreviationsDoNotEndThem) {
  EXPECT_EQ(split("M. Dupont est venu. Il est parti à 8 h.", "fr"),
            (Strings{"M. Dupont est venu.", "Il est parti à 8 h."}));
  EXPECT_EQ(split("Voir l'art. 5 du code. Puis cf. Annexe.", "fr"),
            (Strings{"Voir l'art. 5 du code.", "Puis cf. Annexe."}));
  EXPECT_EQ(split("Use a tool, e.g. Writer. It works.", "en"), (Strings{"Use a tool, e.g. Writer.", "It works."}));
}

TEST(Sentences, TitlesInitialsAndMonthsDoNotEndThem) {
  const struct {
    const char *text, *language;
    std::size_t sentences;
  } kCases[] = {
      {"John F. Kennedy spoke. Everybody listened.", "en", 2},
      {"J. R. R. Tolkien wrote it. It is long.", "en", 2},
      {"Take vitamin C. Then sleep.", "en", 2},
      {"Gov. Brown and Sen. Green met on Jan. 5 in St. Paul. Nothing came of it.", "en", 2},
      {"See Fig. 3 and Eq. 4 in Sec. 2. The rest is clear.", "en", 2},
      {"The U.S. Army came. It left.", "en", 2},
      {"Acme Inc. Chairman Jones vs. The State. He lost.", "en", 2},
      {"Smith et al. Showed it first.", "en", 1},
      {"She asked: why? He did not say!", "en", 2},
      {"It costs 3.50 euros. That is cheap.", "en", 2},
      {"MM. Duval et Roux, av. Jean-Jaurès, ont signé. C'est fait.", "fr", 2},
      {"Né le 3 janv. 1912 à St. Malo. Mort en 1980.", "fr", 2},
      {"Rome fut fondée en 753 av. J.-C. Selon la légende, par des jumeaux.", "fr", 1},
      {"L'art. L. 2213-23 du code s'applique. Le maire décide.", "fr", 2},
      {"Voir fig. 2, p. 14, et chap. III. La suite manque.", "fr", 2},
      {"G. Perec a écrit ce livre. Il manque une lettre.", "fr", 2},
      {"Est-ce vrai ? Oui ! Tout à fait…", "fr", 3},
      {"Il a dit : « Je viens. » Puis il est parti.", "fr", 2},
  };
  for (const auto& each : kCases) EXPECT_EQ(split(each.text, each.language).size(), each.sentences) << each.text;
}

TEST(Sentences, LinesAndBlocksEndThem) {
  EXPECT_EQ(split("A title\n\nThe body is here\nanother item", "en"),
            (Strings{"A title", "The body is here", "another item"}));
}

TEST(Sentences, HoldEveryCharacterThatIsNotSpace) {
  std::mt19937_64 random(11);
  const std::string alphabet[] = {"a", "É", ".", " ", "\n", "!", "。", "M.", "\xC2\xA0", "😀", "B", "?", "”"};
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 60; n > 0; --n) text += alphabet[random() % std::size(alphabet)];
    std::string kept, wanted;
    std::uint32_t last = 0;
    for (const Range range : sentences(text, round % 2 == 0 ? "fr" : "en")) {
      ASSERT_GE(range.begin, last) << text;
      ASSERT_LT(range.begin, range.end);
      ASSERT_TRUE(is_valid_utf8(slice(text, range)));
      last = range.end;
      kept += slice(text, range);
    }
    const auto squeeze = [](std::string s) {
      std::string out;
      for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == ' ' || s[i] == '\n') continue;
        if (s.compare(i, 2, "\xC2\xA0") == 0) {
          ++i;
          continue;
        }
        out += s[i];
      }
      return out;
    };
    ASSERT_EQ(squeeze(kept), squeeze(text)) << "round " << round;
  }
}

TEST(Quotes, AreFoundThroughSpacesQuotesAndComposition) {
  const std::string document = "Avant.\nL\u2019e\u0301tat  \u00ABlibre\u00BB\u00A0: d\u2013 fin\u00ADale\u2026";
  const auto found = find_quote(document, "L'\u00E9tat \"libre\" : d- finale...");
  ASSERT_TRUE(found);
  EXPECT_EQ(slice(document, *found), document.substr(7));
  EXPECT_FALSE(find_quote(document, "L'etat"));
  EXPECT_FALSE(find_quote(document, " \n"));
}

TEST(Quotes, EverySliceOfATextIsFoundInIt) {
  std::mt19937_64 random(3);
  const std::string pieces[] = {"a", "é",      "e\u0301", " ",      "\n ",           "\u2019", "'",
                                "…", "\u00AD", "中",      "\u200B", "o\u0302\u0323", "«"};
  for (int round = 0; round < 3'000; ++round) {
    std::vector<std::string> parts;
    for (std::size_t n = 1 + random() % 20; n > 0; --n) parts.push_back(pieces[random() % std::size(pieces)]);
    std::string text;
    for (const auto& part : parts) text += part;
    const std::string normal = normalize_for_quotes(text);
    ASSERT_EQ(normalize_for_quotes(normal), normal) << "round " << round;
    if (normal.empty()) continue;
    const auto found = find_quote(text, text);
    ASSERT_TRUE(found) << "round " << round;
    ASSERT_EQ(normalize_for_quotes(slice(text, *found)), normal) << "round " << round;
  }
}

TEST(Fold, RemovesCaseAndAccents) { EXPECT_EQ(fold("Éléphant ŒUVRE Straße ﬁn"), "elephant oeuvre strasse fin"); }

TEST(FunctionWords, AreFoundAndOthersAreNot) {
  for (const char* word : {"le", "être", "qu", "à"}) EXPECT_TRUE(is_function_word(word, "fr")) << word;
  for (const char* word : {"the", "which", "yet"}) EXPECT_TRUE(is_function_word(word, "en")) << word;
  EXPECT_FALSE(is_function_word("droit", "fr"));
  EXPECT_FALSE(is_function_word("the", "fr"));
}

}  // namespace
}  // namespace renvoi::text
