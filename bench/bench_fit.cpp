// The fitted table by the product's path, with hybrid at several weights: what docs/decisions/0010 was chosen by.
// Usage: bench_fit MODEL.gguf TABLE EVAL CACHE SET...
// CACHE is a folder where the encoder's vectors are kept from one run to the next (SET.vectors: fingerprint, float32).
#include <cstdio>
#include <fstream>
#include <string>
#include <unordered_map>

#include "base/hash.h"
#include "model/llama_model.h"
#include "quality/evaluate_tables.h"

namespace {

using namespace renvoi;

template <typename T>
T need(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().describe().c_str());
  std::exit(1);
}

class CachedEmbedder final : public model::Embedder {
 public:
  CachedEmbedder(model::Embedder& below, std::string file) : below_(below), file_(std::move(file)) {
    std::ifstream in(file_, std::ios::binary);
    std::uint64_t key = 0;
    std::vector<float> row(below.dimensions());
    const auto bytes = static_cast<std::streamsize>(row.size() * sizeof(float));
    while (in.read(reinterpret_cast<char*>(&key), sizeof key) && in.read(reinterpret_cast<char*>(row.data()), bytes))
      known_[key] = row;
  }
  std::size_t dimensions() const override { return below_.dimensions(); }
  const std::string& digest() const override { return below_.digest(); }
  const std::string& name() const override { return below_.name(); }
  Result<model::Embeddings> embed(std::span<const std::string_view> texts, model::EmbedRole role,
                                  const model::EmbedProgress&, std::stop_token stop) override {
    const auto key_of = [&](std::string_view text) {
      return fingerprint((role == model::EmbedRole::query ? "q" : "p") + std::string(text));
    };
    std::vector<std::string_view> unknown;
    for (const std::string_view text : texts)
      if (!known_.contains(key_of(text))) unknown.push_back(text);
    if (!unknown.empty()) {
      RENVOI_TRY(const model::Embeddings made, below_.embed(unknown, role, {}, stop));
      std::ofstream out(file_, std::ios::binary | std::ios::app);
      for (std::size_t i = 0; i < unknown.size(); ++i) {
        const std::uint64_t key = key_of(unknown[i]);
        const auto row = made.row(i);
        out.write(reinterpret_cast<const char*>(&key), sizeof key);
        out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size_bytes()));
        known_[key].assign(row.begin(), row.end());
      }
    }
    model::Embeddings all{dimensions(), {}};
    for (const std::string_view text : texts) {
      const auto& row = known_.at(key_of(text));
      all.values.insert(all.values.end(), row.begin(), row.end());
    }
    return all;
  }

 private:
  model::Embedder& below_;
  std::string file_;
  std::unordered_map<std::uint64_t, std::vector<float>> known_;
};

const char* name_of(quality::FittedOn on) {
  return on == quality::FittedOn::all ? "all" : on == quality::FittedOn::fifth ? "fifth" : "no";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: bench_fit MODEL.gguf TABLE EVAL CACHE SET...\n");
    return 2;
  }
  const auto files = io::real_file_system();
  const SystemClock clock;
  const auto encoder = need(model::load_embedder(argv[1]));
  const auto table = need(model::StaticTable::open(*files, argv[2], encoder->digest()));
  const std::shared_ptr<const model::TextTokenizer> tokenizer = need(model::load_text_tokenizer(argv[1]));
  quality::TableEvaluationOptions options;
  options.weights = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F};
  for (int i = 5; i < argc; ++i) {
    CachedEmbedder cached(*encoder, std::string(argv[4]) + "/" + argv[i] + ".vectors");
    const auto all = need(quality::evaluate_tables(std::string(argv[3]) + "/" + argv[i], cached, table, tokenizer,
                                                   *files, clock, options));
    std::printf("%s: %llu passages, fit %.1f s; BM25 %.4f, encoder %.4f, hybrid %.4f\n", argv[i],
                static_cast<unsigned long long>(all.passages), all.fit_seconds, all.bm25.ndcg_at_10,
                all.encoder.ndcg_at_10, all.encoder_hybrid.ndcg_at_10);
    for (const quality::TableMeasures& row : all.tables) {
      std::printf("  fitted on %-5s documents by the %-7s score %.3f semantic %.4f hybrid %.4f |",
                  name_of(row.fitted_on), row.encoded_documents ? "encoder" : "table", row.fit_score,
                  row.semantic.ndcg_at_10, row.hybrid.ndcg_at_10);
      for (std::size_t w = 0; w < options.weights.size(); ++w)
        std::printf(" %.1f:%.4f", static_cast<double>(options.weights[w]), row.at_weights[w].ndcg_at_10);
      std::printf("\n");
    }
    std::fflush(stdout);
  }
  return 0;
}
