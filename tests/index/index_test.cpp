#include "index/index.h"

#include <gtest/gtest.h>

#include <random>

#include "../io/temporary_folder.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using renvoi::test::TemporaryFolder;
using test::Document;
using test::Model;

class IndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<Index> open(Index::Mode mode = Index::Mode::write, std::uint32_t dimensions = 24) {
    auto opened = Index::open(*files, folder / "index", test::identity_of(dimensions), mode);
    EXPECT_TRUE(opened.ok()) << opened.error().describe();
    return opened.ok() ? std::move(opened).value() : nullptr;
  }
  static void put(Index& index, Model& model, std::uint32_t reference, Document document) {
    const auto id = static_cast<ReferenceId>(reference);
    ASSERT_TRUE(index.put(id, test::inputs(document)).ok());
    model[id] = std::move(document);
  }
  TemporaryFolder folder;
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
};

// The property of the whole room: after any history the index answers as a map would.
TEST_F(IndexTest, AfterAnyHistoryItAnswersAsTheNaiveOne) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::filesystem::remove_all(folder / "index");
    std::mt19937_64 random(seed);
    auto index = open();
    const auto reader = open(Index::Mode::read);
    Model model;  // with what is not committed yet
    Model committed;
    for (int step = 0; step < 120; ++step) {
      const auto reference = static_cast<std::uint32_t>(1 + random() % 25);
      switch (random() % 12) {
        case 0:
        case 1:
          ASSERT_TRUE(index->remove(static_cast<ReferenceId>(reference)).ok());
          model.erase(static_cast<ReferenceId>(reference));
          break;
        case 2:
          index->rollback();
          model = committed;
          break;
        case 3:
        case 4:
        case 5:
          ASSERT_TRUE(index->commit().ok());
          committed = model;
          break;
        case 6:
          if (random() % 3 == 0) {
            ASSERT_TRUE(index->compact().ok());
          }
          break;
        case 7:
          if (random() % 3 != 0) break;
          index.reset();
          index = open();
          model = committed;
          break;
        default:
          put(*index, model, reference, test::random_document(random, 24));
      }
      if (step % 10 != 9) continue;
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), committed, 24, random()));
      ASSERT_TRUE(reader->refresh().ok());
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*reader->snapshot(), committed, 24, random()));
      ASSERT_TRUE(index->check().ok()) << index->check().error().describe();
    }
  }
}

TEST_F(IndexTest, WhatIsNotCommittedIsNotSeenAndASnapshotDoesNotChange) {
  const auto index = open();
  Model model;
  std::mt19937_64 random(1);
  put(*index, model, 1, test::random_document(random, 24));
  EXPECT_EQ(index->snapshot()->size(), 0U);
  ASSERT_TRUE(index->commit().ok());
  const auto before = index->snapshot();
  const Model then = model;
  for (std::uint32_t i = 1; i < 20; ++i) put(*index, model, i, test::random_document(random, 24));
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  test::expect_same(*before, then, 24, 1);
  test::expect_same(*index->snapshot(), model, 24, 1);
}

TEST_F(IndexTest, OnlyAcceptedReferencesAreHit) {
  const auto index = open();
  Model model;
  std::mt19937_64 random(2);
  for (std::uint32_t i = 1; i <= 30; ++i) put(*index, model, i, test::random_document(random, 24));
  ASSERT_TRUE(index->commit().ok());
  const Accept even = [](ReferenceId reference) { return to_number(reference) % 2 == 0; };
  const auto query = test::random_unit(random, 24);
  const auto snapshot = index->snapshot();
  std::size_t expected = 0;
  for (const auto& [reference, document] : model)
    if (to_number(reference) % 2 == 0) expected += document.size();
  const std::vector<Hit> hits = snapshot->semantic(query, 1'000, even);
  EXPECT_EQ(hits.size(), expected);
  const std::vector<std::string> terms = {"t1", "t2"};
  std::vector<Hit> words = snapshot->bm25(terms, 1'000, even);
  for (const Hit& hit : hits) EXPECT_TRUE(even(snapshot->record(hit.passage).reference));
  for (const Hit& hit : words) EXPECT_TRUE(even(snapshot->record(hit.passage).reference));
  std::vector<Hit> all = snapshot->bm25(terms, 1'000);
  std::erase_if(all, [&](const Hit& hit) { return !even(snapshot->record(hit.passage).reference); });
  EXPECT_EQ(words, all);  // the filter does not change a score
}

TEST_F(IndexTest, ASecondWriterIsRefusedWithTheFirstOnesNumber) {
  const auto first = open();
  const auto second = Index::open(*files, folder / "index", test::identity_of(24), Index::Mode::write);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(IndexTest, AnotherModelOrExtractorIsRefusedNamingBoth) {
  open().reset();
  Identity other = test::identity_of(24);
  other.model_digest = "ffee";
  const Error model = Index::open(*files, folder / "index", other, Index::Mode::write).error();
  EXPECT_EQ(model.code, ErrorCode::conflict);
  EXPECT_NE(model.message.find("00aa11bb"), std::string::npos);
  EXPECT_NE(model.message.find("ffee"), std::string::npos);
  other = test::identity_of(24);
  other.extractor_version = 7;
  const Error extractor = Index::open(*files, folder / "index", other, Index::Mode::read).error();
  EXPECT_EQ(extractor.code, ErrorCode::conflict);
  EXPECT_NE(extractor.message.find("version 1"), std::string::npos);
  EXPECT_NE(extractor.message.find("version 7"), std::string::npos);
}

TEST_F(IndexTest, AReaderOfNothingIsToldSo) {
  const auto reader = Index::open(*files, folder / "index", test::identity_of(24), Index::Mode::read);
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
  EXPECT_FALSE(files->exists(folder / "index"));
}

TEST_F(IndexTest, BadInputIsRefusedAndLeavesTheBatchAsItWas) {
  const auto index = open();
  Model model;
  std::mt19937_64 random(3);
  put(*index, model, 1, test::random_document(random, 24));
  Document good(1);
  good[0].vector = test::random_unit(random, 24);
  good[0].terms = {{"a", 1}, {"b", 2}};
  std::vector<Document> bad(7, good);
  bad[0][0].vector.pop_back();
  bad[1][0].vector[3] = std::nanf("");
  bad[2][0].terms = {{"b", 1}, {"a", 1}};
  bad[3][0].terms = {{"a", 1}, {"a", 1}};
  bad[4][0].terms = {{"a", 0}};
  bad[5][0].terms = {{std::string(300, 'x'), 1}};
  bad[6][0].range = {5, 4};
  for (const Document& document : bad) {
    const auto outcome = index->put(ReferenceId{2}, test::inputs(document));
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::invalid);
  }
  ASSERT_TRUE(index->commit().ok());
  test::expect_same(*index->snapshot(), model, 24, 5);
  EXPECT_EQ(Index::open(*files, folder / "x", test::identity_of(0), Index::Mode::write).error().code,
            ErrorCode::invalid);
  EXPECT_EQ(Index::open(*files, folder / "x", test::identity_of(5'000), Index::Mode::write).error().code,
            ErrorCode::invalid);
}

TEST_F(IndexTest, AReaderIsRefusedToWrite) {
  open().reset();
  const auto reader = open(Index::Mode::read);
  EXPECT_EQ(reader->remove(ReferenceId{1}).error().code, ErrorCode::denied);
  EXPECT_EQ(reader->commit().error().code, ErrorCode::denied);
  EXPECT_EQ(reader->compact().error().code, ErrorCode::denied);
}

TEST_F(IndexTest, ThereAreNeverManySegmentsNorMoreDeadThanLive) {
  const auto index = open();
  std::mt19937_64 random(4);
  Model model;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 10; ++i) {
      const auto reference = static_cast<std::uint32_t>(1 + random() % 60);
      put(*index, model, reference, test::random_document(random, 24));
    }
    ASSERT_TRUE(index->commit().ok());
    if (round % 4 == 0) {
      ASSERT_TRUE(index->compact().ok());
    }
    const IndexStats stats = index->stats();
    EXPECT_LE(stats.segments, 8U);
    EXPECT_LE(stats.dead_passages, stats.passages + 200);
  }
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(index->stats().dead_passages, 0U);
  EXPECT_EQ(index->stats().segments, 1U);
  test::expect_same(*index->snapshot(), model, 24, 6);
}

}  // namespace
}  // namespace renvoi::index
