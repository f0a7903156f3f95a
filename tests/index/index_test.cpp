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

// How far a similarity may be from the inner product, at 16 bytes of bits for 24 coordinates: when the quantizer was
// fitted to some hundreds of vectors, and when to some tens.
constexpr double kFittedCodes = 0.1;
constexpr double kRoughlyFittedCodes = 0.4;

class IndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<Index> open(Index::Mode mode = Index::Mode::write, std::uint32_t dimensions = 24) {
    auto opened = Index::open(*files, folder / "index", test::identity_of(dimensions), mode, options);
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
  IndexOptions options;
};

// The property of the whole room: after any history the index answers as a map would; flat, in cells, and in cells with
// a quantizer of its own.
TEST_F(IndexTest, AfterAnyHistoryItAnswersAsTheNaiveOne) {
  bool fitted = false;
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    options = {};
    if (seed % 3 > 0) options.cells_from = 10;
    if (seed % 3 > 1) options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 25, .cells_from = 10};
    const double tolerance = seed % 3 > 1 ? kRoughlyFittedCodes : test::kPlainCodes;
    std::filesystem::remove_all(folder / "index");
    std::mt19937_64 random(seed);
    auto index = open();
    const auto reader = open(Index::Mode::read);
    Model model;  // with what is not committed yet
    Model committed;
    for (int step = 0; step < 120; ++step) {
      const auto reference = static_cast<std::uint32_t>(1 + random() % 25);
      switch (random() % 14) {
        case 12:
        case 13: {  // some of its passages change, the others keep their codes
          const auto id = static_cast<ReferenceId>(reference);
          if (!committed.contains(id)) break;
          const test::Edited edited = test::edit(random, committed[id], 24);
          const auto codes = test::codes_of(*index->snapshot(), id);
          ASSERT_TRUE(index->put(id, test::inputs(edited, codes)).ok());
          model[id] = edited.document;
          break;
        }
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
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*index->snapshot(), committed, 24, random(), tolerance));
      ASSERT_TRUE(reader->refresh().ok());
      ASSERT_NO_FATAL_FAILURE(test::expect_same(*reader->snapshot(), committed, 24, random(), tolerance));
      ASSERT_TRUE(index->check().ok()) << index->check().error().describe();
    }
    fitted = fitted || files->list(folder / "index")->size() > 4;
  }
  EXPECT_TRUE(fitted) << "some history must have come to a quantizer";
}

TEST_F(IndexTest, ALargerCollectionGetsAQuantizerOfItsOwnAndKeepsIt) {
  options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 200, .cells_from = 1'000'000};
  std::mt19937_64 random(8);
  Model model;
  auto index = open();
  const auto quantizer_files = [&] {
    std::vector<std::string> names = files->list(folder / "index").value();
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("quantizer-"); });
    return names;
  };
  const auto code_bytes = [&] {
    const IndexStats stats = index->stats();
    std::uint64_t of_quantizers = 0;
    for (const std::string& name : quantizer_files()) of_quantizers += files->disk_bytes(folder / "index" / name);
    return static_cast<double>(stats.code_bytes - of_quantizers) / static_cast<double>(stats.passages);
  };
  for (std::uint32_t i = 1; i <= 50; ++i) put(*index, model, i, test::random_document(random, 24));
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  EXPECT_TRUE(quantizer_files().empty());
  EXPECT_LT(code_bytes(), 26);  // six bits a dimension, and six bytes
  test::expect_same(*index->snapshot(), model, 24, 1);
  for (std::uint32_t i = 51; i <= 300; ++i) put(*index, model, i, test::random_document(random, 24));
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  const std::vector<std::string> made = quantizer_files();
  ASSERT_EQ(made.size(), 1U);
  EXPECT_LT(code_bytes(), 24);
  test::expect_same(*index->snapshot(), model, 24, 2, kFittedCodes);
  // What comes later has plain codes in the log and is coded by the same quantizer when it is merged; so are the others
  // when all is opened again, with other wishes.
  options.code_bytes = 10;
  index.reset();
  index = open();
  for (std::uint32_t i = 301; i <= 310; ++i) put(*index, model, i, test::random_document(random, 24));
  ASSERT_TRUE(index->commit().ok());
  test::expect_same(*index->snapshot(), model, 24, 3, kFittedCodes);
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(quantizer_files(), made);
  test::expect_same(*index->snapshot(), model, 24, 4, kFittedCodes);
  // Everything goes and comes back: the quantizer stays, so that the same text has the same code.
  const std::vector<float> query = test::random_unit(random, 24);
  const auto before = index->snapshot()->semantic(query, 5);
  for (const auto& [reference, document] : model) ASSERT_TRUE(index->remove(reference).ok());
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(index->snapshot()->size(), 0U);
  for (const auto& [reference, document] : model) ASSERT_TRUE(index->put(reference, test::inputs(document)).ok());
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(quantizer_files(), made);
  test::expect_same(*index->snapshot(), model, 24, 5, kFittedCodes);
  EXPECT_EQ(index->snapshot()->semantic(query, 5).size(), before.size());
  EXPECT_TRUE(index->check().ok());
}

TEST_F(IndexTest, WhereAllVectorsAreTheSameNothingIsFitted) {
  options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 10, .cells_from = 5};
  std::mt19937_64 random(9);
  const auto index = open();
  Model model;
  const std::vector<float> same = test::random_unit(random, 24);
  for (std::uint32_t i = 1; i <= 40; ++i) {
    Document document = test::random_document(random, 24);
    for (auto& passage : document) passage.vector = same;
    put(*index, model, i, std::move(document));
  }
  ASSERT_TRUE(index->commit().ok());
  ASSERT_TRUE(index->compact().ok());
  test::expect_same(*index->snapshot(), model, 24, 1);
}

// Beyond what is ranked whole: cells and the scan choose, and lose little.
TEST_F(IndexTest, AScanOfSomeCellsFindsTheNearest) {
  options = {.code_bytes = 40, .hot_bytes = 16, .fit_from = 1'000, .cells_from = 2'000};
  constexpr std::uint32_t kDimensions = 48;
  std::mt19937_64 random(10);
  const auto index = open(Index::Mode::write, kDimensions);
  std::vector<std::vector<float>> centres;
  for (int i = 0; i < 60; ++i) centres.push_back(test::random_unit(random, kDimensions));
  std::vector<std::vector<float>> vectors;
  const auto near = [&](std::size_t centre) {
    std::vector<float> vector = test::random_unit(random, kDimensions);
    double square = 0;
    for (std::size_t j = 0; j < vector.size(); ++j) {
      vector[j] = centres[centre][j] + 0.6F * vector[j];
      square += double{vector[j]} * double{vector[j]};
    }
    for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    return vector;
  };
  for (std::uint32_t i = 0; i < 6'000; ++i) {
    vectors.push_back(near(i % 60));
    PassageInput input;
    input.vector = vectors.back();
    ASSERT_TRUE(index->put(static_cast<ReferenceId>(i + 1), {&input, 1}).ok());
    if (i % 500 == 499) {
      ASSERT_TRUE(index->commit().ok());
    }
    if (i == 3'999) {
      ASSERT_TRUE(index->compact().ok());  // makes cells; the next compaction joins to them
    }
  }
  ASSERT_TRUE(index->compact().ok());
  const auto snapshot = index->snapshot();
  double found = 0;
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> query = near(static_cast<std::size_t>(round));
    std::vector<std::pair<float, std::uint32_t>> exact;
    for (std::uint32_t i = 0; i < vectors.size(); ++i) {
      float sum = 0;
      for (std::size_t j = 0; j < query.size(); ++j) sum += query[j] * vectors[i][j];
      exact.emplace_back(-sum, i + 1);
    }
    std::partial_sort(exact.begin(), exact.begin() + 10, exact.end());
    for (const Hit& hit : snapshot->semantic(query, 10))
      for (int i = 0; i < 10; ++i)
        found += to_number(snapshot->record(hit.passage).reference) == exact[static_cast<std::size_t>(i)].second;
  }
  EXPECT_GT(found / 500, 0.85);
  // Filters that let most through, half, and next to nothing: always ten, all of them accepted; of few, the best.
  for (const std::uint32_t of : {20U, 2U, 100U}) {
    const Accept accept = [&](ReferenceId reference) {
      return of == 20 ? to_number(reference) % of != 0 : to_number(reference) % of == 0;
    };
    const std::vector<float> query = near(of % 60);
    const std::vector<Hit> hits = snapshot->semantic(query, 10, accept);
    ASSERT_EQ(hits.size(), 10U);
    for (const Hit& hit : hits) ASSERT_TRUE(accept(snapshot->record(hit.passage).reference));
    std::vector<Hit> all;
    for (PassageNumber number = 0; number < snapshot->size(); ++number)
      if (accept(snapshot->record(number).reference)) all.push_back({number, snapshot->similarity(query, number)});
    std::sort(all.begin(), all.end(), [](const Hit& a, const Hit& b) {
      return a.score != b.score ? a.score > b.score : a.passage < b.passage;
    });
    std::size_t same = 0;
    for (std::size_t i = 0; i < 10; ++i) same += std::find(all.begin(), all.begin() + 10, hits[i]) != all.begin() + 10;
    EXPECT_GE(same, of == 100 ? 10U : 8U) << of;
  }
  RecordProperty("recall", std::to_string(found / 500));
  EXPECT_TRUE(index->check().ok());
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
