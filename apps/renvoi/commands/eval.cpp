#include <fmt/format.h>

#include "commands/command.h"
#include "eval_report.h"
#include "first_tier.h"
#include "model/llama_model.h"
#include "model/static_table.h"
#include "progress.h"
#include "quality/cached_embedder.h"
#include "quality/draft.h"
#include "quality/evaluate.h"
#include "quality/evaluate_tables.h"

namespace renvoi::app {
namespace {

Json json_of(const quality::Measures& measures) {
  return {{"ndcg@10", measures.ndcg_at_10}, {"recall@100", measures.recall_at_100}, {"mrr", measures.mrr}};
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
  std::string folder, tier = "full", cache;
  std::vector<std::string> others;
  std::uint32_t answered = 500;
  bool no_answers = false;
};

Result<void> run_eval(Context& context, const EvalOptions& options) {
  // Only the model is needed: the index is a temporary one.
  model::ModelStore store(models_folder(context.config));
  const SystemClock clock;
  RENVOI_TRY(const auto manifest, choose_embedding_model(context.config, store, clock.now(), context.notify()));
  if (options.tier == "first") return run_tables(context, options.folder, manifest);
  auto files = io::real_file_system();
  RENVOI_TRY(auto embedder, load(context.config, manifest));
  quality::CachedEmbedder cached(*embedder, options.cache);
  Progress progress(context.output);
  quality::EvaluationOptions wanted;
  wanted.answers = !options.no_answers;
  wanted.most_answered = options.answered;
  wanted.others.assign(options.others.begin(), options.others.end());
  wanted.on_progress = [&](std::size_t done, std::size_t all) { progress.show("evaluating", done, all, "steps", 0); };
  auto evaluated = quality::evaluate(options.folder, cached, *files, clock, wanted);
  progress.finish();
  if (!evaluated) return std::move(evaluated).error();
  for (const std::string& line : eval_table(*evaluated, options.others)) context.output.line(line);
  Json report = eval_json(*evaluated, options.others);
  report["tier"] = options.tier;
  report["model"] = manifest.name;
  report["folder"] = options.folder;
  context.output.value(report);
  return {};
}

Result<Json> read_report(const std::string& path) {
  auto files = io::real_file_system();
  RENVOI_TRY(const std::string text, files->read(path, 256ULL << 20));
  Json report = Json::parse(text, nullptr, false);
  if (!report.is_object() || !report.contains("questions") || !report["questions"].is_array())
    return Error{ErrorCode::invalid, path + " is no report of 'renvoi eval --json'"};
  return report;
}

Result<void> run_compare(Context& context, const std::string& first, const std::string& second) {
  RENVOI_TRY(const Json a, read_report(first));
  RENVOI_TRY(const Json b, read_report(second));
  RENVOI_TRY(const auto compared, compare_reports(a, b));
  Json rows = Json::array();
  context.output.line(fmt::format("{:<22} {:>9} {:>9} {:>10} {:>21} {:>7} {:>15}", "", "first", "second", "difference",
                                  "95 %", "p", "better, worse"));
  for (const ComparedFigure& row : compared) {
    context.output.line(fmt::format("{:<22} {:>9.4f} {:>9.4f} {:>+10.4f}   {:>+8.4f} to {:>+7.4f} {:>7.4f} {:>7}, {}",
                                    row.name, row.first, row.second, row.test.difference, row.test.low, row.test.high,
                                    row.test.p, row.test.better, row.test.worse));
    rows.push_back({{"figure", row.name},
                    {"first", row.first},
                    {"second", row.second},
                    {"difference", row.test.difference},
                    {"low", row.test.low},
                    {"high", row.test.high},
                    {"p", row.test.p},
                    {"questions", row.test.questions},
                    {"better", row.test.better},
                    {"worse", row.test.worse}});
  }
  context.output.value({{"compared", rows}});
  return {};
}

Result<void> run_init(Context& context, const std::string& folder, std::uint32_t questions) {
  RENVOI_TRY(const auto engine, Engine::open(context.config, Access::read, context.notify()));
  auto files = io::real_file_system();
  RENVOI_TRY(const quality::Draft draft, quality::draft_questions(engine->collection(), engine->fetcher(), questions));
  RENVOI_CHECK(quality::write_draft(draft, folder, *files));
  context.output.line(
      fmt::format("{} documents and {} questions in {}", draft.documents.size(), draft.questions.size(), folder));
  context.output.line(
      "Correct queries.jsonl: ask as your users do. Remove a question together with its line in "
      "qrels.tsv, or leave it out: what is not judged is not asked.");
  context.output.value(
      {{"documents", draft.documents.size()}, {"questions", draft.questions.size()}, {"folder", folder}});
  return {};
}

}  // namespace

void declare_eval_command(CLI::App& app, Context& context) {
  CLI::App* eval =
      add_command(app, "eval", "Measure search and answers on questions whose answers are known (BEIR layout)",
                  "  renvoi eval my-questions/ --json > now.json\n"
                  "  renvoi eval init my-questions/          drafts the folder from your index, for you to correct\n"
                  "  renvoi eval compare before.json now.json\n"
                  "The folder holds corpus.jsonl, queries.jsonl, qrels.tsv and, where it is known which words answer, "
                  "answers.jsonl.\n");
  auto options = std::make_shared<EvalOptions>();
  eval->add_option("DIR", options->folder, "Folder in BEIR layout");
  eval->add_option(
          "--tier", options->tier,
          "full: the embedding model; first: tables distilled from it and fitted, for documents and for queries")
      ->capture_default_str()
      ->check(CLI::IsMember({"full", "first"}));
  eval->add_option("--other", options->others,
                   "A folder of questions that these documents do not answer: how many are refused? Repeatable");
  eval->add_option("--answered", options->answered, "Questions of each folder that are answered; 0: all")
      ->capture_default_str();
  eval->add_flag("--no-answers", options->no_answers, "Measure the search only");
  eval->add_option("--keep-vectors", options->cache,
                   "A file where the model's vectors are kept from one run to the next (of one model)");
  eval->callback([eval, &context, options] {
    if (!eval->get_subcommands().empty()) return;
    context.run = [&context, options]() -> Result<void> {
      if (options->folder.empty()) return Error{ErrorCode::invalid, "which folder? renvoi eval DIR"};
      return run_eval(context, *options);
    };
  });
  CLI::App* init = add_command(*eval, "init", "Draft a folder of questions from the index, for people to correct", "");
  auto draft = std::make_shared<std::pair<std::string, std::uint32_t>>("", 50);
  init->add_option("DIR", draft->first, "Where to write it: a new or an empty folder")->required();
  init->add_option("--questions", draft->second, "How many")->capture_default_str()->check(CLI::Range(1, 10'000));
  init->callback([&context, draft] {
    context.run = [&context, draft] { return run_init(context, draft->first, draft->second); };
  });
  CLI::App* compare =
      add_command(*eval, "compare", "Compare two reports of 'renvoi eval --json': is the difference chance?", "");
  auto reports = std::make_shared<std::pair<std::string, std::string>>();
  compare->add_option("FIRST", reports->first, "A report")->required()->check(CLI::ExistingFile);
  compare->add_option("SECOND", reports->second, "Another, on the same questions")
      ->required()
      ->check(CLI::ExistingFile);
  compare->callback([&context, reports] {
    context.run = [&context, reports] { return run_compare(context, reports->first, reports->second); };
  });
}

}  // namespace renvoi::app
