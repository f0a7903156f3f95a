#include "answer/follow_up.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace renvoi::answer {
namespace {

TEST(FollowUp, CarriesTheTopicIntoWhatLeansOnIt) {
  const std::vector<std::string> french = {"À quelle heure ouvre la mairie de Brest le samedi ?"};
  const std::string sunday = stand_alone_question("Et le dimanche ?", french);
  EXPECT_TRUE(sunday.starts_with("Et le dimanche ?"));
  for (const char* word : {"mairie", "Brest", "ouvre"}) EXPECT_NE(sunday.find(word), std::string::npos) << sunday;
  const std::vector<std::string> english = {"Who built the lighthouse of Kerzan?"};
  const std::string when = stand_alone_question("When was it finished?", english);
  for (const char* word : {"lighthouse", "Kerzan"}) EXPECT_NE(when.find(word), std::string::npos) << when;
}

TEST(FollowUp, GoesBackToTheLastQuestionThatStandsAlone) {
  const std::vector<std::string> earlier = {"How do I renew a passport?", "What does the swimming pool of Lomme cost?",
                                            "And for children?"};
  const std::string asked = stand_alone_question("And on Sundays?", earlier);
  EXPECT_NE(asked.find("Lomme"), std::string::npos) << asked;
  EXPECT_NE(asked.find("children"), std::string::npos) << asked;
  EXPECT_EQ(asked.find("passport"), std::string::npos) << asked;
}

// Whatever came before, these are asked as they stand.
TEST(FollowUp, LeavesAloneWhatStandsAlone) {
  const std::vector<std::string> earlier = {"Who built the lighthouse of Kerzan?"};
  for (const char* question :
       {"How do I renew a passport?", "Comment renouveler un passeport ?",
        "Faut-il une autorisation pour une terrasse de café ?", "Y a-t-il un marché couvert à Lomme ?",
        "Is it possible to rent a bicycle at the station?",
        "Which river is the longest of Europe and where does it end?",
        "Quelle est la durée de conservation des images de vidéosurveillance ?"}) {
    EXPECT_EQ(stand_alone_question(question, earlier), question);
    EXPECT_FALSE(leans_on_earlier(question)) << question;
  }
}

TEST(FollowUp, IsBoundedAndNeedsSomethingBefore) {
  EXPECT_EQ(stand_alone_question("And on Sundays?", {}), "And on Sundays?");
  const std::vector<std::string> long_before(20, std::string(7'000, 'a') + " lighthouse");
  EXPECT_LT(stand_alone_question("And then?", long_before).size(), 1'000U);
  const std::string long_question = "and " + std::string(2'000, 'b');
  EXPECT_EQ(stand_alone_question(long_question, long_before), long_question);
  EXPECT_EQ(stand_alone_question("", std::vector<std::string>{""}), "");
}

}  // namespace
}  // namespace renvoi::answer
