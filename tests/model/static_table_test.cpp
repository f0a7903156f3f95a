#include "model/static_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <thread>

#include "model/llama_handles.h"
#include "model/llama_runtime.h"
#include "model/support.h"
#include "model/table_support.h"

namespace renvoi::model {
namespace {

class StaticTableFile : public testing::Test {
 protected:
  Result<std::shared_ptr<const StaticTable>> open_bytes(const std::string& bytes) {
    OneFile file(bytes);
    return StaticTable::open(file, "table", "");
  }
  Result<std::shared_ptr<const FittedTable>> open_fitted(const std::string& bytes,
                                                         std::shared_ptr<const StaticTable> base) {
    OneFile file(bytes);
    return FittedTable::open(file, "fitted", std::move(base));
  }
  TemporaryFolder folder_;
  std::unique_ptr<io::FileSystem> files_ = io::real_file_system();
};

// Adds every row; false at the first error.
bool readable(const TokenTable& table) {
  std::vector<float> sum(table.dimensions());
  for (std::uint32_t token = 0; token < table.tokens(); ++token)
    if (!table.add_row(token, 1, sum)) return false;
  return true;
}

TEST_F(StaticTableFile, GivesBackRowsToHalfAStepAndWeightsAndMeanExactly) {
  for (const std::uint32_t dimensions : {1U, 7U, 16U, 33U, 384U})
    for (const std::uint32_t rows : {1U, 127U, 128U, 129U, 1'000U}) {
      const RandomTable truth(rows, dimensions, rows * 1'000 + dimensions);
      const auto table = open_bytes(truth.bytes());
      ASSERT_TRUE(table) << table.error().describe();
      ASSERT_EQ((*table)->dimensions(), dimensions);
      ASSERT_EQ((*table)->tokens(), rows);
      EXPECT_EQ((*table)->model_digest(), RandomTable::digest);
      EXPECT_TRUE(std::equal(truth.mean.begin(), truth.mean.end(), (*table)->mean().begin()));
      for (std::uint32_t token = 0; token < rows; ++token) {
        EXPECT_EQ((*table)->weight(token), truth.weights[token]);
        std::vector<float> row(dimensions);
        ASSERT_TRUE((*table)->add_row(token, 1, row));
        float largest = 0;
        for (const float x : truth.row(token)) largest = std::max(largest, std::abs(x));
        for (std::uint32_t d = 0; d < dimensions; ++d)
          ASSERT_NEAR(row[d], truth.row(token)[d], largest / 127 * .5001F) << rows << "x" << dimensions;
      }
    }
}

TEST_F(StaticTableFile, SaysNothingOfATokenThatIsNotOne) {
  const auto table = open_bytes(RandomTable(10, 4, 1).bytes());
  ASSERT_TRUE(table);
  std::vector<float> sum(4, 1.0F);
  for (const std::uint32_t token : {10U, 11U, 0xFFFFFFFFU}) {
    EXPECT_EQ((*table)->weight(token), 0);
    EXPECT_TRUE((*table)->add_row(token, 1, sum));
  }
  EXPECT_EQ(sum, std::vector<float>(4, 1.0F));
}

TEST_F(StaticTableFile, DetectsEveryFlippedBit) {
  const RandomTable truth(150, 3, 7);
  const std::string good = truth.bytes();
  ASSERT_TRUE(readable(**open_bytes(good)));
  std::mt19937_64 random(8);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    const auto table = open_bytes(bad);
    if (table) {
      EXPECT_FALSE(readable(**table)) << "byte " << at << " of " << good.size();
    } else {
      // The first 12 bytes say what kind of file it is, and which version.
      EXPECT_EQ(table.error().code, at < 12 ? ErrorCode::invalid : ErrorCode::corrupt) << "byte " << at;
    }
  }
}

TEST_F(StaticTableFile, DetectsEveryLengthThatIsNotItsOwn) {
  const std::string good = RandomTable(150, 3, 7).bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto table = open_bytes(good.substr(0, size));
    ASSERT_FALSE(table) << size;
    EXPECT_EQ(table.error().code, ErrorCode::corrupt) << size;
  }
  EXPECT_EQ(open_bytes(good + 'x').error().code, ErrorCode::corrupt);
}

// Whoever makes such a file can also make its checksums.
TEST_F(StaticTableFile, BelievesNoHeaderThatTheFileDoesNotBearOut) {
  const std::string good = RandomTable(150, 3, 7).bytes();
  for (const std::size_t field : {12, 16})  // dimensions, rows
    for (const std::uint32_t value : {0U, 1U, 4U, 149U, 151U, 4'096U, 4'097U, 1U << 22, (1U << 22) + 1, 0xFFFFFFFFU}) {
      std::string bad = good;
      std::memcpy(bad.data() + field, &value, sizeof value);
      const std::uint32_t crc = io::crc32c(std::string_view(bad).substr(0, 124));
      std::memcpy(bad.data() + 124, &crc, sizeof crc);
      const auto table = open_bytes(bad);
      ASSERT_FALSE(table) << field << " " << value;
      EXPECT_EQ(table.error().code, ErrorCode::corrupt);
    }
}

TEST_F(StaticTableFile, RefusesAnotherModelAndAnotherKind) {
  const RandomTable truth(20, 4, 1);
  const auto base = open_bytes(truth.bytes());
  ASSERT_TRUE(base);
  write_bytes(folder_ / "table", truth.bytes());
  EXPECT_TRUE(StaticTable::open(*files_, folder_ / "table", RandomTable::digest));
  EXPECT_EQ(StaticTable::open(*files_, folder_ / "table", "another").error().code, ErrorCode::conflict);
  EXPECT_EQ(StaticTable::open(*files_, folder_ / "absent", "").error().code, ErrorCode::not_found);
  EXPECT_EQ(FittedTable::open(*files_, folder_ / "table", *base).error().code, ErrorCode::invalid);
  const std::string fitted = fitted_bytes(**base, {1, 5}, {1, 0, 0, 0, 0, 1, 0, 0});
  EXPECT_EQ(open_bytes(fitted).error().code, ErrorCode::invalid);
  const auto other = open_bytes(RandomTable(20, 4, 2).bytes());
  ASSERT_TRUE(other);
  EXPECT_EQ(open_fitted(fitted, *other).error().code, ErrorCode::conflict);
  EXPECT_EQ(open_fitted(fitted_bytes(**base, {1, 20}, {1, 0, 0, 0, 0, 1, 0, 0}), *base).error().code,
            ErrorCode::corrupt)
      << "a token that the model lacks";
  EXPECT_EQ(open_fitted(fitted_bytes(**base, {5, 5}, {1, 0, 0, 0, 0, 1, 0, 0}), *base).error().code,
            ErrorCode::corrupt);
}

TEST_F(StaticTableFile, FittedRowsTakeThePlaceOfTheirTokensOnly) {
  const RandomTable truth(40, 4, 3);
  const auto base = open_bytes(truth.bytes());
  ASSERT_TRUE(base);
  const auto fitted = open_fitted(fitted_bytes(**base, {0, 7, 39}, {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3}), *base);
  ASSERT_TRUE(fitted) << fitted.error().describe();
  EXPECT_EQ((*fitted)->rows(), 3U);
  for (std::uint32_t token = 0; token < 40; ++token) {
    std::vector<float> row(4), before(4);
    ASSERT_TRUE((*fitted)->add_row(token, 1, row));
    ASSERT_TRUE((*base)->add_row(token, 1, before));
    EXPECT_EQ((*fitted)->weight(token), (*base)->weight(token));
    if (token == 0)
      EXPECT_EQ(row, (std::vector<float>{1, 0, 0, 0}));
    else if (token == 7)
      EXPECT_EQ(row, (std::vector<float>{0, 2, 0, 0}));
    else if (token == 39)
      EXPECT_EQ(row, (std::vector<float>{0, 0, 0, 3}));
    else
      EXPECT_EQ(row, before) << token;
  }
  const std::string good = fitted_bytes(**base, {0, 7, 39}, {1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3});
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    const auto table = open_fitted(bad, *base);
    EXPECT_FALSE(table.ok() && readable(**table)) << "byte " << at;
  }
}

TEST_F(StaticTableFile, ATextIsTheUnitSumOfItsWeightedTokens) {
  const RandomTable truth(500, 24, 11);
  const auto table = open_bytes(truth.bytes());
  ASSERT_TRUE(table);
  std::mt19937_64 random(12);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> tokens(random() % 60);
    for (auto& token : tokens) token = static_cast<std::uint32_t>(random() % 505);  // some are no tokens
    std::map<std::uint32_t, std::uint32_t> counts;
    for (const auto token : tokens) ++counts[token];
    const TokenBag bag = count_tokens(tokens);
    ASSERT_EQ(bag.size(), counts.size());
    std::vector<double> expected(24);
    for (const auto& [token, count] : bag) {
      EXPECT_EQ(count, counts[token]);
      if (token >= 500) continue;
      std::vector<float> row(24);
      ASSERT_TRUE((*table)->add_row(token, 1, row));
      for (int d = 0; d < 24; ++d) expected[d] += static_cast<double>(truth.weights[token]) * count * row[d];
    }
    double length = 0;
    for (const double x : expected) length += x * x;
    length = std::sqrt(length);
    std::vector<float> got(24);
    ASSERT_TRUE(embed_tokens(**table, bag, got));
    for (int d = 0; d < 24; ++d) ASSERT_NEAR(got[d], length > 0 ? expected[d] / length : 0, 1e-5) << round;
  }
}

// Without the weights, the vocabulary is the same: the tokens are those of the tokenizer that the encoder uses.
TEST(TextTokenizer, GivesTheTokensOfTheModelWithoutItsWeights) {
  const auto tokenizer = load_text_tokenizer(e5_gguf, quiet_options());
  ASSERT_TRUE(tokenizer) << tokenizer.error().describe();
  EXPECT_EQ((*tokenizer)->name(), "multilingual-e5-small-q4_0");
  const auto ids = (*tokenizer)->tokens("Les spams ?");
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector<std::uint32_t>{1734, 32267, 7, 705}));
  EXPECT_EQ(*(*tokenizer)->tokens(""), std::vector<std::uint32_t>{});
  EXPECT_TRUE((*tokenizer)->tokens("\xff\xfe\xc3"));
  const auto control = (*tokenizer)->tokens("</s><s><pad>");
  ASSERT_TRUE(control);
  for (const auto id : *control) EXPECT_GT(id, 2U) << "control tokens in a text are text";
  EXPECT_EQ(load_text_tokenizer("/nonexistent.gguf").error().code, ErrorCode::not_found);
  EXPECT_EQ(load_text_tokenizer(TEST_SOURCE_DIR "/README.md").error().code, ErrorCode::invalid);
}

// A tokenizer of single bytes.
class ByteTokenizer final : public TextTokenizer {
 public:
  Result<std::vector<std::uint32_t>> tokens(std::string_view text) const override {
    std::vector<std::uint32_t> out;
    for (const char c : text) out.push_back(static_cast<unsigned char>(c));
    return out;
  }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "bytes";
};

class TableEmbedder : public StaticTableFile {
 protected:
  std::unique_ptr<Embedder> embedder() {
    return make_table_embedder(open_bytes(RandomTable(256, 16, 5).bytes()).value(),
                               std::make_shared<const ByteTokenizer>());
  }
};

TEST_F(TableEmbedder, EmbedsInTheOrderOfTheTextsAndAnEmptyTextAsZeros) {
  const auto embed = embedder();
  EXPECT_EQ(embed->digest(), RandomTable::digest);
  EXPECT_EQ(embed->dimensions(), 16U);
  const std::vector<std::string> texts = {"abc", "", "xyz", "cba"};
  std::size_t reported = 0;
  const auto rows = embed->embed(views(texts), EmbedRole::passage, [&](std::size_t done) { reported = done; });
  ASSERT_TRUE(rows);
  EXPECT_EQ(reported, 4U);
  EXPECT_NEAR(cosine(rows->row(0), rows->row(0)), 1, 1e-6);
  EXPECT_LT(cosine(rows->row(0), rows->row(2)), .999);
  for (const float x : rows->row(1)) EXPECT_EQ(x, 0);
  EXPECT_TRUE(std::equal(rows->row(0).begin(), rows->row(0).end(), rows->row(3).begin())) << "a bag has no order";
  const auto queries = embed->embed(views(texts), EmbedRole::query);
  ASSERT_TRUE(queries);
  EXPECT_EQ(queries->values, rows->values) << "passages and queries share one table";
}

TEST_F(TableEmbedder, StopsWhenAsked) {
  std::stop_source stop;
  const std::vector<std::string> texts(1'000, "abc");
  const auto rows = embedder()->embed(
      views(texts), EmbedRole::passage, [&](std::size_t) { stop.request_stop(); }, stop.get_token());
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::unavailable);
}

TEST_F(TableEmbedder, ServesThreadsAtOnceAsItServesOne) {
  const auto embed = embedder();
  std::vector<std::string> texts;
  std::mt19937_64 random(3);
  for (int i = 0; i < 400; ++i) {
    texts.emplace_back();
    for (int c = 0; c < 40; ++c) texts.back() += static_cast<char>(random() % 256);
  }
  std::vector<std::vector<float>> got(4);
  {
    std::vector<std::jthread> threads;
    for (auto& values : got)
      threads.emplace_back([&] { values = embed->embed(views(texts), EmbedRole::passage).value().values; });
  }
  const auto alone = embed->embed(views(texts), EmbedRole::passage);
  ASSERT_TRUE(alone);
  for (const auto& values : got) EXPECT_EQ(values, alone->values);
}

}  // namespace
}  // namespace renvoi::model
