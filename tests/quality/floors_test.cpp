// The floors of retrieval quality, by the product's own path on the evaluation data: hybrid is above both parts and at
// least the prototype's. They only rise.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "model/llama_model.h"
#include "quality/evaluate.h"

namespace renvoi::quality {
namespace {

struct Floor {
  std::string set;
  double hybrid;
};

class RetrievalFloor : public testing::TestWithParam<Floor> {};

TEST_P(RetrievalFloor, HybridIsAboveBothPartsAndTheFloor) {
  const std::filesystem::path folder = std::filesystem::path(TEST_EVAL_DIR) / GetParam().set;
  const std::filesystem::path model = std::filesystem::path(TEST_DEPS_DIR) / "models/multilingual-e5-small-q4_0.gguf";
  if (!std::filesystem::exists(folder / "corpus.jsonl")) GTEST_SKIP() << "no evaluation data in " << folder;
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model << ": run ./dev setup";
  Result<std::unique_ptr<model::Embedder>> embedder = model::load_embedder(model);
  ASSERT_TRUE(embedder.ok()) << embedder.error().describe();
  const std::unique_ptr<io::FileSystem> files = io::real_file_system();
  const SystemClock clock;
  const Result<Evaluation> measured = evaluate(folder, **embedder, *files, clock);
  ASSERT_TRUE(measured.ok()) << measured.error().describe();
  RecordProperty("hybrid", std::to_string(measured->hybrid.ndcg_at_10));
  EXPECT_GT(measured->hybrid.ndcg_at_10, measured->bm25.ndcg_at_10);
  EXPECT_GT(measured->hybrid.ndcg_at_10, measured->semantic.ndcg_at_10);
  EXPECT_GE(measured->hybrid.ndcg_at_10, GetParam().hybrid);
}

INSTANTIATE_TEST_SUITE_P(Sets, RetrievalFloor,
                         testing::Values(Floor{"fr-cnil", 0.977}, Floor{"en-xquad", 0.985},
                                         Floor{"en-cranfield", 0.420}),
                         [](const auto& info) {
                           std::string name = info.param.set;
                           name.erase(name.find('-'), 1);
                           return name;
                         });

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
