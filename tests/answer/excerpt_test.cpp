// What is shown of a document that was found is what it says now, from where the question is answered.
#include "answer/excerpt.h"

#include <gtest/gtest.h>

#include "answer/world.h"

namespace renvoi::answer {
namespace {

TEST(ExcerptOf, IsWholeWhereItFitsOnOneLine) {
  EXPECT_EQ(excerpt_of("One\n\n two.\t Three. ", "en", {}, 100), "One two. Three.");
  EXPECT_EQ(excerpt_of("", "en", {}, 100), "");
}

TEST(ExcerptOf, BeginsWhereTheQuestionIsAnsweredAndCutsNoSentence) {
  std::string passage;
  for (int i = 0; i < 20; ++i) passage += "Nothing of any interest is said in this sentence. ";
  passage += "The ferry costs eleven crowns. Children travel free.";
  const TermSet wanted = term_set("ferry crowns", "en");
  EXPECT_EQ(excerpt_of(passage, "en", wanted, 60), "The ferry costs eleven crowns. Children travel free.");
  const std::string longer = excerpt_of(passage, "en", wanted, 110);
  EXPECT_EQ(longer,
            "Nothing of any interest is said in this sentence. The ferry costs eleven crowns. Children travel free.");
}

TEST(ExcerptOf, ASentenceThatIsTooLongIsCutBetweenCharacters) {
  std::string passage;
  for (int i = 0; i < 100; ++i) passage += "été";
  for (std::size_t most = 1; most < 40; ++most) {
    const std::string text = excerpt_of(passage, "fr", {}, most);
    EXPECT_LE(text.size(), most);
    EXPECT_GE(text.size() + 1, most);
    EXPECT_TRUE(passage.starts_with(text));
  }
}

TEST(ReadExcerpts, SayWhatTheDocumentsSayNow) {
  if (test::embedder() == nullptr) GTEST_SKIP() << "no embedding model: run ./dev setup";
  test::World world;
  for (const char* name : {"a.md", "b.md", "c.md"})
    world.write(name, std::string("# Page ") + name + "\n\nThe ferry of page " + name + " leaves at seven.\n");
  world.ingest();
  std::vector<search::SearchHit> hits;
  for (const auto& reference : world.collection->catalog().references().value()) {
    search::SearchHit hit;
    hit.reference = reference;
    hits.push_back(hit);
  }
  std::sort(hits.begin(), hits.end(),
            [](const auto& x, const auto& y) { return x.reference.address < y.reference.address; });
  ASSERT_EQ(hits.size(), 3U);
  const EvidenceReader reader{*world.collection, *world.fetcher, *test::embedder(), nullptr};
  world.write("b.md", "# Page b\n\nNow it is another text, about the ferry.\n");
  std::filesystem::remove(world.pages / "c.md");
  const auto excerpts = read_excerpts(reader, hits, "When does the ferry leave?", {}, {});
  ASSERT_EQ(excerpts.size(), 3U);
  EXPECT_EQ(excerpts[0].text, "The ferry of page a.md leaves at seven.");
  EXPECT_TRUE(excerpts[0].verified && !excerpts[0].withdrawn);
  EXPECT_EQ(excerpts[1].text, "Now it is another text, about the ferry.");
  EXPECT_TRUE(excerpts[2].withdrawn && excerpts[2].text.empty() && !excerpts[2].reason.empty());
  EXPECT_FALSE(catalog::is_showable(world.collection->catalog().reference(hits[2].reference.id).value()));

  // Out of time: nothing is known of them, so that nothing is withdrawn and nothing is said.
  std::stop_source stopped;
  stopped.request_stop();
  for (const Excerpt& excerpt : read_excerpts(reader, std::span(hits).first(1), "ferry", {}, stopped.get_token())) {
    EXPECT_TRUE(!excerpt.withdrawn && excerpt.text.empty() && !excerpt.reason.empty());
  }
}

}  // namespace
}  // namespace renvoi::answer
