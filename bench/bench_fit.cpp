// The fitted table by the product's path, with hybrid at several weights: what docs/decisions/0010 was chosen by.
// Usage: bench_fit MODEL.gguf TABLE EVAL CACHE SET...
// CACHE is a folder where the encoder's vectors are kept from one run to the next (SET.vectors: fingerprint, float32).
#include <cstdio>
#include <string>

#include "model/llama_model.h"
#include "need.h"
#include "quality/cached_embedder.h"
#include "quality/evaluate_tables.h"

namespace {

using namespace renvoi;
using bench::need;

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
    quality::CachedEmbedder cached(*encoder, std::string(argv[4]) + "/" + argv[i] + ".vectors");
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
