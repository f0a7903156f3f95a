// Retrieval quality on a folder in BEIR layout, by the product's own path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"
#include "model/embedder.h"
#include "quality/beir.h"
#include "quality/build.h"
#include "search/search.h"

namespace renvoi::quality {

struct Measures {
  double ndcg_at_10 = 0;
  double recall_at_100 = 0;
};
struct Evaluation {
  Measures bm25, semantic, hybrid;
  std::uint64_t documents = 0, passages = 0, queries = 0;
  std::uint64_t index_bytes = 0, text_bytes = 0;
  double encode_seconds = 0;
};

// `folder` has corpus.jsonl, queries.jsonl, qrels.tsv. Builds a collection in a temporary folder and removes it. A
// document's score is its best passage's. What tables make of it is measured by evaluate_tables.h. Errors: `not_found`,
// `invalid` (names file and line).
Result<Evaluation> evaluate(const std::filesystem::path& folder, model::Embedder& embedder, io::FileSystem& files,
                            const Clock& clock,
                            const std::function<void(std::size_t done, std::size_t all)>& on_progress = {});

// All queries of `set` in one mode; `fast`: without the encoder. Errors: those of the search.
Result<Measures> measure(const BeirSet& set, const BuiltCorpus& built, search::Searcher& searcher,
                         search::SearchMode mode, bool fast = false);

}  // namespace renvoi::quality
