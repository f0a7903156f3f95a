// The floors of retrieval quality, by the product's own path on the evaluation data: hybrid is above both parts and at
// least the prototype's; and what tables make of it (docs/decisions/0010-fitted-table.md). They only rise.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "model/distil.h"
#include "model/distil_encoder.h"
#include "model/llama_model.h"
#include "quality/cached_embedder.h"
#include "quality/evaluate.h"
#include "quality/evaluate_tables.h"

namespace renvoi::quality {
namespace {

// The tokens that a set uses, and nothing else of the vocabulary: a table of them takes seconds, of all minutes.
class UsedTokens final : public model::SequenceEncoder {
 public:
  UsedTokens(model::SequenceEncoder& below, const std::set<std::uint32_t>& used)
      : below_(below), vocabulary_(below.vocabulary()) {
    double all = 0;
    for (std::uint32_t token = 0; token < vocabulary_.probability.size(); ++token) {
      if (!used.contains(token)) vocabulary_.probability[token] = 0;
      all += vocabulary_.probability[token];
    }
    for (double& probability : vocabulary_.probability) probability /= all;  // the mean is one of these tokens
  }
  std::uint32_t dimensions() const override { return below_.dimensions(); }
  const std::string& digest() const override { return below_.digest(); }
  const model::Vocabulary& vocabulary() const override { return vocabulary_; }
  const model::TokenSequence& passage_prefix() const override { return below_.passage_prefix(); }
  std::uint32_t window_tokens() const override { return below_.window_tokens(); }
  Result<void> encode(std::span<const model::TokenSequence> sequences, std::span<float> rows,
                      const std::stop_token& stop) override {
    return below_.encode(sequences, rows, stop);
  }

 private:
  model::SequenceEncoder& below_;
  model::Vocabulary vocabulary_;
};

Result<std::shared_ptr<const model::StaticTable>> table_of(const BeirSet& set, const model::TextTokenizer& tokenizer,
                                                           const std::filesystem::path& model, io::FileSystem& files) {
  std::set<std::uint32_t> used;
  const auto add = [&](const std::string& text) -> Result<void> {
    RENVOI_TRY(const auto tokens, tokenizer.tokens(text));
    used.insert(tokens.begin(), tokens.end());
    return {};
  };
  for (const BeirDocument& document : set.documents) {
    RENVOI_CHECK(add(document.title));
    RENVOI_CHECK(add(document.text));
  }
  for (const BeirQuery& query : set.queries) RENVOI_CHECK(add(query.text));
  RENVOI_TRY(const auto encoder, model::load_sequence_encoder(model, {}));
  UsedTokens only(*encoder, used);
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "renvoi-floors.table";
  model::DistilOptions options;
  options.calibration.passages = 0;
  RENVOI_CHECK(model::distil(only, file, files, options));
  auto table = model::StaticTable::open(files, file, encoder->digest());
  std::filesystem::remove(file);  // it stays mapped
  return table;
}

// nDCG@10 of the semantic part alone and of hybrid, with a table of the set's own tokens; with all of the vocabulary it
// is up to .06 more (docs/decisions/0010-fitted-table.md).
struct TableFloor {
  double semantic, hybrid;
};
struct Floor {
  std::string set;
  double hybrid;                      // of the encoder
  TableFloor first_all, first_fifth;  // documents and queries by the table, fitted on all and on a fifth
  TableFloor query_all;               // queries by the table, documents by the encoder
};

class RetrievalFloor : public testing::TestWithParam<Floor> {};

TEST_P(RetrievalFloor, HybridIsAboveBothPartsAndTheFloorAndTablesAreNear) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / GetParam().set;
  const std::filesystem::path model = std::filesystem::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf";
  if (!std::filesystem::exists(folder / "corpus.jsonl")) GTEST_SKIP() << "no evaluation data in " << folder;
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model << ": run ./dev setup";
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const SystemClock clock;
  auto loaded = model::load_text_tokenizer(model);
  ASSERT_TRUE(loaded.ok()) << loaded.error().describe();
  const std::shared_ptr<const model::TextTokenizer> tokenizer = std::move(loaded).value();
  const auto set = read_beir(folder, *files);
  ASSERT_TRUE(set.ok()) << set.error().describe();
  const auto table = table_of(*set, *tokenizer, model, *files);
  ASSERT_TRUE(table.ok()) << table.error().describe();
  Result<std::unique_ptr<model::Embedder>> embedder = model::load_embedder(model);
  ASSERT_TRUE(embedder.ok()) << embedder.error().describe();
  const Result<TableEvaluation> measured = evaluate_tables(folder, **embedder, *table, tokenizer, *files, clock);
  ASSERT_TRUE(measured.ok()) << measured.error().describe();
  RecordProperty("hybrid", std::to_string(measured->encoder_hybrid.ndcg_at_10));
  EXPECT_GT(measured->encoder_hybrid.ndcg_at_10, measured->bm25.ndcg_at_10);
  EXPECT_GT(measured->encoder_hybrid.ndcg_at_10, measured->encoder.ndcg_at_10);
  EXPECT_GE(measured->encoder_hybrid.ndcg_at_10, GetParam().hybrid);
  for (const TableMeasures& row : measured->tables) {
    SCOPED_TRACE(testing::Message() << "fitted on " << static_cast<int>(row.fitted_on) << ", encoded documents "
                                    << row.encoded_documents);
    // No table makes a set worse than words alone.
    EXPECT_GE(row.hybrid.ndcg_at_10, measured->bm25.ndcg_at_10 - 0.005);
    TableFloor floor{0, 0};
    if (row.fitted_on == FittedOn::all) floor = row.encoded_documents ? GetParam().query_all : GetParam().first_all;
    if (row.fitted_on == FittedOn::fifth && !row.encoded_documents) floor = GetParam().first_fifth;
    std::printf("%s: fitted on %d, encoded documents %d: semantic %.4f, hybrid %.4f\n", GetParam().set.c_str(),
                static_cast<int>(row.fitted_on), row.encoded_documents ? 1 : 0, row.semantic.ndcg_at_10,
                row.hybrid.ndcg_at_10);
    EXPECT_GE(row.semantic.ndcg_at_10, floor.semantic);
    EXPECT_GE(row.hybrid.ndcg_at_10, floor.hybrid);
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, RetrievalFloor,
                         testing::Values(Floor{"fr-cnil", 0.977, {0.929, 0.971}, {0.738, 0.960}, {0.916, 0.965}},
                                         Floor{"en-xquad", 0.985, {0.928, 0.974}, {0.796, 0.972}, {0.926, 0.973}},
                                         Floor{"en-cranfield", 0.420, {0.357, 0.414}, {0.285, 0.395}, {0.353, 0.414}}),
                         [](const auto& info) {
                           std::string name = info.param.set;
                           name.erase(name.find('-'), 1);
                           return name;
                         });

// The sentences that are shown: given the document that holds the answer, and from the question on. A sample: of all
// questions docs/benchmarks.md tells.
TEST(AnswerFloor, TheAnswerSentenceIsFirst) {
  const std::filesystem::path eval = TEST_EVAL_DIR;
  const std::filesystem::path model = std::filesystem::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf";
  if (!std::filesystem::exists(eval / "en-xquad/corpus.jsonl")) GTEST_SKIP() << "no evaluation data in " << eval;
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model << ": run ./dev setup";
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const SystemClock clock;
  Result<std::unique_ptr<model::Embedder>> embedder = model::load_embedder(model);
  ASSERT_TRUE(embedder.ok()) << embedder.error().describe();
  CachedEmbedder cached(**embedder);
  EvaluationOptions options;
  options.most_answered = 40;
  options.others = {eval / "en-cranfield"};
  const Result<Evaluation> measured = evaluate(eval / "en-xquad", cached, *files, clock, options);
  ASSERT_TRUE(measured.ok()) << measured.error().describe();
  ASSERT_TRUE(measured->answers.has_value());
  double at_1 = 0, at_3 = 0, quoted = 0, answered = 0;
  for (const AnsweredQuestion& one : measured->answers->answered) {
    at_1 += one.at_1 ? 1 : 0;
    at_3 += one.at_3 ? 1 : 0;
    quoted += one.in_a_quote ? 1 : 0;
    answered += one.refused ? 0 : 1;
  }
  const auto asked = static_cast<double>(measured->answers->answered.size());
  std::printf("en-xquad, %.0f questions: %.4f at 1, %.4f at 3, in a quote %.4f, answered %.4f\n", asked, at_1 / asked,
              at_3 / asked, quoted / asked, answered / asked);
  EXPECT_GE(at_1 / asked, 0.85);
  EXPECT_GE(at_3 / asked, 0.95);
  EXPECT_GE(quoted / asked, 0.85);
  EXPECT_GE(answered / asked, 0.90);
  ASSERT_EQ(measured->answers->foreign.size(), 1U);
  double refused = 0;
  for (const ForeignQuestion& one : measured->answers->foreign[0]) refused += one.refused ? 1 : 0;
  EXPECT_GE(refused / static_cast<double>(measured->answers->foreign[0].size()), 0.95);
}

// Bad input: the error names the file and the line.
TEST(Evaluate, NamesFileAndLineOfWhatIsWrong) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "renvoi-beir-bad";
  std::filesystem::create_directories(folder);
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const auto write = [&](const char* name, std::string_view text) {
    ASSERT_TRUE(files->replace(folder / name, std::as_bytes(std::span(text.data(), text.size()))).ok());
  };
  write("corpus.jsonl", "{\"_id\":\"1\",\"text\":\"a\"}\n{\"_id\":2}\n");
  struct NoEmbedder final : model::Embedder {
    std::string text;
    std::size_t dimensions() const override { return 1; }
    const std::string& digest() const override { return text; }
    const std::string& name() const override { return text; }
    Result<model::Embeddings> embed(std::span<const std::string_view>, model::EmbedRole, const model::EmbedProgress&,
                                    std::stop_token) override {
      return Error{ErrorCode::internal, "must not be reached"};
    }
  } embedder;
  const SystemClock clock;
  const Result<Evaluation> bad = evaluate(folder, embedder, *files, clock);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::invalid);
  EXPECT_NE(bad.error().message.find("corpus.jsonl line 2"), std::string::npos) << bad.error().message;
  std::filesystem::remove_all(folder);
  const Result<Evaluation> absent = evaluate(folder, embedder, *files, clock);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace renvoi::quality
