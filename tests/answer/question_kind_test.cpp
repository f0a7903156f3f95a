#include "answer/question_kind.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "answer/extractive.h"

namespace renvoi::answer {
namespace {

std::vector<std::string> found(std::string_view question, std::string_view sentence) {
  std::vector<std::string> texts;
  for (const text::Range range : spans_asked_for(asked_for(question), sentence, folded_words(question)))
    texts.emplace_back(text::slice(sentence, range));
  return texts;
}

TEST(QuestionKind, IsToldByTheQuestionWords) {
  EXPECT_EQ(asked_for("How many bees live there?"), Asked::number);
  EXPECT_EQ(asked_for("Quel est le nombre d'habitants ?"), Asked::number);
  EXPECT_EQ(asked_for("En quelle année a-t-il été construit ?"), Asked::time);
  EXPECT_EQ(asked_for("When was it built?"), Asked::time);
  EXPECT_EQ(asked_for("Qui a construit le phare ?"), Asked::person);
  EXPECT_EQ(asked_for("Où se trouve le phare ?"), Asked::place);
  EXPECT_EQ(asked_for("Pourquoi est-il fermé ?"), Asked::reason);
  EXPECT_EQ(asked_for("Comment renouveler un passeport ?"), Asked::anything);
}

TEST(QuestionKind, FindsWhatTheQuestionDoesNotSay) {
  using testing_list = std::vector<std::string>;
  EXPECT_EQ(found("When was the hive of Varen built?", "It was built in May 1912 by Anselm Roth."),
            testing_list{"May 1912"});
  EXPECT_EQ(found("Who built the hive of Varen?", "The hive of Varen was built in 1912 by Anselm Roth."),
            testing_list{"Anselm Roth"});
  EXPECT_EQ(found("Quel montant en 2003 ?", "Il était de 14,2 milliards en 2003."), testing_list{"14,2 milliards"});
  EXPECT_EQ(found("Combien d'abeilles ?", "La ruche abrite 40 000 abeilles."), testing_list{"40 000"});
  EXPECT_TRUE(found("When was it built?", "It was built by hand.").empty());
}

// Bytes of any kind: no crash, ranges inside.
TEST(QuestionKind, TakesAnyText) {
  for (const char* text : {"", "'", "l'", "d'\xC3\x89",
                           "\xC3\x89"
                           "A",
                           "1", "2 %", "''''", "A B C 1999 siècle"}) {
    for (const Asked kind : {Asked::number, Asked::time, Asked::person, Asked::place, Asked::reason})
      for (const text::Range range : spans_asked_for(kind, text, {}))
        EXPECT_LE(range.end, std::string_view(text).size());
  }
}

}  // namespace
}  // namespace renvoi::answer
