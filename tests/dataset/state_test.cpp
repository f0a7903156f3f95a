// What holds, from what was said; and how far people agree, against published examples.
#include "dataset/state.h"

#include <gtest/gtest.h>

#include <random>

#include "dataset/agreement.h"
#include "dataset/attention.h"
#include "io/temporary_folder.h"

namespace renvoi::dataset {
namespace {

const std::vector<Agent> kAgents{{AgentKind::person, "anna", "", ""},    {AgentKind::person, "bruno", "", ""},
                                 {AgentKind::person, "chloe", "", ""},   {AgentKind::model, "model", "", ""},
                                 {AgentKind::trusted, "import", "", ""}, {AgentKind::check, "check", "", ""}};
enum Who : AgentNumber { kAnna, kBruno, kChloe, kModel, kTrusted, kCheck };

class Story {
 public:
  AssertionNumber says(Who who, const std::string& label, AssertionNumber parent = 0) {
    return add(
        {.kind = AssertionKind::annotate, .agent = who, .parent = parent, .body = {BodyKind::label, "class", label}});
  }
  void accepts(Who who, AssertionNumber parent) {
    add({.kind = AssertionKind::accept, .agent = who, .parent = parent});
  }
  void rejects(Who who, AssertionNumber parent) {
    add({.kind = AssertionKind::reject, .agent = who, .parent = parent});
  }
  void settles(Who who, const std::string& label) {
    add({.kind = AssertionKind::adjudicate, .agent = who, .body = {BodyKind::label, "class", label}});
  }
  AssertionNumber add(Assertion assertion) {
    assertion.number = static_cast<AssertionNumber>(assertions_.size() + 1);
    assertions_.push_back(std::move(assertion));
    return assertions_.back().number;
  }
  ItemState state(Rule rule = {1, 1}) const { return derive(assertions_, kAgents, rule); }
  std::string told(Rule rule = {1, 1}) const {
    const ItemState now = state(rule);
    return std::string(to_string(now.state)) + (now.answers.empty() ? "" : " " + now.answers[0].body.value);
  }

 private:
  std::vector<Assertion> assertions_;
};

TEST(State, OfOneQuestion) {
  Story story;
  EXPECT_EQ(story.told(), "none");
  const auto proposal = story.says(kModel, "cat");
  EXPECT_EQ(story.told(), "proposed cat");
  story.accepts(kAnna, proposal);
  EXPECT_EQ(story.told(), "verified cat");
  EXPECT_EQ(story.told({2, 2}), "proposed cat");
  story.rejects(kBruno, proposal);
  EXPECT_EQ(story.told(), "disputed cat");
  EXPECT_EQ(story.told({2, 3}), "proposed cat");
  EXPECT_EQ(story.told({2, 2}), "disputed cat");
  story.accepts(kChloe, proposal);
  EXPECT_EQ(story.told({2, 3}), "verified cat");
  story.accepts(kBruno, proposal);  // a person may change their mind
  EXPECT_EQ(story.told({3, 3}), "verified cat");
}

TEST(State, ACorrectionSupersedesWhatItCorrects) {
  Story story;
  const auto proposal = story.says(kModel, "cat");
  const auto correction = story.says(kAnna, "dog", proposal);
  EXPECT_EQ(story.told(), "verified dog");
  EXPECT_EQ(story.state().of_assertion.at(proposal), State::superseded);
  EXPECT_EQ(story.state().of_assertion.at(correction), State::verified);
}

TEST(State, ModelsHaveNoWord) {
  Story story;
  for (int i = 0; i < 5; ++i) story.accepts(kModel, story.says(kModel, "cat"));
  EXPECT_EQ(story.told(), "proposed cat");
}

TEST(State, RejectedAndTrustedAndAdjudicated) {
  Story rejected;
  rejected.rejects(kAnna, rejected.says(kModel, "cat"));
  EXPECT_EQ(rejected.told(), "rejected cat");
  EXPECT_EQ(rejected.told({2, 2}), "proposed cat");

  Story trusted;
  const auto label = trusted.says(kTrusted, "cat");
  EXPECT_EQ(trusted.told({2, 3}), "verified cat");
  trusted.rejects(kAnna, label);  // a person's word counts for more
  EXPECT_EQ(trusted.told(), "rejected cat");

  Story disputed;
  (void)disputed.says(kAnna, "cat");
  (void)disputed.says(kBruno, "dog");
  EXPECT_EQ(disputed.state().state, State::disputed);
  disputed.settles(kChloe, "fox");
  EXPECT_EQ(disputed.told(), "verified fox");
  EXPECT_EQ(disputed.state().of_assertion.at(1), State::superseded);
}

TEST(State, AttentionChecksAndTheirVerdictsAreNoPartOfIt) {
  Story story;
  (void)story.says(kAnna, "cat");
  const auto check = story.says(kCheck, "dog");
  story.accepts(kBruno, check);
  EXPECT_EQ(story.told(), "verified cat");
  EXPECT_EQ(story.state({2, 2}).answers.size(), 1U);
  EXPECT_EQ(story.told({2, 2}), "proposed cat");
}

TEST(State, BoxesAreQuestionsOfTheirOwn) {
  Story story;
  const auto box = [&](Who who, double left, AssertionNumber parent) {
    return story.add({.agent = who,
                      .parent = parent,
                      .selector = {SelectorKind::box, {left, 0, 5, 5}},
                      .body = {BodyKind::label, "class", "cat"}});
  };
  const auto one = box(kModel, 1, 0), other = box(kModel, 9, 0);
  story.accepts(kAnna, one);
  EXPECT_EQ(story.state().answers.size(), 2U);
  EXPECT_EQ(story.state().state, State::proposed);
  (void)box(kAnna, 10, other);  // drawn anew: the same question
  EXPECT_EQ(story.state().answers.size(), 2U);
  EXPECT_EQ(story.state().state, State::verified);
}

// With one question, whole item, every order of words: verified means what the header says.
TEST(State, VerifiedNeedsEnoughPeopleAndNoRival) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    std::mt19937_64 random(seed);
    Story story;
    std::map<AgentNumber, std::string> word;  // "-": against
    const auto proposal = story.says(kModel, "a");
    for (int i = 0; i < 6; ++i) {
      const auto who = static_cast<Who>(random() % 3);
      const auto what = random() % 4;
      if (what == 0) story.rejects(who, proposal);
      if (what == 1) story.accepts(who, proposal);
      if (what >= 2) (void)story.says(who, what == 2 ? "b" : "a");
      word[who] = what == 0 ? "-" : what == 2 ? "b" : "a";
    }
    const Rule rule{1 + static_cast<std::uint32_t>(random() % 3), 3};
    std::map<std::string, std::uint32_t> counts;
    for (const auto& [who, said] : word) ++counts[said];
    const auto wins = [&](const std::string& body, const std::string& rival) {
      return counts[body] >= rule.agree && counts[rival] < rule.agree && counts[body] > counts["-"] &&
             counts[body] > counts[rival];
    };
    const bool verified = wins("a", "b") || wins("b", "a");
    EXPECT_EQ(story.state(rule).state == State::verified, verified) << "seed " << seed;
  }
}

// https://en.wikipedia.org/wiki/Cohen%27s_kappa: 50 proposals read by two people; 0.4. And the article's two tables of
// equal agreement and different kappa.
TEST(Agreement, CohensPublishedExamples) {
  const auto table = [](int yes_yes, int yes_no, int no_yes, int no_no) {
    std::vector<std::pair<std::string, std::string>> items;
    items.insert(items.end(), static_cast<std::size_t>(yes_yes), {"yes", "yes"});
    items.insert(items.end(), static_cast<std::size_t>(yes_no), {"yes", "no"});
    items.insert(items.end(), static_cast<std::size_t>(no_yes), {"no", "yes"});
    items.insert(items.end(), static_cast<std::size_t>(no_no), {"no", "no"});
    return cohen_kappa(items);
  };
  EXPECT_NEAR(*table(20, 5, 10, 15), 0.4, 1e-12);
  EXPECT_NEAR(*table(45, 15, 25, 15), 0.1304, 5e-5);
  EXPECT_NEAR(*table(25, 35, 5, 35), 0.2593, 5e-5);
  EXPECT_FALSE(table(7, 0, 0, 0).has_value());
  EXPECT_FALSE(cohen_kappa({}).has_value());
}

// Krippendorff (2011), section C: four observers, twelve units, missing data.
TEST(Agreement, KrippendorffsPublishedExample) {
  const std::vector<std::vector<double>> units{{1, 1, 1},    {2, 2, 3, 2}, {3, 3, 3, 3}, {3, 3, 3, 3},
                                               {2, 2, 2, 2}, {1, 2, 3, 4}, {4, 4, 4, 4}, {1, 1, 2, 1},
                                               {2, 2, 2, 2}, {5, 5, 5},    {1, 1},       {3}};
  EXPECT_NEAR(*krippendorff_alpha(units, Scale::nominal), 0.743, 5e-4);
  EXPECT_NEAR(*krippendorff_alpha(units, Scale::ordinal), 0.815, 5e-4);
  EXPECT_NEAR(*krippendorff_alpha(units, Scale::interval), 0.849, 5e-4);
  EXPECT_NEAR(*krippendorff_alpha(units, Scale::ratio), 0.797, 5e-4);
  EXPECT_FALSE(krippendorff_alpha(std::vector<std::vector<double>>{{1, 1}, {2}}, Scale::nominal).has_value());
}

TEST(Attention, TellsWhoLooked) {
  const renvoi::test::TemporaryFolder folder;
  const auto files = io::real_file_system();
  auto store = AssertionStore::open(*files, folder.path(), Mode::write);
  ASSERT_TRUE(store.ok());
  const AgentNumber anna = (*store)->agent({AgentKind::person, "anna", "", ""});
  const AgentNumber bruno = (*store)->agent({AgentKind::person, "bruno", "", ""});
  std::vector<Assertion> words;
  for (ItemNumber item = 0; item < 20; ++item) {
    Assertion word;
    word.item = item;
    word.agent = anna;
    word.body = {BodyKind::label, "class", item % 2 == 0 ? "cat" : "dog"};
    words.push_back(word);
  }
  ASSERT_TRUE((*store)->append(words).ok());
  const auto checks = plant_checks(**store, 20, {1, 1}, 6, 1, 5);
  ASSERT_TRUE(checks.ok());
  ASSERT_EQ(checks->size(), 6U);
  EXPECT_EQ(plant_checks(**store, 20, {1, 1}, 100, 2, 5)->size(), 14U);  // none has two
  for (const AssertionNumber check : *checks) {
    Assertion verdict;
    ASSERT_TRUE((*store)
                    ->walk({},
                           [&](const Assertion& assertion) -> Result<void> {
                             if (assertion.number == check) {
                               EXPECT_NE(assertion.body.value, assertion.item % 2 == 0 ? "cat" : "dog");
                               verdict.item = assertion.item;
                             }
                             return {};
                           })
                    .ok());
    verdict.kind = check % 2 == 0 ? AssertionKind::accept : AssertionKind::reject;
    verdict.agent = bruno;
    verdict.parent = check;
    ASSERT_TRUE((*store)->append(std::vector<Assertion>{verdict}).ok());
  }
  const auto attention = attention_of(**store);
  ASSERT_TRUE(attention.ok());
  EXPECT_EQ(attention->at(bruno).caught, 3U);
  EXPECT_EQ(attention->at(bruno).missed, 3U);
  EXPECT_FALSE(attention->contains(anna));
}

}  // namespace
}  // namespace renvoi::dataset
