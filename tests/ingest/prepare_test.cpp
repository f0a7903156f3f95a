#include <gtest/gtest.h>

#include <thread>

#include "extract/extract.h"
#include "ingest/document_queue.h"
#include "ingest/ingest.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

extract::Document document(const std::string& markdown) {
  auto read = extract::extract(markdown, {"text/markdown", "a.md", "en"});
  EXPECT_TRUE(read.ok()) << read.error().message;
  return std::move(read).value();
}

std::uint32_t frequency(const std::vector<text::TermCount>& terms, const std::string& word) {
  const std::string stem = text::terms(word, "en").at(0);
  for (const auto& term : terms)
    if (term.term == stem) return term.frequency;
  return 0;
}

// A word of the title counts as three in the text, one of another heading as one; in both it counts as the title's.
TEST(Prepare, TermsOfTheTitleAndTheHeadingsCountByTheirField) {
  const auto prepared =
      prepare(document("# Kiwi farming\n\n## Soil\n\nThe kiwi is a fruit. A kiwi grows in a garden.\n"));
  ASSERT_EQ(prepared.passages.size(), 1u);
  EXPECT_EQ(frequency(prepared.terms[0], "farming"), 3u);
  EXPECT_EQ(frequency(prepared.terms[0], "kiwi"), 2u + 3u);
  EXPECT_EQ(frequency(prepared.terms[0], "soil"), 1u);
  EXPECT_EQ(frequency(prepared.terms[0], "garden"), 1u);
  EXPECT_TRUE(std::is_sorted(prepared.terms[0].begin(), prepared.terms[0].end(),
                             [](const auto& a, const auto& b) { return a.term < b.term; }));
  EXPECT_NE(prepared.inputs[0].find("grows in"), std::string::npos);
}

TEST(Prepare, EachPassageGetsItsOwnRowOfTheBatch) {
  std::string text;
  for (int section = 0; section < 5; ++section) {
    text += "\n# Section " + std::to_string(section) + "\n\n";
    for (int i = 0; i < 40; ++i) text += "This is sentence number " + std::to_string(i) + " of the section. ";
  }
  const auto prepared = prepare(document(text));
  ASSERT_GE(prepared.passages.size(), 5u);
  model::Embeddings embeddings;
  embeddings.dimensions = 2;
  for (std::size_t row = 0; row < prepared.passages.size() + 3; ++row) {
    embeddings.values.push_back(static_cast<float>(row));
    embeddings.values.push_back(0);
  }
  const auto inputs = passage_inputs(prepared, embeddings, 3);
  ASSERT_EQ(inputs.size(), prepared.passages.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(inputs[i].vector[0], static_cast<float>(i + 3));
    EXPECT_EQ(inputs[i].ordinal, prepared.passages[i].ordinal);
    EXPECT_EQ(inputs[i].range, prepared.passages[i].range);
  }
}

QueuedDocument of_passages(std::size_t count) {
  QueuedDocument document;
  document.prepared.passages.resize(count);
  return document;
}

TEST(DocumentQueue, TakesOneTooLargeWhenEmptyAndGivesAllBackInOrder) {
  DocumentQueue queue(4);
  EXPECT_TRUE(queue.push(of_passages(9), {}));
  std::jthread reader([&] {
    for (std::size_t i = 1; i <= 4; ++i) EXPECT_TRUE(queue.push(of_passages(i), {}));
    queue.close();
  });
  std::vector<std::size_t> sizes;
  while (!queue.finished()) {
    const auto document = queue.pop(std::chrono::milliseconds(100));
    if (document) sizes.push_back(document->prepared.passages.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{9, 1, 2, 3, 4}));
  EXPECT_FALSE(queue.push(of_passages(1), {}));
}

TEST(DocumentQueue, AStopEndsTheWaitForRoom) {
  DocumentQueue queue(1);
  ASSERT_TRUE(queue.push(of_passages(1), {}));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(queue.push(of_passages(1), stop.get_token()));
}

}  // namespace
}  // namespace renvoi::ingest
