// Quality of retrieval and of answers on a folder in BEIR layout, by the product's own path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"
#include "model/embedder.h"
#include "quality/beir.h"
#include "quality/build.h"
#include "quality/evaluate_answers.h"
#include "search/search.h"

namespace renvoi::quality {

struct Measures {
  double ndcg_at_10 = 0;
  double recall_at_100 = 0;
  double mrr = 0;                 // reciprocal rank within the first 100
  std::vector<double> ndcg_each;  // by question, in the order of BeirSet::queries
};
struct Evaluation {
  Measures bm25, semantic, hybrid;
  std::uint64_t documents = 0, passages = 0, queries = 0;
  std::uint64_t index_bytes = 0, text_bytes = 0;
  double encode_seconds = 0;
  std::vector<std::string> question_ids;  // of Measures::ndcg_each
  std::vector<double> search_ms;          // hybrid, by question, without encoding it
  std::optional<AnswerEvaluation> answers;
};

struct EvaluationOptions {
  bool answers = true;                        // by evaluate_answers(), encoding the sentences of what may be quoted
  std::uint32_t most_answered = 500;          // questions of each set that are answered; 0: all
  std::vector<std::filesystem::path> others;  // folders whose questions this one's documents do not answer
  std::function<void(std::size_t done, std::size_t all)> on_progress;  // documents, then answers
};

// `folder` has corpus.jsonl, queries.jsonl, qrels.tsv. Builds a collection in a temporary folder and removes it. A
// document's score is its best passage's. What tables make of it is measured by evaluate_tables.h. Errors: `not_found`,
// `invalid` (names file and line).
Result<Evaluation> evaluate(const std::filesystem::path& folder, model::Embedder& embedder, io::FileSystem& files,
                            const Clock& clock, const EvaluationOptions& options = {});

// All queries of `set` in one mode; `fast`: without the encoder. `search_ms`, unless null, gets the time of each.
// Errors: those of the search.
Result<Measures> measure(const BeirSet& set, const BuiltCorpus& built, search::Searcher& searcher,
                         search::SearchMode mode, bool fast = false, std::vector<double>* search_ms = nullptr);

}  // namespace renvoi::quality
