// Invariants 1, 3 and 8 on the bytes of the files: damage is found, text is not there, the removed is gone.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "index/naive_index.h"
#include "index/salvage.h"
#include "io/temporary_folder.h"

namespace renvoi::index {
namespace {

using renvoi::test::TemporaryFolder;
using test::Model;

constexpr std::uint32_t kDimensions = 16;
// Small enough to come to a quantizer and to cells.
constexpr IndexOptions kOptions{.code_bytes = 18, .hot_bytes = 4, .fit_from = 4, .cells_from = 4};
constexpr double kCodes = 0.6;  // of a quantizer fitted to a handful of vectors

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// An index with a segment (some of it dead) and a log of several batches.
Model fill(io::FileSystem& files, const std::filesystem::path& folder) {
  auto index =
      std::move(Index::open(files, folder, test::identity_of(kDimensions), Index::Mode::write, kOptions)).value();
  std::mt19937_64 random(41);
  Model model;
  for (std::uint32_t i = 1; i <= 12; ++i) {
    if (i == 7) {
      EXPECT_TRUE(index->compact().ok());
    }
    const auto reference = static_cast<ReferenceId>(1 + i % 9);
    model[reference] = test::random_document(random, kDimensions, 2);
    EXPECT_TRUE(index->put(reference, test::inputs(model[reference])).ok());
    EXPECT_TRUE(index->commit().ok());
  }
  EXPECT_TRUE(index->remove(ReferenceId{2}).ok());
  EXPECT_TRUE(index->commit().ok());
  model.erase(ReferenceId{2});
  return model;
}

struct Answers {
  std::vector<Hit> words, nearest;
  std::vector<std::uint64_t> fingerprints;
  bool operator==(const Answers&) const = default;
};

Answers ask(const Snapshot& snapshot) {
  std::mt19937_64 random(3);
  Answers answers;
  std::vector<std::string> terms;
  for (int i = 1; i < 200; ++i) terms.push_back("t" + std::to_string(i));
  answers.words = snapshot.bm25(terms, 1'000);
  answers.nearest = snapshot.semantic(test::random_unit(random, kDimensions), 1'000);
  for (PassageNumber number = 0; number < snapshot.size(); ++number)
    answers.fingerprints.push_back(snapshot.record(number).fingerprint);
  return answers;
}

// Opening or checking tells of the damage, or there is none to tell of: every answer is right.
void expect_detected_or_harmless(io::FileSystem& files, const std::filesystem::path& folder, const Model& model,
                                 const Answers& answers, const std::string& file) {
  for (const Index::Mode mode : {Index::Mode::read, Index::Mode::write}) {
    auto index = Index::open(files, folder, test::identity_of(kDimensions), mode, kOptions);
    if (!index.ok()) {
      EXPECT_TRUE(index.error().code == ErrorCode::corrupt || index.error().code == ErrorCode::invalid)
          << index.error().describe();
      EXPECT_NE(index.error().message.find(file), std::string::npos) << index.error().message;
      continue;
    }
    // Without a check: every answer is to the bit what it was, or the snapshot tells that it is not.
    const Answers found = ask(*(*index)->snapshot());
    if (const Result<void> sound = (*index)->snapshot()->sound(); sound.ok()) {
      EXPECT_EQ(found, answers);
    } else {
      EXPECT_NE(sound.error().message.find(file), std::string::npos) << sound.error().message;
    }
    const Result<void> checked = (*index)->check();
    if (!checked.ok()) {
      EXPECT_EQ(checked.error().code, ErrorCode::corrupt);
      EXPECT_NE(checked.error().message.find(file), std::string::npos) << checked.error().message;
      continue;
    }
    test::expect_same(*(*index)->snapshot(), model, kDimensions, 1, kCodes);
  }
}

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model = fill(*files, folder / "good");
    answers = ask(*Index::open(*files, folder / "good", test::identity_of(kDimensions), Index::Mode::read, kOptions)
                       .value()
                       ->snapshot());
    ASSERT_GT(answers.words.size(), 5U);
  }
  // Every file with content, after `change` was made to a copy.
  template <typename Change>
  void for_damaged(const std::string& file, Change change) {
    const std::filesystem::path bad = folder / "bad";
    std::filesystem::remove_all(bad);
    std::filesystem::copy(folder / "good", bad);
    std::string bytes = read_file(bad / file);
    change(bytes);
    write_file(bad / file, bytes);
    expect_detected_or_harmless(*files, bad, model, answers, file);
  }
  std::vector<std::string> data_files() {
    std::vector<std::string> names = files->list(folder / "good").value();
    std::erase(names, "lock");
    EXPECT_EQ(names.size(), 4U);  // manifest, a segment, its quantizer, a log
    return names;
  }
  TemporaryFolder folder{TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> files = io::real_file_system();
  Model model;
  Answers answers;
};

TEST_F(DamageTest, AFlippedBitInAnyByteOfAnyFileIsFoundOrHarmless) {
  std::mt19937_64 random(51);
  for (const std::string& file : data_files()) {
    const std::size_t size = read_file(folder / "good" / file).size();
    for (std::size_t at = 0; at < size; ++at) {
      SCOPED_TRACE(file + " byte " + std::to_string(at) + " of " + std::to_string(size));
      for_damaged(file, [&](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8)); });
      if (HasFailure()) return;
    }
  }
}

TEST_F(DamageTest, AFileCutOrGrownOrFilledWithNoiseNeverCrashes) {
  std::mt19937_64 random(52);
  for (const std::string& file : data_files())
    for (int round = 0; round < 60; ++round) {
      const std::filesystem::path bad = folder / "bad";
      std::filesystem::remove_all(bad);
      std::filesystem::copy(folder / "good", bad);
      std::string bytes = read_file(bad / file);
      if (round % 3 == 0) bytes.resize(random() % bytes.size());
      if (round % 3 == 1) bytes += std::string(1 + random() % 100, static_cast<char>(random()));
      if (round % 3 == 2)
        for (int i = 0; i < 30; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      write_file(bad / file, bytes);
      auto index = Index::open(*files, bad, test::identity_of(kDimensions), Index::Mode::write, kOptions);
      if (index.ok()) (void)(*index)->check();
      // Only a log may lose something silently: its end, which looks like a write that never came to its end.
      if (index.ok() && !file.starts_with("log-"))
        test::expect_same(*(*index)->snapshot(), model, kDimensions, 1, kCodes);
    }
}

// Repair: what is sound stays and is right; with the quantizer go the segments whose codes it read.
TEST_F(DamageTest, WhatIsSoundIsSalvagedWhicheverFileIsDamaged) {
  for (const std::string& file : data_files()) {
    SCOPED_TRACE(file);
    const std::filesystem::path bad = folder / "bad";
    std::filesystem::remove_all(bad);
    std::filesystem::copy(folder / "good", bad);
    std::string bytes = read_file(bad / file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    write_file(bad / file, bytes);
    const Result<Salvage> salvage = examine(*files, bad, test::identity_of(kDimensions));
    ASSERT_TRUE(salvage.ok()) << salvage.error().describe();
    ASSERT_FALSE(salvage->losses.empty());
    EXPECT_EQ(salvage->losses[0].file, file);
    ASSERT_TRUE(apply(*files, bad, *salvage, bad / "damaged").ok());
    const auto again = examine(*files, bad, test::identity_of(kDimensions));
    ASSERT_TRUE(again.ok()) << again.error().describe();
    EXPECT_TRUE(again->losses.empty()) << again->losses[0].file;
    const auto index = Index::open(*files, bad, test::identity_of(kDimensions), Index::Mode::write, kOptions);
    ASSERT_TRUE(index.ok()) << index.error().describe();
    EXPECT_TRUE((*index)->check().ok());
    const auto snapshot = (*index)->snapshot();
    // The log is whole unless it is what was damaged; of the manifest nothing can be saved.
    EXPECT_EQ(snapshot->references().empty(), file == "manifest");
    for (const ReferenceId reference : snapshot->references()) {
      if (file.starts_with("log-")) continue;  // it may hold an older version, which the caller is told
      ASSERT_TRUE(model.contains(reference));
      EXPECT_EQ(snapshot->passages_of(reference).size(), model[reference].size());
    }
  }
}

TEST_F(DamageTest, AMissingFileIsNamed) {
  for (const std::string& file : data_files()) {
    const std::filesystem::path bad = folder / "bad";
    std::filesystem::remove_all(bad);
    std::filesystem::copy(folder / "good", bad);
    std::filesystem::remove(bad / file);
    const auto index = Index::open(*files, bad, test::identity_of(kDimensions), Index::Mode::write);
    ASSERT_FALSE(index.ok()) << file;
    EXPECT_EQ(index.error().code, ErrorCode::corrupt);
    EXPECT_NE(index.error().message.find(file), std::string::npos) << index.error().message;
  }
}

// Invariant 1: stems are stored, text is not. The words of a text in a row are in no file.
TEST(StoredBytes, NoFourConsecutiveWordsOfTheTextAreInAnyFile) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  auto index =
      std::move(Index::open(*files, folder / "index", test::identity_of(kDimensions), Index::Mode::write)).value();
  std::mt19937_64 random(61);
  std::vector<std::vector<std::string>> texts;
  for (std::uint32_t reference = 1; reference <= 40; ++reference) {
    std::vector<std::string> words;
    std::map<std::string, std::uint32_t> counts;
    for (int i = 0; i < 60; ++i) {
      std::string word;
      for (std::uint64_t length = 3 + random() % 6; length > 0; --length)
        word += static_cast<char>('a' + random() % 26);
      ++counts[word];
      words.push_back(std::move(word));
    }
    test::Document document(1);
    for (const auto& [word, count] : counts) document[0].terms.push_back({word, count});
    document[0].vector = test::random_unit(random, kDimensions);
    ASSERT_TRUE(index->put(static_cast<ReferenceId>(reference), test::inputs(document)).ok());
    ASSERT_TRUE(index->commit().ok());
    if (reference == 20) {
      ASSERT_TRUE(index->compact().ok());
    }
    texts.push_back(std::move(words));
  }
  const std::vector<std::string> names = files->list(folder / "index").value();
  for (const std::string& name : names) {
    std::string bytes = read_file(folder / "index" / name);
    // Whatever stands between the words: only letters are compared.
    std::erase_if(bytes, [](char c) { return c < 'a' || c > 'z'; });
    for (const std::vector<std::string>& words : texts)
      for (std::size_t i = 0; i + 4 <= words.size(); ++i)
        ASSERT_EQ(bytes.find(words[i] + words[i + 1] + words[i + 2] + words[i + 3]), std::string::npos) << name;
  }
}

// Invariant 3: after a merge, what was removed is in no file.
TEST(StoredBytes, WhatWasRemovedIsInNoFileAfterCompaction) {
  const TemporaryFolder folder(TemporaryFolder::On::memory);
  const auto files = io::real_file_system();
  auto index = std::move(Index::open(*files, folder / "index", test::identity_of(384), Index::Mode::write)).value();
  const Quantizers quantizers(test::identity_of(384).model_digest, 384);
  std::mt19937_64 random(62);
  test::Document removed;
  for (std::uint32_t reference = 1; reference <= 20; ++reference) {
    test::Document document(1);
    document[0].fingerprint = 0xABCDEF0123450000U + reference;
    document[0].vector = test::random_unit(random, 384);
    document[0].terms = {{"common", 1}, {"only-" + std::to_string(1'000 + reference) + "-here", 1}};
    ASSERT_TRUE(index->put(static_cast<ReferenceId>(reference), test::inputs(document)).ok());
    if (reference == 13) removed = document;
    if (reference % 5 == 0) {
      ASSERT_TRUE(index->commit().ok());
      ASSERT_TRUE(index->compact().ok());
    }
  }
  std::vector<std::byte> logged(quantizers.plain().quantizer.code_bytes());
  quantizers.plain().quantizer.encode(removed[0].vector, logged);
  std::vector<std::byte> code(quantizers.current().quantizer.code_bytes());
  Recoder(quantizers.plain().quantizer, quantizers.current().quantizer).recode(logged, code);
  // The bits that are not scanned stand together.
  const std::vector<std::string> traces = {std::string(reinterpret_cast<const char*>(code.data()) + 48, 16),
                                           std::string(reinterpret_cast<const char*>(&removed[0].fingerprint), 8),
                                           "1013"};
  const auto traces_found = [&] {
    std::size_t found = 0;
    const std::vector<std::string> names = files->list(folder / "index").value();
    for (const std::string& name : names) {
      const std::string bytes = read_file(folder / "index" / name);
      for (const std::string& trace : traces) found += bytes.find(trace) != std::string::npos ? 1 : 0;
    }
    return found;
  };
  EXPECT_GE(traces_found(), 2U);  // the test can find what is there (a suffix may be shared with its neighbour)
  ASSERT_TRUE(index->remove(ReferenceId{13}).ok());
  ASSERT_TRUE(index->commit().ok());
  EXPECT_TRUE(index->snapshot()->passages_of(ReferenceId{13}).empty());
  ASSERT_TRUE(index->compact().ok());
  EXPECT_EQ(traces_found(), 0U);
  EXPECT_EQ(index->snapshot()->document_frequency("only-1013-here"), 0U);
  EXPECT_EQ(index->snapshot()->document_frequency("common"), 19U);
}

}  // namespace
}  // namespace renvoi::index
