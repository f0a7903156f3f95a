// What tables of token vectors are worth on a folder in BEIR layout: as the first tier, and for queries against encoded
// documents. By the product's own path; each row says what made the vectors of the documents and of the queries.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/file_system.h"
#include "model/embedder.h"
#include "model/static_table.h"
#include "quality/evaluate.h"
#include "search/fusion.h"

namespace renvoi::quality {

enum class FittedOn : std::uint8_t { nothing, fifth, all };  // of the passages, at random

struct TableMeasures {
  FittedOn fitted_on = FittedOn::nothing;
  bool encoded_documents = false;  // queries by the table, documents by the encoder; else both by the table
  double fit_score = 0;            // of held-out passages, FitReport::score; 0 where none was held out
  Measures semantic, hybrid;
  std::vector<Measures> at_weights;  // hybrid at each of TableEvaluationOptions::weights
};

struct TableEvaluation {
  Measures bm25, encoder, encoder_hybrid;
  std::vector<TableMeasures> tables;
  std::uint64_t documents = 0, passages = 0, queries = 0;
  double encode_seconds = 0, fit_seconds = 0;  // fit: on all
};

struct TableEvaluationOptions {
  search::FusionOptions fusion;
  std::vector<float> weights;  // beside those of `fusion`
  std::function<void(std::size_t done, std::size_t all)> on_progress;
};

// `table` is distilled from the model of `embedder`, `tokenizer` is that model's. Builds collections in a temporary
// folder. Errors: as evaluate(), and of fit_table (`invalid`: fewer than 100 passages).
Result<TableEvaluation> evaluate_tables(const std::filesystem::path& folder, model::Embedder& embedder,
                                        std::shared_ptr<const model::StaticTable> table,
                                        std::shared_ptr<const model::TextTokenizer> tokenizer, io::FileSystem& files,
                                        const Clock& clock, const TableEvaluationOptions& options = {});

}  // namespace renvoi::quality
