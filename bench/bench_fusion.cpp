// Hybrid search by the product's path at several values of FusionOptions::bm25_log_odds: what
// docs/decisions/0003-fusion.md was chosen by.
// Usage: bench_fusion MODEL.gguf EVAL CACHE SET...
// CACHE is a folder where the encoder's vectors are kept from one run to the next (quality/cached_embedder.h).
#include <cstdio>
#include <string>

#include "model/llama_model.h"
#include "need.h"
#include "quality/cached_embedder.h"
#include "quality/evaluate.h"
#include "quality/scratch_folder.h"

using namespace renvoi;
using bench::need;

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_fusion MODEL.gguf EVAL CACHE SET...\n");
    return 2;
  }
  const auto files = io::real_file_system();
  const SystemClock clock;
  const auto encoder = need(model::load_embedder(argv[1]));
  const std::string_view any = "?";
  need(encoder->embed(std::span(&any, 1), model::EmbedRole::query));  // then it knows its temperature
  for (int i = 4; i < argc; ++i) {
    quality::CachedEmbedder cached(*encoder, std::string(argv[3]) + "/" + argv[i] + ".vectors");
    const auto set = need(quality::read_beir(std::string(argv[2]) + "/" + argv[i], *files));
    const auto scratch = need(quality::ScratchFolder::make());
    const index::Identity identity{cached.digest(), static_cast<std::uint32_t>(cached.dimensions()),
                                   extract::kExtractorVersion};
    const auto collection =
        need(search::Collection::open(*files, clock, scratch->path(), identity, search::Collection::Mode::write));
    const auto built = need(quality::build_corpus(set, *collection, cached));
    if (const auto compacted = collection->compact(); !compacted.ok()) need(Result<int>(compacted.error()));
    const auto ndcg = [&](const search::SearcherOptions& options, search::SearchMode mode) {
      search::Searcher searcher(*collection, cached, options);
      return need(quality::measure(set, built, searcher, mode)).ndcg_at_10;
    };
    std::printf("%s: BM25 %.4f, semantic %.4f, hybrid at", argv[i], ndcg({}, search::SearchMode::bm25),
                ndcg({}, search::SearchMode::semantic));
    for (const float log_odds : {0.45F, 0.5F, 0.55F, 0.6F, 0.65F, 0.7F, 0.8F}) {
      search::SearcherOptions options;
      options.fusion.bm25_log_odds = log_odds;
      std::printf(" %.2f:%.4f", static_cast<double>(log_odds), ndcg(options, search::SearchMode::hybrid));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
  return 0;
}
