// Follow-ups find the document they are about: what answer/follow_up.h makes of them, against asking them as they are.
// The questions were written for this test, by people who had the document before them.
#include "answer/follow_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "model/llama_model.h"
#include "quality/build.h"
#include "quality/scratch_folder.h"
#include "search/search.h"

namespace renvoi::quality {
namespace {

struct Turn {
  std::string earlier, question, document;
};

const std::vector<Turn> kEnglish = {
    {"Who is the oldest quarterback ever to play in a Super Bowl?", "How old was he?", "ddd999a4a0a8"},
    {"How many metropolitan areas does Southern California have?", "And how many of them exceed five million people?",
     "d1619b2a9846"},
    {"With which Protestant churches did the Huguenots of North America affiliate?",
     "How long did their descendants use French names?", "ad23189273d5"},
    {"Who led the ad hoc committee on the Apollo launch vehicle?", "When was it established?", "18fc06c82b4c"},
    {"What do ctenophores use for locomotion?", "How large are they?", "4f486093f6af"},
    {"Did the Black Death reach the Islamic world?", "And how many died of it in Algiers?", "73bb8e7187d3"},
    {"Who designed the ABC Circle logo of 1998?", "Which colours did it have?", "8ba16be48fbf"},
    {"In which vertebrates do T cell receptors and immunoglobulins exist?", "And in lampreys?", "859569f1bc11"},
    {"How many academic units is Harvard University organized into?", "Where is its main campus?", "abec5847b640"},
    {"Who is the primary companion of the Doctor in Doctor Who since 2005?", "And of the Tenth Doctor?",
     "63f9e2015717"},
    {"Which sports are played in Kenya?", "What is it chiefly known for?", "e2e58c8b8b98"},
    {"Where does the Rhine-Meuse Delta begin?", "Why is it called so?", "9795cdfcaec2"}};
const std::vector<Turn> kFrench = {
    {"Qui a créé la Coupe Manier ?", "Et en quelle année ?", "ddb86788fb1c"},
    {"Où est né Jakob Böhme ?", "Que faisaient ses parents ?", "3dd2e4480f4b"},
    {"Qui a fondé le royaume ibadite de Tahert ?", "Et en quelle année ?", "cba907e13ffb"},
    {"Quelle est la superficie de l'île Saint-Paul ?", "Quel est son point culminant ?", "e2bb58d98a87"},
    {"Comment est mort André Matswa ?", "Où est-il enterré ?", "de9b4bbd136d"},
    {"Quand commence la production de Saw 7 ?", "Et qui y joue Hoffman ?", "2cf7d3be68f0"},
    {"Combien de temps dura l'exil de Pierre Du Bosc ?", "Qui l'a soutenu ?", "4e416205ec1b"},
    {"Quand les parents de Carlo Gesualdo se sont-ils mariés ?", "De qui sa mère était-elle la nièce ?",
     "becd9e975dbc"},
    {"Combien de jours séparent deux nouvelles lunes ?", "Et au solstice d'hiver ?", "a9dd34d12ee2"},
    {"Où se trouve la chapelle de l'Arche d'alliance ?", "Qui en est le gardien ?", "269cabaafd54"},
    {"En quoi Ivanouchka est-il changé ?", "Et qui l'avertit ?", "6bd5e8f02d5f"},
    {"Où Edward Dickinson Baker s'installe-t-il ?", "Et à quelle élection avait-il échoué ?", "99dfc0e8e0ff"}};

struct Case {
  std::string set;
  const std::vector<Turn>* turns;
  std::size_t documents;  // of the corpus, and those of the turns: the rest takes long to encode
  std::size_t fewest_found, fewest_better;
};

class FollowUps : public testing::TestWithParam<Case> {};

TEST_P(FollowUps, FindTheirDocument) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / GetParam().set;
  const std::filesystem::path model = std::filesystem::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf";
  if (!std::filesystem::exists(folder / "corpus.jsonl")) GTEST_SKIP() << "no evaluation data in " << folder;
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model << ": run ./dev setup";
  const std::vector<Turn>& turns = *GetParam().turns;
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const SystemClock clock;
  Result<BeirSet> set = read_beir(folder, *files);
  ASSERT_TRUE(set.ok()) << set.error().describe();
  std::size_t kept = 0;
  std::erase_if(set->documents, [&](const BeirDocument& document) {
    const bool meant =
        std::any_of(turns.begin(), turns.end(), [&](const Turn& turn) { return turn.document == document.id; });
    return !meant && ++kept > GetParam().documents;
  });
  Result<std::unique_ptr<model::Embedder>> embedder = model::load_embedder(model);
  ASSERT_TRUE(embedder.ok()) << embedder.error().describe();
  const auto scratch = ScratchFolder::make();
  ASSERT_TRUE(scratch.ok());
  const index::Identity identity{(*embedder)->digest(), static_cast<std::uint32_t>((*embedder)->dimensions()),
                                 extract::kExtractorVersion};
  auto collection =
      search::Collection::open(*files, clock, (*scratch)->path(), identity, search::Collection::Mode::write);
  ASSERT_TRUE(collection.ok()) << collection.error().describe();
  const Result<BuiltCorpus> built = build_corpus(*set, **collection, **embedder);
  ASSERT_TRUE(built.ok()) << built.error().describe();
  search::Searcher searcher(**collection, **embedder);
  const auto finds = [&](const std::string& question, const std::string& document) {
    search::SearchRequest request;
    request.query = question;
    request.limit = 1;
    const auto found = searcher.search(request);
    return found.ok() && std::any_of(found->hits.begin(), found->hits.end(), [&](const search::SearchHit& hit) {
             return built->document_of.at(to_number(hit.reference.id)) == document;
           });
  };
  std::size_t as_it_is = 0, stand_alone = 0;
  for (const Turn& turn : turns) {
    const std::array<std::string, 1> earlier{turn.earlier};
    const std::string question = answer::stand_alone_question(turn.question, earlier);
    as_it_is += finds(turn.question, turn.document) ? 1 : 0;
    const bool found = finds(question, turn.document);
    stand_alone += found ? 1 : 0;
    if (!found) std::printf("not found: %s\n", question.c_str());
    // A question that stands alone is asked as it is, whatever was asked before.
    EXPECT_EQ(answer::stand_alone_question(turn.earlier, std::array<std::string, 1>{turns.front().question}),
              turn.earlier);
  }
  std::size_t untouched = 0;
  for (const BeirQuery& query : set->queries) untouched += answer::leans_on_earlier(query.text) ? 0 : 1;
  std::printf(
      "%s: of %zu follow-ups %zu found as they are, %zu made to stand alone; of %zu questions %zu stand alone\n",
      GetParam().set.c_str(), turns.size(), as_it_is, stand_alone, set->queries.size(), untouched);
  EXPECT_GE(stand_alone, GetParam().fewest_found);
  EXPECT_GE(stand_alone, as_it_is + GetParam().fewest_better);
  EXPECT_GE(untouched * 10, set->queries.size() * 8);
}

INSTANTIATE_TEST_SUITE_P(Sets, FollowUps,
                         testing::Values(Case{"en-xquad", &kEnglish, 60, 11, 2}, Case{"fr-piaf", &kFrench, 60, 11, 5}),
                         [](const auto& info) { return info.param.set.substr(0, 2); });

}  // namespace
}  // namespace renvoi::quality
