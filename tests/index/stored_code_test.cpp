// What is put with the code it had is the same to the bit, whatever is merged, fitted, reopened or edited in between.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "../io/temporary_folder.h"
#include "index/batch.h"
#include "index/log.h"
#include "index/passage_fingerprint.h"
#include "naive_index.h"

namespace renvoi::index {
namespace {

using renvoi::test::TemporaryFolder;
using test::Document;

constexpr std::uint32_t kDimensions = 24;

Document document_of(std::mt19937_64& random, std::size_t passages) {
  Document document;
  while (document.size() < passages)
    for (test::OwnedPassage& passage : test::random_document(random, kDimensions)) document.push_back(passage);
  document.resize(passages);
  for (std::uint32_t i = 0; i < document.size(); ++i) document[i].ordinal = i;
  return document;
}

class StoredCodeTest : public ::testing::Test {
 protected:
  void open(Index::Mode mode = Index::Mode::write) {
    index.reset();
    auto opened = Index::open(*files, folder / "index", test::identity_of(kDimensions), mode, options);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    index = std::move(opened).value();
  }
  void put(std::uint32_t reference, const std::vector<PassageInput>& passages) {
    const Result<void> done = index->put(static_cast<ReferenceId>(reference), passages);
    ASSERT_TRUE(done.ok()) << done.error().describe();
  }
  void commit() { ASSERT_TRUE(index->commit().ok()); }
  std::vector<StoredCode> codes(std::uint32_t reference) {
    return test::codes_of(*index->snapshot(), static_cast<ReferenceId>(reference));
  }
  // The passage in the middle of reference 1 changes; the rest keep their codes, wherever these are.
  void change_the_middle() {
    const std::vector<StoredCode> before = codes(1);
    test::Edited edited{page, {}};
    for (std::size_t i = 0; i < page.size(); ++i) edited.was.emplace_back(i);
    edited.was[page.size() / 2].reset();
    edited.document[page.size() / 2].vector = test::random_unit(random, kDimensions);
    put(1, test::inputs(edited, before));
    commit();
    page = edited.document;
    const std::vector<StoredCode> after = codes(1);
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < page.size(); ++i)
      EXPECT_EQ(after[i] == before[i], i != page.size() / 2) << "passage " << i;
  }
  TemporaryFolder folder;
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  IndexOptions options;
  std::mt19937_64 random{7};
  Document page = document_of(random, 9);
  std::unique_ptr<Index> index;
};

TEST_F(StoredCodeTest, InTheLogInSegmentsAndWithAQuantizerOfItsOwn) {
  options = {.code_bytes = 22, .hot_bytes = 6, .fit_from = 200, .cells_from = 150};
  open();
  put(1, test::inputs(page));
  commit();
  ASSERT_NO_FATAL_FAILURE(change_the_middle());  // eight bits, in the log
  ASSERT_TRUE(index->compact().ok());
  const std::vector<StoredCode> small = codes(1);
  ASSERT_NO_FATAL_FAILURE(change_the_middle());  // six, in a segment
  EXPECT_EQ(codes(1)[0], small[0]);
  ASSERT_NO_FATAL_FAILURE(change_the_middle());  // six, in the log
  open();
  EXPECT_EQ(codes(1)[0], small[0]);
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(codes(1)[0], small[0]);
  for (std::uint32_t i = 2; i <= 40; ++i) put(i, test::inputs(document_of(random, 6)));
  commit();
  ASSERT_TRUE(index->compact().ok());
  const std::vector<StoredCode> fitted = codes(1);
  ASSERT_NE(fitted[0].quantizer, small[0].quantizer);
  for (int edit = 0; edit < 5; ++edit) {  // in a cell of a segment, then in the log, beside codes of eight bits
    ASSERT_NO_FATAL_FAILURE(change_the_middle());
    put(100, test::inputs(document_of(random, 3)));
    commit();
    if (edit == 1) open();
    if (edit == 3) {
      ASSERT_TRUE(index->compact().ok());
    }
    EXPECT_EQ(codes(1)[0], fitted[0]);
  }
  open();
  EXPECT_EQ(codes(1)[0], fitted[0]);
  EXPECT_TRUE(index->check().ok());
}

// The log is replayed over whatever a merge has made of the segments: the code must be in the log itself.
TEST_F(StoredCodeTest, SurvivesTheSegmentItCameFrom) {
  options.background = false;
  options.flush_log_bytes = 1;
  open();
  put(1, test::inputs(page));
  put(2, test::inputs(document_of(random, 4)));
  commit();
  ASSERT_EQ(index->stats().segments, 1U);
  const std::vector<StoredCode> before = codes(1);
  options.flush_log_bytes = 8U << 20;
  open();
  ASSERT_NO_FATAL_FAILURE(change_the_middle());
  for (const std::string& name : files->list(folder / "index").value())  // as after a merge that dropped the dead
    if (name.starts_with("log-")) std::filesystem::copy(folder / "index" / name, folder / "log");
  ASSERT_TRUE(index->remove(ReferenceId{1}).ok());
  commit();
  ASSERT_TRUE(index->compact().ok());
  ASSERT_TRUE(codes(1).empty());
  const std::string bytes = files->read(folder / "log", 1 << 20).value();
  std::uint64_t number = 0;  // of the log that the copy was
  std::memcpy(&number, bytes.data() + 16, 8);
  const Result<LogContent> content = read_log(bytes, "copy", number, 1);
  ASSERT_TRUE(content.ok()) << content.error().describe();
  ASSERT_EQ(content->batches.size(), 1U);
  const Quantizers quantizers(test::identity_of(kDimensions).model_digest, kDimensions);
  Changes changes;
  ASSERT_TRUE(read_batch(content->batches[0], quantizers, changes).ok());
  const PutBody& body = changes.at(ReferenceId{1});
  EXPECT_EQ(body.quantizer->digest, before[0].quantizer);
  EXPECT_NE(body.bytes.find(std::string(reinterpret_cast<const char*>(before[0].bytes.data()), before[0].bytes.size())),
            std::string_view::npos);
}

TEST_F(StoredCodeTest, WhatCannotBeKeptIsRefusedAndNothingIsWritten) {
  open();
  put(1, test::inputs(page));
  put(2, test::inputs(document_of(random, 2)));
  commit();
  ASSERT_TRUE(index->compact().ok());
  const std::vector<StoredCode> small = codes(1);
  put(3, test::inputs(page));
  commit();
  const std::vector<StoredCode> plain = codes(3);
  ASSERT_NE(plain[0].quantizer, small[0].quantizer);
  const auto outcome = [&](const StoredCode& first, const StoredCode& second) {
    std::vector<PassageInput> passages = test::inputs(page);
    passages.resize(2);
    for (PassageInput& passage : passages) passage.vector = {};
    passages[0].code = &first;
    passages[1].code = &second;
    const Result<void> done = index->put(ReferenceId{1}, passages);
    return done.ok() ? std::optional<ErrorCode>() : done.error().code;
  };
  EXPECT_EQ(outcome(small[0], small[1]), std::nullopt);
  index->rollback();
  EXPECT_EQ(outcome(small[0], plain[1]), ErrorCode::invalid);
  StoredCode other = small[1];
  other.bytes.pop_back();
  EXPECT_EQ(outcome(small[0], other), ErrorCode::invalid);
  other.quantizer = "00";
  EXPECT_EQ(outcome(other, other), ErrorCode::conflict);
  std::vector<PassageInput> both = test::inputs(page);
  both[0].code = &small[0];
  EXPECT_EQ(index->put(ReferenceId{1}, both).error().code, ErrorCode::invalid);
  commit();
  EXPECT_EQ(codes(1), small);
  EXPECT_EQ(index->snapshot()->code(1'000).error().code, ErrorCode::not_found);
}

TEST_F(StoredCodeTest, ABatchWithCodesOfAQuantizerThatIsNotThereIsDamaged) {
  const Quantizers here("00aa11bb", kDimensions);
  Quantizers more = here;
  more.add(NamedQuantizer::of(Quantizer::plain("00aa11bb", kDimensions, 3)));
  const NamedQuantizer& third = more.current();
  StoredCode code{third.digest, std::vector<std::byte>(third.quantizer.code_bytes())};
  third.quantizer.encode(page[0].vector, code.bytes);
  std::vector<PassageInput> one = {test::inputs(page)[0]};
  one[0].vector = {};
  one[0].code = &code;
  std::string batch;
  ASSERT_TRUE(append_put(batch, more, ReferenceId{1}, one).ok());
  Changes changes;
  ASSERT_TRUE(read_batch(batch, more, changes).ok());
  EXPECT_EQ(read_batch(batch, here, changes).error().code, ErrorCode::corrupt);
  for (std::size_t size = 1; size < batch.size(); ++size)
    EXPECT_FALSE(read_batch(std::string(batch, 0, size), more, changes).ok()) << size;
}

// A log of version 1 is read, and a writer begins it anew before it can hold what that version does not know.
TEST_F(StoredCodeTest, AnOldLogIsBegunAnewWithAllItHolds) {
  const auto golden = std::filesystem::path(TEST_SOURCE_DIR) / "tests/golden/index-v2";
  std::filesystem::copy(golden, folder / "index", std::filesystem::copy_options::recursive);
  const auto log_versions = [&] {
    std::vector<int> versions;
    for (const std::string& name : files->list(folder / "index").value())
      if (name.starts_with("log-")) versions.push_back(files->read(folder / "index" / name, 1 << 20).value()[8]);
    return versions;
  };
  ASSERT_EQ(log_versions(), std::vector<int>{1});
  std::vector<std::vector<StoredCode>> before;
  open(Index::Mode::read);
  for (std::uint32_t reference = 1; reference <= 6; ++reference) before.push_back(codes(reference));
  EXPECT_EQ(log_versions(), std::vector<int>{1});
  open();
  EXPECT_EQ(log_versions(), std::vector<int>{2});
  for (std::uint32_t reference = 1; reference <= 6; ++reference) EXPECT_EQ(codes(reference), before[reference - 1]);
  put(7, test::inputs(page));
  commit();
  open();
  EXPECT_EQ(codes(7).size(), page.size());
  EXPECT_EQ(codes(1), before[0]);
}

TEST(PassageFingerprint, TellsTextAndHeadingsApart) {
  const std::uint64_t text = fingerprint("a text"), other = fingerprint("another");
  const std::uint64_t passage = passage_fingerprint(text, "Title > Chapter");
  EXPECT_TRUE(has_text(passage, text));
  EXPECT_FALSE(has_text(passage, other));
  EXPECT_TRUE(has_text(text, text));  // as it was stored until version 2 of the log
  EXPECT_NE(passage, passage_fingerprint(text, "Title > Another"));
  EXPECT_NE(passage, passage_fingerprint(other, "Title > Chapter"));
  EXPECT_NE(passage_fingerprint(text, ""), text);
  EXPECT_EQ(passage, passage_fingerprint(text, "Title > Chapter"));
}

}  // namespace
}  // namespace renvoi::index
