// Files of older versions are read, for ever. tests/golden/index-v1 and index-v2 were written by the last programs of
// versions 1 and 2 of the segment; index-v2-fitted too, with {.code_bytes = 22, .hot_bytes = 6, .fit_from = 5,
// .cells_from = 5}: it has a quantizer of its own and cells.
#include <gtest/gtest.h>

#include <cmath>

#include "../io/temporary_folder.h"
#include "index/segment.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using renvoi::test::TemporaryFolder;

constexpr std::uint32_t kDimensions = 24;
// Codes of version 1 have four bits a coordinate, and six when they have been made anew.
constexpr double kOldCodes = 0.08;
constexpr double kFittedCodes = 0.5;  // a few bits, fitted to seven passages: only that they are read as they were

// What it holds under one reference: by a formula, so that nothing but these lines has to be believed.
test::Document golden_document(std::uint32_t reference) {
  static const std::vector<std::string> words = {"abeille", "miel", "ruche", "reine", "loi", "taxe", "vélo", "x"};
  test::Document document(1 + reference % 3);
  std::uint32_t begin = 0;
  for (std::uint32_t i = 0; i < document.size(); ++i) {
    test::OwnedPassage& passage = document[i];
    passage.ordinal = i;
    passage.range = {begin, begin + 100 + 7 * reference + i};
    begin = passage.range.end;
    passage.fingerprint = 0x0123456789ABCDEFULL * (reference * 16 + i + 1);
    std::map<std::string, std::uint32_t> counts;
    for (std::uint32_t j = 0; j < words.size(); ++j)
      if ((reference + i + j) % 3 == 0) counts[words[j]] = 1 + (reference * 5 + j * 7 + i) % 20;
    for (const auto& [term, frequency] : counts) passage.terms.push_back({term, frequency});
    passage.vector.assign(24, 0.0F);
    for (std::uint32_t j = 0; j < 24; ++j)
      passage.vector[j] = static_cast<float>((reference * 31 + i * 17 + j * j * 13 + j) % 41) - 20.0F;
    double square = 0;
    for (const float value : passage.vector) square += double{value} * double{value};
    for (float& value : passage.vector) value = static_cast<float>(value / std::sqrt(square));
  }
  return document;
}

// put(1, document 9), put(2 to 4), commit, compact; put(1, document 1), put(5), remove(3), commit; put(6), commit.
test::Model golden_model() {
  test::Model model;
  for (const std::uint32_t reference : {1U, 2U, 4U, 5U, 6U})
    model[static_cast<ReferenceId>(reference)] = golden_document(reference);
  return model;
}

struct Golden {
  const char* folder;
  double tolerance;
};

class GoldenTest : public ::testing::TestWithParam<Golden> {
 protected:
  void SetUp() override {
    std::filesystem::copy(std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden" / GetParam().folder, folder / "index",
                          std::filesystem::copy_options::recursive);
  }
  Result<std::unique_ptr<Index>> open(Index::Mode mode) {
    return Index::open(*files, folder / "index", test::identity_of(kDimensions), mode);
  }
  TemporaryFolder folder;
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const double tolerance = GetParam().tolerance;
};

INSTANTIATE_TEST_SUITE_P(Versions, GoldenTest,
                         ::testing::Values(Golden{"index-v1", kOldCodes}, Golden{"index-v2", test::kPlainCodes},
                                           Golden{"index-v2-fitted", kFittedCodes}),
                         [](const auto& golden) {
                           std::string name = golden.param.folder;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(GoldenTest, AnIndexOfAnOlderVersionIsReadAndSearched) {
  const auto index = open(Index::Mode::read);
  ASSERT_TRUE(index.ok()) << index.error().describe();
  test::expect_same(*(*index)->snapshot(), golden_model(), kDimensions, 1, tolerance);
  EXPECT_TRUE((*index)->check().ok());
  EXPECT_EQ((*index)->stats().segments, 1U);
  EXPECT_GT((*index)->stats().dead_passages, 0U);
}

TEST_P(GoldenTest, AWriterGoesOnWithItAndMergesItToThePresentVersion) {
  test::Model model = golden_model();
  {
    const auto index = open(Index::Mode::write);
    ASSERT_TRUE(index.ok()) << index.error().describe();
    model[ReferenceId{7}] = golden_document(7);
    ASSERT_TRUE((*index)->put(ReferenceId{7}, test::inputs(model[ReferenceId{7}])).ok());
    ASSERT_TRUE((*index)->remove(ReferenceId{2}).ok());
    model.erase(ReferenceId{2});
    ASSERT_TRUE((*index)->commit().ok());
    test::expect_same(*(*index)->snapshot(), model, kDimensions, 2, tolerance);
  }
  {
    const auto index = open(Index::Mode::write);  // a log with codes of both versions
    ASSERT_TRUE(index.ok()) << index.error().describe();
    test::expect_same(*(*index)->snapshot(), model, kDimensions, 3, tolerance);
    ASSERT_TRUE((*index)->compact().ok());
    test::expect_same(*(*index)->snapshot(), model, kDimensions, 4, tolerance);
    EXPECT_TRUE((*index)->check().ok());
  }
  const std::vector<std::string> names = files->list(folder / "index").value();
  for (const std::string& name : names)
    if (name.starts_with("segment-")) {
      const std::string bytes = files->read(folder / "index" / name, 1 << 20).value();
      EXPECT_EQ(bytes[bytes.size() - 16], char{kSegmentVersion}) << name;
    }
}

TEST_P(GoldenTest, AFlippedBitInAnOldSegmentIsFound) {
  std::string name;
  const std::vector<std::string> names = files->list(folder / "index").value();
  for (const std::string& one : names)
    if (one.starts_with("segment-")) name = one;
  const std::string good = files->read(folder / "index" / name, 1 << 20).value();
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    ASSERT_TRUE(files->replace(folder / "index" / name, std::as_bytes(std::span(bad))).ok());
    const auto index = open(Index::Mode::read);
    const Result<void> outcome = index.ok() ? (*index)->check() : Result<void>(index.error());
    ASSERT_FALSE(outcome.ok()) << at;
    EXPECT_TRUE(outcome.error().code == ErrorCode::corrupt || outcome.error().code == ErrorCode::invalid);
    EXPECT_NE(outcome.error().message.find(name), std::string::npos) << outcome.error().message;
  }
}

}  // namespace
}  // namespace renvoi::index
