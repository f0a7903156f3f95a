// What units are ranked by, for bench/fit_units.py: the sentences of the document that holds the answer, their signs,
// and whether they hold it.
// Usage: dump_signs MODEL.gguf EVAL CACHE SET... > signs.jsonl
// CACHE is a folder where the encoder's vectors are kept from one run to the next (quality/cached_embedder.h).
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "model/llama_model.h"
#include "need.h"
#include "quality/cached_embedder.h"
#include "quality/evaluate.h"
#include "quality/scratch_folder.h"
#include "text/language.h"

int main(int argc, char** argv) {
  using namespace renvoi;
  using bench::need;
  if (argc < 5) {
    std::fprintf(stderr, "usage: dump_signs MODEL.gguf EVAL CACHE SET... > signs.jsonl\n");
    return 2;
  }
  const auto files = io::real_file_system();
  const SystemClock clock;
  model::LlamaOptions llama;
  llama.threads = 1;
  const auto encoder = need(model::load_embedder(argv[1], llama));
  for (int i = 4; i < argc; ++i) {
    quality::CachedEmbedder cached(*encoder, std::string(argv[3]) + "/" + argv[i] + ".vectors");
    const quality::BeirSet set = need(quality::read_beir(std::string(argv[2]) + "/" + argv[i], *files));
    const auto scratch = need(quality::ScratchFolder::make());
    const index::Identity identity{cached.digest(), static_cast<std::uint32_t>(cached.dimensions()),
                                   extract::kExtractorVersion};
    const auto collection =
        need(search::Collection::open(*files, clock, scratch->path(), identity, search::Collection::Mode::write));
    need(quality::build_corpus(set, *collection, cached));
    const answer::TermWeights weights(collection->snapshots().full);
    for (const quality::BeirQuery& query : set.queries) {
      const auto answers = set.answers.find(query.id);
      if (answers == set.answers.end()) continue;
      const answer::Evidence evidence = quality::given_evidence(set, query.id);
      const std::string_view text = query.text;
      const model::Embeddings vector = need(cached.embed({&text, 1}, model::EmbedRole::query));
      const answer::Question question{query.text, text::detect_language(query.text), vector.values};
      nlohmann::json units = nlohmann::json::array();
      for (const answer::ScoredUnit& scored : need(answer::rank_units(evidence, question, weights, cached, {}))) {
        const std::string_view unit =
            text::slice(evidence.documents[scored.unit.document].document.text, scored.unit.range);
        units.push_back({{"signs", scored.signs.values}, {"holds", quality::holds_answer(unit, answers->second)}});
      }
      std::printf("%s\n", nlohmann::json({{"set", argv[i]}, {"id", query.id}, {"units", units}}).dump().c_str());
    }
  }
  return 0;
}
