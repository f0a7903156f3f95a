#include "model/distil.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "io/faulty_file_system.h"
#include "model/distil_encoder.h"
#include "model/distil_vocabulary.h"
#include "model/llama_handles.h"
#include "model/static_table.h"
#include "model/support.h"
#include "model/table_support.h"

namespace renvoi::model {
namespace {

// The vector of a sequence is drawn at random, by its tokens.
class FakeEncoder final : public SequenceEncoder {
 public:
  explicit FakeEncoder(std::uint32_t tokens, std::uint32_t dimensions = 5) : dimensions_(dimensions) {
    std::mt19937_64 random(99);
    vocabulary_.begin = {0};
    vocabulary_.end = {1};
    vocabulary_.probability.assign(tokens, 0);
    double sum = 0;
    for (std::uint32_t i = 2; i < tokens; ++i) {
      if (random() % 10 != 0) vocabulary_.probability[i] = 1.0 / (i + 1);
      sum += vocabulary_.probability[i];
    }
    for (double& p : vocabulary_.probability) p /= sum;
  }
  std::uint32_t dimensions() const override { return dimensions_; }
  const std::string& digest() const override { return digest_; }
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  const TokenSequence& passage_prefix() const override { return prefix_; }
  std::uint32_t window_tokens() const override { return window; }
  Result<void> encode(std::span<const TokenSequence> sequences, std::span<float> rows,
                      const std::stop_token& stop) override {
    if (stop.stop_requested()) return Error{ErrorCode::unavailable, "stopped"};
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto row = vector(sequences[i]);
      std::copy(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(i * dimensions_));
      ++encoded;
    }
    return {};
  }
  std::vector<float> vector(const TokenSequence& sequence) const {
    std::uint64_t seed = 0;
    for (const auto token : sequence) seed = seed * 1'000'003 + static_cast<std::uint64_t>(token);
    std::mt19937_64 random(seed);
    auto row = random_numbers(dimensions_, random);
    double square = 0;
    for (const float x : row) square += static_cast<double>(x) * x;
    for (float& x : row) x = static_cast<float>(x / std::sqrt(square));
    return row;
  }
  std::uint32_t window = 64;
  std::size_t encoded = 0;

 private:
  std::uint32_t dimensions_;
  Vocabulary vocabulary_;
  TokenSequence prefix_ = {2, 3};
  std::string digest_ = RandomTable::digest;
};

class Distil : public testing::Test {
 protected:
  std::filesystem::path table() const { return folder_ / "model.table"; }
  std::filesystem::path unfinished() const { return folder_ / "model.table.unfinished"; }
  // What an undisturbed distillation gives.
  std::string expected_bytes(std::uint32_t tokens) {
    FakeEncoder encoder(tokens);
    const auto report = distil(encoder, folder_ / "undisturbed", *files_, options_);
    EXPECT_TRUE(report) << report.error().describe();
    return read_bytes(folder_ / "undisturbed");
  }
  TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::real_file_system();
  DistilOptions options_ = [] {
    DistilOptions options;
    options.calibration.passages = 50;
    return options;
  }();
};

TEST_F(Distil, RowsAreTheTokensVectorsLessTheirMeanAndWeightsFollowTheirFrequency) {
  FakeEncoder encoder(5'000);
  const auto report = distil(encoder, table(), *files_, options_);
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_FALSE(files_->exists(unfinished()));
  const auto made = StaticTable::open(*files_, table(), RandomTable::digest);
  ASSERT_TRUE(made) << made.error().describe();
  const auto& probability = encoder.vocabulary().probability;
  std::vector<double> mean(5);
  std::uint32_t encoded = 0;
  for (std::int32_t token = 0; token < 5'000; ++token) {
    if (probability[token] == 0) continue;
    ++encoded;
    const auto vector = encoder.vector({0, token, 1});
    for (int d = 0; d < 5; ++d) mean[d] += probability[token] * vector[d];
  }
  EXPECT_EQ(report->encoded, encoded);
  EXPECT_EQ(report->entries, 5'000U);
  for (std::int32_t token = 0; token < 5'000; ++token) {
    std::vector<float> row(5);
    ASSERT_TRUE((*made)->add_row(static_cast<std::uint32_t>(token), 1, row));
    if (probability[token] == 0) {
      EXPECT_EQ((*made)->weight(token), 0);
      EXPECT_EQ(row, std::vector<float>(5));
      continue;
    }
    EXPECT_NEAR((*made)->weight(token), 3e-5 / (3e-5 + probability[token]), 1e-6);
    const auto vector = encoder.vector({0, token, 1});
    for (int d = 0; d < 5; ++d) ASSERT_NEAR(row[d], vector[d] - mean[d], .008) << token;
  }
}

TEST_F(Distil, GoesOnWhereItWasStoppedWithTheSameResult) {
  const std::string expected = expected_bytes(15'000);
  for (std::uint32_t stop_at = 1; stop_at <= 4; ++stop_at) {
    std::stop_source stop;
    FakeEncoder first(15'000);
    std::uint32_t windows = 0;
    std::uint32_t seen = 0;
    const auto stopped = distil(
        first, table(), *files_, options_,
        [&](std::uint32_t done, std::uint32_t) {
          seen = done;
          if (++windows == stop_at) stop.request_stop();
        },
        stop.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(files_->exists(table()));
    FakeEncoder second(15'000);
    const auto report = distil(second, table(), *files_, options_);
    ASSERT_TRUE(report) << report.error().describe();
    EXPECT_EQ(report->resumed, seen);
    EXPECT_EQ(second.encoded, report->encoded - seen + 50) << "nothing is encoded twice but the pseudo-passages";
    EXPECT_EQ(read_bytes(table()), expected) << "stopped after window " << stop_at;
    ASSERT_TRUE(files_->remove(table()));
  }
}

TEST_F(Distil, EncodesAgainWhatIsDamagedAndWhatIsOfAnotherModel) {
  const std::string expected = expected_bytes(10'000);
  std::mt19937_64 random(4);
  for (int round = 0; round < 30; ++round) {
    std::stop_source stop;
    FakeEncoder first(10'000);
    std::uint32_t windows = 0;
    ASSERT_FALSE(distil(
        first, table(), *files_, options_,
        [&](std::uint32_t, std::uint32_t) {
          if (++windows == 2) stop.request_stop();
        },
        stop.get_token()));
    std::string bytes = read_bytes(unfinished());
    if (round % 2 == 0) {
      const std::size_t at = round == 0 ? 30 : random() % bytes.size();  // 30: the model's digest
      bytes[at] = static_cast<char>(bytes[at] ^ 16);
    } else {
      bytes.resize(round == 1 ? 0 : random() % bytes.size());
    }
    write_bytes(unfinished(), bytes);
    FakeEncoder second(10'000);
    const auto report = distil(second, table(), *files_, options_);
    ASSERT_TRUE(report) << report.error().describe();
    EXPECT_LT(report->resumed, 2 * 4'096U);
    EXPECT_EQ(read_bytes(table()), expected) << round;
  }
}

TEST_F(Distil, LosesNoMoreThanAWindowWhateverTheDiskDoes) {
  const std::string expected = expected_bytes(9'000);
  const std::string old = "the table before";
  for (const auto fault : {io::Fault::error_before, io::Fault::error_after, io::Fault::crash_after})
    for (std::uint64_t operation = 1;; ++operation) {
      (void)files_->remove(unfinished());
      write_bytes(table(), old);
      io::FaultyFileSystem faulty(*files_, {operation, fault, ErrorCode::exhausted});
      FakeEncoder encoder(9'000);
      const auto report = distil(encoder, table(), faulty, options_);
      if (report && faulty.operations() < operation) break;  // it ended before the fault
      const std::string now = read_bytes(table());
      EXPECT_TRUE(now == old || now == expected) << "operation " << operation;
      FakeEncoder again(9'000);
      ASSERT_TRUE(distil(again, table(), *files_, options_)) << "operation " << operation;
      EXPECT_EQ(read_bytes(table()), expected) << "operation " << operation;
    }
}

TEST_F(Distil, RefusesOptionsThatMakeNoSense) {
  FakeEncoder encoder(100);
  for (const double smoothing : {0.0, -1.0, std::nan("")}) {
    DistilOptions options;
    options.smoothing = smoothing;
    EXPECT_EQ(distil(encoder, table(), *files_, options).error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(distil(smollm_gguf, table(), *files_).error().code, ErrorCode::invalid) << "not an embedding model";
}

// --- frequencies -----------------------------------------------------------------------------------------------------

TEST(UnigramProbabilities, AreTheScoresOfAUnigramTokenizerOverTheTokensOfText) {
  const std::vector<float> scores = {0, std::log(.3F), std::log(.1F), 0, std::log(.2F)};
  const auto p = unigram_probabilities(scores, {false, true, true, true, true}, true);
  ASSERT_TRUE(p);
  EXPECT_EQ((*p)[0], 0);
  // The fourth was added by hand: as rare as the rarest.
  const double sum = .3 + .1 + .1 + .2;
  EXPECT_NEAR((*p)[1], .3 / sum, 1e-7);
  EXPECT_NEAR((*p)[2], .1 / sum, 1e-7);
  EXPECT_NEAR((*p)[3], .1 / sum, 1e-7);
  EXPECT_NEAR((*p)[4], .2 / sum, 1e-7);
}

TEST(UnigramProbabilities, FallWithTheRankWhereThereAreNoScores) {
  const auto p = unigram_probabilities(std::vector<float>(6), {false, true, true, false, true, true}, false);
  ASSERT_TRUE(p);
  EXPECT_EQ((*p)[0], 0);
  EXPECT_EQ((*p)[3], 0);
  EXPECT_NEAR((*p)[1] / (*p)[2], 4.7 / 3.7, 1e-9);
  EXPECT_NEAR((*p)[1] / (*p)[5], 6.7 / 3.7, 1e-9);
  EXPECT_NEAR((*p)[1] + (*p)[2] + (*p)[4] + (*p)[5], 1, 1e-12);
  EXPECT_EQ(unigram_probabilities({1, 2}, {false, false}, true).error().code, ErrorCode::invalid);
}

// --- pseudo-passages
// ---------------------------------------------------------------------------------------------------

TEST(PseudoPassages, AreTokensOfTextInTheFormAndWindowOfTheEncoder) {
  FakeEncoder encoder(1'000);
  const auto passages = pseudo_passages(encoder, {.passages = 300, .min_tokens = 20, .max_tokens = 200, .seed = 5});
  ASSERT_EQ(passages.size(), 300U);
  EXPECT_EQ(passages, pseudo_passages(encoder, {.passages = 300, .min_tokens = 20, .max_tokens = 200, .seed = 5}));
  EXPECT_NE(passages, pseudo_passages(encoder, {.passages = 300, .min_tokens = 20, .max_tokens = 200, .seed = 6}));
  EXPECT_EQ(passages.front().size(), 24U);
  EXPECT_EQ(passages.back().size(), 64U) << "the window";
  std::vector<double> counts(1'000);
  double all = 0;
  for (const auto& passage : passages) {
    EXPECT_EQ(TokenSequence(passage.begin(), passage.begin() + 3), (TokenSequence{0, 2, 3}));
    EXPECT_EQ(passage.back(), 1);
    for (std::size_t i = 3; i + 1 < passage.size(); ++i) {
      ASSERT_GT(encoder.vocabulary().probability[passage[i]], 0);
      ++counts[passage[i]];
      ++all;
    }
  }
  for (int token = 2; token < 12; ++token)  // of the frequent ones, within five standard deviations
    EXPECT_NEAR(counts[token] / all, encoder.vocabulary().probability[token],
                5 * std::sqrt(encoder.vocabulary().probability[token] / all));
}

// --- with a real model
// -------------------------------------------------------------------------------------------------

TEST(SequenceEncoder, GivesTheVectorsOfTheEmbedderForTheSameTokens) {
  LlamaOptions options = quiet_options();
  options.threads = 2;
  const auto encoder = load_sequence_encoder(e5_gguf, options);
  ASSERT_TRUE(encoder) << encoder.error().describe();
  const auto tokenizer = load_text_tokenizer(e5_gguf, quiet_options());
  ASSERT_TRUE(tokenizer);
  const Vocabulary& vocabulary = (*encoder)->vocabulary();
  EXPECT_EQ(vocabulary.begin, TokenSequence{0});
  EXPECT_EQ(vocabulary.end, TokenSequence{2});
  EXPECT_EQ((*encoder)->passage_prefix(), (TokenSequence{46692, 12}));  // "passage", ":"
  EXPECT_EQ(vocabulary.probability.size(), 250'037U);
  EXPECT_NEAR(vocabulary.probability[4] / .99 * .992788, std::exp(-3.463543) / .99, 1e-5);  // the comma
  const std::vector<std::string> texts = {"renard", "Les spams ?", "a", "The quick brown fox jumps over the lazy dog."};
  std::vector<TokenSequence> sequences;
  for (const auto& text : texts) {
    TokenSequence sequence = {0, 46692, 12};
    for (const auto token : (*tokenizer)->tokens(text).value()) sequence.push_back(static_cast<std::int32_t>(token));
    sequence.push_back(2);
    sequences.push_back(sequence);
  }
  for (int i = 0; i < 100; ++i) sequences.push_back({0, 10'000 + i, 2});  // more than one micro-batch
  std::vector<float> rows(sequences.size() * 384);
  ASSERT_TRUE((*encoder)->encode(sequences, rows, {}));
  const auto expected = e5().embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(expected);
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_GT(cosine(std::span(rows).subspan(i * 384, 384), expected->row(i)), .9999) << texts[i];
  // Whoever shares a micro-batch with a sequence does not change it.
  std::vector<float> alone(384);
  for (const std::size_t i : {4, 67, 68, 103}) {
    ASSERT_TRUE((*encoder)->encode(std::span(sequences).subspan(i, 1), alone, {}));
    EXPECT_GT(cosine(alone, std::span(rows).subspan(i * 384, 384)), .9999) << i;
  }
  const std::vector<TokenSequence> empty = {{}};
  EXPECT_EQ((*encoder)->encode(empty, alone, {}).error().code, ErrorCode::invalid);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*encoder)->encode(sequences, rows, stop.get_token()).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace renvoi::model
