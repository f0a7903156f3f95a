#include <fmt/format.h>

#include "commands/command.h"
#include "first_tier.h"
#include "model/llama_model.h"
#include "model/static_table.h"
#include "progress.h"
#include "quality/evaluate.h"
#include "quality/evaluate_tables.h"

namespace renvoi::app {
namespace {

Json json_of(const quality::Measures& measures) {
  return {{"ndcg@10", measures.ndcg_at_10}, {"recall@100", measures.recall_at_100}};
}

Result<std::unique_ptr<model::Embedder>> load(const Config& config, const model::ModelManifest& manifest) {
  model::LlamaOptions llama;
  llama.threads = config.embed.threads;
  llama.known_digest = manifest.digest;
  return model::load_embedder(manifest.file, llama);
}

std::string_view to_string(quality::FittedOn on) {
  return on == quality::FittedOn::all ? "all" : on == quality::FittedOn::fifth ? "a fifth" : "nothing";
}

// The tables: as the first tier, and for queries against encoded documents.
Result<void> run_tables(Context& context, const std::string& folder, const model::ModelManifest& manifest) {
  const SystemClock clock;
  auto files = io::real_file_system();
  const std::filesystem::path file = model::table_file(manifest);
  if (!files->exists(file)) {
    return Error{ErrorCode::not_found, fmt::format("{} was not distilled: 'renvoi model distil {}' makes its table",
                                                   manifest.name, manifest.name)};
  }
  RENVOI_TRY(auto table, model::StaticTable::open(*files, file, manifest.digest));
  RENVOI_TRY(auto embedder, load(context.config, manifest));
  Progress progress(context.output);
  quality::TableEvaluationOptions options;
  options.on_progress = [&](std::size_t done, std::size_t all) {
    progress.show("evaluating", done, all, "documents", 0);
  };
  auto evaluated = quality::evaluate_tables(folder, *embedder, table, lazy_tokenizer(manifest), *files, clock, options);
  progress.finish();
  if (!evaluated) return std::move(evaluated).error();
  const quality::TableEvaluation& all = *evaluated;
  context.output.line(
      fmt::format("{} documents, {} passages, {} queries; nDCG@10", all.documents, all.passages, all.queries));
  context.output.line(
      fmt::format("{:<10} {:<10} {:<10} {:>8} {:>8}", "documents", "queries", "fitted to", "semantic", "hybrid"));
  const auto line = [&](std::string_view documents, std::string_view queries, std::string_view fitted, double semantic,
                        double hybrid) {
    context.output.line(
        fmt::format("{:<10} {:<10} {:<10} {:>8.4f} {:>8.4f}", documents, queries, fitted, semantic, hybrid));
  };
  context.output.line(
      fmt::format("{:<10} {:<10} {:<10} {:>8} {:>8.4f}", "words", "words", "", "", all.bm25.ndcg_at_10));
  line("encoder", "encoder", "", all.encoder.ndcg_at_10, all.encoder_hybrid.ndcg_at_10);
  Json rows = Json::array();
  for (const quality::TableMeasures& row : all.tables) {
    const char* documents = row.encoded_documents ? "encoder" : "table";
    line(documents, "table", to_string(row.fitted_on), row.semantic.ndcg_at_10, row.hybrid.ndcg_at_10);
    rows.push_back({{"documents", documents},
                    {"fitted_to", std::string(to_string(row.fitted_on))},
                    {"held_out_cosine", row.fit_score},
                    {"semantic", json_of(row.semantic)},
                    {"hybrid", json_of(row.hybrid)}});
  }
  context.output.value({{"bm25", json_of(all.bm25)},
                        {"semantic", json_of(all.encoder)},
                        {"hybrid", json_of(all.encoder_hybrid)},
                        {"tables", rows},
                        {"documents", all.documents},
                        {"passages", all.passages},
                        {"queries", all.queries},
                        {"encode_seconds", all.encode_seconds},
                        {"fit_seconds", all.fit_seconds},
                        {"tier", "first"},
                        {"model", manifest.name}});
  return {};
}

struct EvalOptions {
  std::string folder, tier = "full";
};

Result<void> run_eval(Context& context, const EvalOptions& options) {
  // Only the model is needed: the index is a temporary one.
  model::ModelStore store(models_folder(context.config));
  const SystemClock clock;
  RENVOI_TRY(const auto manifest, choose_embedding_model(context.config, store, clock.now(), context.notify()));
  if (options.tier == "first") return run_tables(context, options.folder, manifest);
  auto files = io::real_file_system();
  RENVOI_TRY(auto embedder, load(context.config, manifest));
  Progress progress(context.output);
  auto evaluated = quality::evaluate(options.folder, *embedder, *files, clock, [&](std::size_t done, std::size_t all) {
    progress.show("evaluating", done, all, "documents", 0);
  });
  progress.finish();
  if (!evaluated) return std::move(evaluated).error();
  const quality::Evaluation& result = *evaluated;
  context.output.line(
      fmt::format("{} documents, {} passages, {} queries", result.documents, result.passages, result.queries));
  context.output.line(fmt::format("{:<10} {:>8} {:>11}", "", "nDCG@10", "recall@100"));
  for (const auto& [name, measures] :
       {std::pair{"bm25", result.bm25}, {"semantic", result.semantic}, {"hybrid", result.hybrid}}) {
    context.output.line(fmt::format("{:<10} {:>8.4f} {:>11.4f}", name, measures.ndcg_at_10, measures.recall_at_100));
  }
  context.output.value({{"bm25", json_of(result.bm25)},
                        {"semantic", json_of(result.semantic)},
                        {"hybrid", json_of(result.hybrid)},
                        {"documents", result.documents},
                        {"passages", result.passages},
                        {"queries", result.queries},
                        {"index_bytes", result.index_bytes},
                        {"text_bytes", result.text_bytes},
                        {"encode_seconds", result.encode_seconds},
                        {"tier", options.tier},
                        {"model", manifest.name}});
  return {};
}

}  // namespace

void declare_eval_command(CLI::App& app, Context& context) {
  CLI::App* eval = add_command(app, "eval", "Measure search quality on questions whose answers are known (BEIR layout)",
                               "  renvoi eval my-questions/ --json\n"
                               "The folder holds corpus.jsonl, queries.jsonl and qrels.tsv.\n");
  auto options = std::make_shared<EvalOptions>();
  eval->add_option("DIR", options->folder, "Folder in BEIR layout")->required();
  eval->add_option(
          "--tier", options->tier,
          "full: the embedding model; first: tables distilled from it and fitted, for documents and for queries")
      ->capture_default_str()
      ->check(CLI::IsMember({"full", "first"}));
  eval->callback([&context, options] { context.run = [&context, options] { return run_eval(context, *options); }; });
}

}  // namespace renvoi::app
