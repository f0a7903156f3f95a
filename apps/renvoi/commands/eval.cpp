#include <fmt/format.h>

#include "commands/command.h"
#include "first_tier.h"
#include "model/llama_model.h"
#include "progress.h"
#include "quality/evaluate.h"

namespace renvoi::app {
namespace {

Json json_of(const quality::Measures& measures) {
  return {{"ndcg@10", measures.ndcg_at_10}, {"recall@100", measures.recall_at_100}};
}

// What makes the vectors of the tier that is measured.
Result<std::unique_ptr<model::Embedder>> embedder_of(const Config& config, const model::ModelManifest& manifest,
                                                     search::Tier tier, io::FileSystem& files) {
  if (tier == search::Tier::full) {
    model::LlamaOptions llama;
    llama.threads = config.embed.threads;
    llama.known_digest = manifest.digest;
    return model::load_embedder(manifest.file, llama);
  }
  RENVOI_TRY(auto table, open_first_tier_table(files, manifest, {}));
  if (table) return std::unique_ptr<model::Embedder>(std::move(table->embedder));
  return Error{ErrorCode::not_found, fmt::format("{} was not distilled: 'renvoi model distil {}' makes its table",
                                                 manifest.name, manifest.name)};
}

struct EvalOptions {
  std::string folder, tier = "full";
};

Result<void> run_eval(Context& context, const EvalOptions& options) {
  // Only the model is needed: the index is a temporary one.
  model::ModelStore store(models_folder(context.config));
  const SystemClock clock;
  RENVOI_TRY(const auto manifest, choose_embedding_model(context.config, store, clock.now(), context.notify()));
  auto files = io::real_file_system();
  const search::Tier tier = options.tier == "first" ? search::Tier::first : search::Tier::full;
  RENVOI_TRY(auto embedder, embedder_of(context.config, manifest, tier, *files));
  Progress progress(context.output);
  auto evaluated = quality::evaluate(
      options.folder, *embedder, *files, clock,
      [&](std::size_t done, std::size_t all) { progress.show("evaluating", done, all, "documents", 0); }, tier);
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
  eval->add_option("--tier", options->tier, "full: the embedding model; first: the table distilled from it")
      ->capture_default_str()
      ->check(CLI::IsMember({"full", "first"}));
  eval->callback([&context, options] { context.run = [&context, options] { return run_eval(context, *options); }; });
}

}  // namespace renvoi::app
