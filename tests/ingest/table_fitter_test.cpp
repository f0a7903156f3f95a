// The table is fitted to what was encoded, published where it is better, and holds nothing of what is gone.
#include "ingest/table_fitter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>

#include "index/naive_index.h"
#include "io/faulty_file_system.h"
#include "io/temporary_folder.h"
#include "model/table_support.h"

namespace renvoi::ingest {
namespace {

using model::RandomTable;

constexpr std::uint32_t kDimensions = 16;
constexpr std::uint32_t kTokens = 200;
const index::Identity kFull{RandomTable::digest, kDimensions, 1};

void make_unit(std::vector<float>& row) {
  double square = 0;
  for (const float x : row) square += static_cast<double>(x) * static_cast<double>(x);
  for (float& x : row) x = static_cast<float>(x / std::sqrt(square));
}

// An encoder whose vectors are sums of rows that the base table does not know: a fit can find them.
struct HiddenEncoder {
  explicit HiddenEncoder(bool learnable) : learnable_(learnable), rows(kTokens, kDimensions, 77) {}
  std::vector<float> vector(const std::vector<std::uint32_t>& tokens, std::uint64_t seed) const {
    std::mt19937_64 noise(seed);
    std::vector<float> sum = model::random_numbers(kDimensions, noise);
    for (float& x : sum) x *= learnable_ ? 0.2F : 1;
    if (learnable_)
      for (const std::uint32_t token : tokens)
        for (std::size_t d = 0; d < kDimensions; ++d) sum[d] += rows.row(token)[d];
    make_unit(sum);
    return sum;
  }
  bool learnable_;
  RandomTable rows;
};

struct World {
  explicit World(bool learnable = true) : encoder(learnable) {
    const std::string bytes = RandomTable(kTokens, kDimensions, 1).bytes();
    EXPECT_TRUE(real->replace(folder / "base", std::as_bytes(std::span(bytes))).ok());
    open();
  }
  void open() {
    fitter.reset();
    collection.reset();
    tables = std::make_shared<search::CollectionTables>(files, folder / "base", folder / "c" / "fitted", kFull,
                                                        std::make_shared<model::NumberTokenizer>(),
                                                        std::chrono::milliseconds(0));
    auto opened = search::Collection::open(files, clock, folder / "c", kFull, search::Collection::Mode::write, tables);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    collection = std::move(opened).value();
    fitter = std::make_unique<TableFitter>(files, *collection, *tables, options);
  }
  // A document of one passage: put, and told to the fitter.
  ReferenceId encode(std::uint64_t number) {
    catalog::Source source;
    source.kind = catalog::SourceKind::site;
    source.address = "https://a.org/";
    catalog::Reference reference;
    reference.source = collection->catalog().add_source(source).value().id;
    reference.address = "https://a.org/" + std::to_string(number);
    reference.fingerprint = number;
    reference = collection->catalog().add_reference(reference, clock.now()).value();
    std::mt19937_64 random(number);
    std::vector<std::uint32_t> tokens(8);
    std::string text;
    for (std::uint32_t& token : tokens) {
      token = static_cast<std::uint32_t>(random() % kTokens);
      text += std::to_string(token) + " ";
    }
    const std::vector<float> vector = encoder.vector(tokens, number);
    const std::uint64_t fingerprint = number;
    const std::vector<text::TermCount> terms{{"term", 1}};
    const std::vector<index::PassageInput> passages{{0, {0, 1}, fingerprint, terms, vector}};
    const search::Collection::DocumentWrite write{reference, passages, "added"};
    const Result<void> written = collection->put({&write, 1});
    EXPECT_TRUE(written.ok()) << written.error().describe();
    fitter->encoded(reference.id, {&text, 1}, {&fingerprint, 1}, {kDimensions, vector}, 0);
    return reference.id;
  }
  Result<void> settle() { return fitter->settle(TableFitter::Wait::yes); }
  std::filesystem::path sample_file() const { return folder / "c" / "fitted" / "sample"; }

  test::TemporaryFolder folder{test::TemporaryFolder::On::memory};
  std::unique_ptr<io::FileSystem> real = io::real_file_system();
  io::FaultyFileSystem files{*real};
  ManualClock clock{1'000};
  HiddenEncoder encoder;
  FitterOptions options{.steps = {150, 400}, .least_passages = 100, .save_every = 64};
  std::shared_ptr<search::CollectionTables> tables;
  std::unique_ptr<search::Collection> collection;
  std::unique_ptr<TableFitter> fitter;
};

TEST(TableFitter, PublishesATableThatIsNearerToTheEncoderAndItsGenerationsGrow) {
  World world;
  for (std::uint64_t number = 1; number <= 99; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  EXPECT_EQ(world.tables->fitted(), nullptr);  // too few
  world.encode(100);
  ASSERT_TRUE(world.settle().ok());
  const auto first = world.tables->fitted();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->passages(), 100U);
  EXPECT_GT(first->score(), first->score_before() + 0.2F);
  EXPECT_TRUE(world.fitter->status().published);
  // Less than a tenth is new: nothing is done.
  for (std::uint64_t number = 101; number <= 105; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  EXPECT_EQ(world.tables->fitted()->generation(), first->generation());
  for (std::uint64_t number = 106; number <= 140; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  EXPECT_GT(world.tables->fitted()->generation(), first->generation());
  EXPECT_EQ(world.tables->fitted()->passages(), 140U);
  // The first tier was empty: the next documents begin it with the newest, and the older one is gone.
  EXPECT_TRUE(world.collection->first_tier_table().value()->held_out_cosine.has_value());
  EXPECT_EQ(world.real->list(world.folder / "c" / "fitted")->size(), 2U);
}

TEST(TableFitter, FitsAtAStepWhileEncodingGoesOn) {
  World world;
  for (std::uint64_t number = 1; number <= 150; ++number) world.encode(number);
  for (int i = 0; i < 2'000 && world.tables->fitted() == nullptr; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_NE(world.tables->fitted(), nullptr);
  EXPECT_EQ(world.tables->fitted()->passages(), 150U);
}

TEST(TableFitter, DoesNotPublishWhatIsNoBetter) {
  World world(false);  // noise: held-out passages say that nothing was learnt
  for (std::uint64_t number = 1; number <= 140; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  const TableFitter::Status status = world.fitter->status();
  ASSERT_TRUE(status.last.has_value());
  EXPECT_EQ(status.published, status.last->better());
  EXPECT_EQ(world.tables->fitted() != nullptr, status.last->better());
  EXPECT_LT(status.last->score, 0.4);
}

// Invariant 3: what has left the index leaves the sample's file, too.
TEST(TableFitter, TheSampleHoldsNothingOfWhatIsGone) {
  World world;
  std::vector<ReferenceId> all;
  for (std::uint64_t number = 1; number <= 120; ++number) all.push_back(world.encode(number));
  ASSERT_TRUE(world.settle().ok());
  ASSERT_NE(world.tables->fitted(), nullptr);
  catalog::Reference gone = world.collection->catalog().reference(all[5]).value();
  gone.state = catalog::ReferenceState::gone;
  ASSERT_TRUE(world.collection->update_state(gone, "GONE").ok());
  ASSERT_TRUE(world.collection->remove_reference(all[6], "asked").ok());
  ASSERT_TRUE(world.fitter->forget_missing().ok());
  const auto sample =
      FitSample::read(world.real->read(world.sample_file(), 1U << 24).value(), kDimensions, kFull.model_digest);
  ASSERT_TRUE(sample.ok()) << sample.error().describe();
  EXPECT_EQ(sample->size(), 118U);
  EXPECT_EQ(sample->changes(), 2U);
  for (const std::uint64_t key : sample->passages().keys) EXPECT_TRUE(key != 6 && key != 7);
}

TEST(TableFitter, GoesOnWithTheSampleOfTheRunBeforeAndBeginsADamagedOneAnew) {
  World world;
  for (std::uint64_t number = 1; number <= 80; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  world.open();
  for (std::uint64_t number = 81; number <= 120; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  EXPECT_EQ(world.fitter->status().sampled, 120U);
  ASSERT_NE(world.tables->fitted(), nullptr);
  std::string bytes = model::read_bytes(world.sample_file());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(world.real->replace(world.sample_file(), std::as_bytes(std::span(bytes))).ok());
  EXPECT_FALSE(search::check_fitted_file(*world.real, world.sample_file()).ok());
  world.open();
  world.encode(200);
  EXPECT_EQ(world.fitter->status().sampled, 1U);
  EXPECT_NE(world.fitter->status().problem, "");
  ASSERT_TRUE(world.settle().ok());
  EXPECT_NE(world.tables->fitted(), nullptr);  // the table serves on
  EXPECT_TRUE(search::check_fitted_file(*world.real, world.sample_file()).ok());
}

// Over a base table that was made anew the sample is fitted again, without a document being read.
TEST(TableFitter, FitsOverANewBaseTable) {
  World world;
  for (std::uint64_t number = 1; number <= 120; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  const auto before = world.tables->fitted();
  ASSERT_NE(before, nullptr);
  const std::string bytes = RandomTable(kTokens, kDimensions, 2).bytes();
  ASSERT_TRUE(world.real->replace(world.folder / "base", std::as_bytes(std::span(bytes))).ok());
  EXPECT_EQ(world.tables->fitted(), nullptr);
  world.fitter->tend();
  ASSERT_TRUE(world.settle().ok());
  ASSERT_NE(world.tables->fitted(), nullptr);
  EXPECT_NE(world.tables->fitted()->checksum(), before->checksum());
}

// A disk that is full, or fails, costs the table and not the ingest: every document is in the index all the same.
TEST(TableFitter, ADiskThatFailsIsToldAndLosesNothing) {
  for (std::uint64_t at = 1; at <= 6; ++at) {
    World world;
    for (std::uint64_t number = 1; number <= 60; ++number) world.encode(number);
    for (std::uint64_t number = 61; number <= 110; ++number) world.encode(number);
    world.files.set_plan({.at_operation = world.files.operations() + at, .code = ErrorCode::exhausted});
    const bool settled = world.settle().ok();
    world.files.set_plan({});
    EXPECT_EQ(world.collection->snapshots().full->size(), 110U);
    ASSERT_TRUE(world.settle().ok());
    world.open();
    EXPECT_EQ(world.collection->snapshots().full->size(), 110U);
    world.encode(300);
    EXPECT_GE(world.fitter->status().sampled, settled ? 111U : 65U);
  }
}

TEST(TableFitter, ASampleOfTheModelThatTheCollectionHadBeforeIsRemovedWithoutATrouble) {
  World world;
  for (std::uint64_t number = 1; number <= 100; ++number) world.encode(number);
  FitSample other(kDimensions, "00cc", 10);
  other.take(ReferenceId{1}, 1, {{3, 1}}, std::vector<float>(kDimensions, 0.25F));
  const std::string bytes = other.bytes();
  world.fitter.reset();
  ASSERT_TRUE(world.real->create_folders(world.sample_file().parent_path()).ok());
  ASSERT_TRUE(world.real->replace(world.sample_file(), std::as_bytes(std::span(bytes))).ok());
  world.open();
  ASSERT_TRUE(world.fitter->forget_missing().ok());
  EXPECT_FALSE(world.real->exists(world.sample_file()));
  EXPECT_EQ(world.fitter->status().problem, "");
  EXPECT_EQ(world.fitter->status().sampled, 0U);
}

TEST(TableFitter, AsleepItSamplesAndWritesNothingUntilItIsAwake) {
  World world;
  for (std::uint64_t number = 1; number <= 120; ++number) world.encode(number);
  ASSERT_TRUE(world.fitter->forget_missing().ok());
  const std::string before = world.real->read(world.sample_file(), 1 << 24).value();
  world.options.asleep = true;
  ASSERT_NO_FATAL_FAILURE(world.open());
  for (std::uint64_t number = 201; number <= 400; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  world.fitter->tend();
  EXPECT_EQ(world.tables->fitted(), nullptr);
  EXPECT_EQ(world.real->read(world.sample_file(), 1 << 24).value(), before);
  EXPECT_EQ(world.fitter->status().sampled, 200U);
  // Awake, what it sampled counts, and nothing of what was in the file.
  world.fitter->wake();
  ASSERT_TRUE(world.settle().ok());
  EXPECT_EQ(world.fitter->status().sampled, 200U);
  ASSERT_NE(world.tables->fitted(), nullptr);
  EXPECT_EQ(world.tables->fitted()->passages(), 200U);
  EXPECT_NE(world.real->read(world.sample_file(), 1 << 24).value(), before);
}

TEST(TableFitter, RetiredItWritesNothingMore) {
  World world;
  for (std::uint64_t number = 1; number <= 120; ++number) world.encode(number);
  ASSERT_TRUE(world.fitter->forget_missing().ok());
  ASSERT_TRUE(world.real->exists(world.sample_file()));
  ASSERT_TRUE(world.fitter->settle(TableFitter::Wait::no).ok());  // perhaps in the middle of a fit
  world.fitter->retire();
  const auto names = world.real->list(world.sample_file().parent_path()).value();
  const std::string sample = world.real->read(world.sample_file(), 1 << 24).value();
  const auto fitted = world.tables->fitted();
  EXPECT_FALSE(world.fitter->status().fitting);
  for (std::uint64_t number = 121; number <= 400; ++number) world.encode(number);
  ASSERT_TRUE(world.settle().ok());
  world.fitter->tend();
  EXPECT_EQ(world.real->list(world.sample_file().parent_path()).value(), names);
  EXPECT_EQ(world.real->read(world.sample_file(), 1 << 24).value(), sample);
  EXPECT_EQ(world.tables->fitted(), fitted);
}

}  // namespace
}  // namespace renvoi::ingest
