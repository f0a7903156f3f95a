// check, repair: is the collection sound, and what to do when it is not.
#include <fmt/format.h>

#include "commands/command.h"
#include "commands/stages.h"
#include "crawl/document_cache.h"
#include "extract/document.h"
#include "model/llama_model.h"
#include "search/check.h"
#include "search/repair.h"

namespace renvoi::app {
namespace {

bool cached_page_is_sound(std::string_view bytes) { return crawl::parse_cached_page(bytes).has_value(); }

Json json_of(const search::Problem& problem, const char* advice) {
  return {{"part", std::string(to_string(problem.part))},
          {"where", problem.where.string()},
          {"what", problem.what},
          {advice, problem.advice}};
}

void print(const Output& output, const search::Problem& problem) {
  output.line(
      fmt::format("{}: {}: {}", to_string(problem.part), printable(problem.where.string()), printable(problem.what)));
  output.line(fmt::format("         -> {}", printable(problem.advice)));
}

Result<void> run_check(Context& context) {
  const auto files = io::real_file_system();
  Progress progress(context.output);
  search::CheckOptions options;
  options.cached_page_is_sound = cached_page_is_sound;
  options.on_progress = show_on(progress);
  RENVOI_TRY(const auto report, search::check_collection(*files, collection_folder(context.config), options));
  progress.finish();
  Json problems = Json::array();
  for (const auto& problem : report.problems) {
    print(context.output, problem);
    problems.push_back(json_of(problem, "advice"));
  }
  if (report.more_problems > 0) context.output.line(fmt::format("... and {} more", report.more_problems));
  const bool sound = report.problems.empty();
  if (sound) {
    context.output.line(fmt::format(
        "sound: {}, {}{}, {}; every checksum and every cross-reference was checked",
        counted(report.references, "reference", "references"), counted(report.passages, "passage", "passages"),
        report.next_passages == 0 ? "" : fmt::format(" (and {} for the next model)", report.next_passages),
        counted(report.cached_pages, "cached page", "cached pages")));
  }
  context.output.value({{"sound", sound},
                        {"problems", problems},
                        {"more_problems", report.more_problems},
                        {"references", report.references},
                        {"passages", report.passages},
                        {"cached_pages", report.cached_pages},
                        {"next_passages", report.next_passages},
                        {"model_sha256", report.identity.model_digest}});
  if (!sound) context.exit_status = kExitCorrupt;
  return {};
}

// What a new index would be bound to: the embedding model in use.
Result<index::Identity> identity_in_use(Context& context) {
  model::ModelStore store(models_folder(context.config));
  RENVOI_TRY(const auto manifest, choose_embedding_model(context.config, store, SystemClock().now(), context.notify()));
  RENVOI_TRY(const auto summary, model::read_gguf_summary(manifest.file));
  return index::Identity{manifest.digest, static_cast<std::uint32_t>(summary.dimensions), extract::kExtractorVersion};
}

Result<void> run_repair(Context& context) {
  const auto files = io::real_file_system();
  Progress progress(context.output);
  search::RepairOptions options;
  options.cached_page_is_sound = cached_page_is_sound;
  options.identity = [&context] { return identity_in_use(context); };
  options.on_progress = show_on(progress);
  RENVOI_TRY(const auto report,
             search::repair_collection(*files, SystemClock(), collection_folder(context.config), options));
  progress.finish();
  Json repaired = Json::array();
  for (const auto& problem : report.repaired) {
    print(context.output, problem);
    repaired.push_back(json_of(problem, "done"));
  }
  if (report.repaired.empty()) {
    context.output.line("nothing to repair");
  } else {
    if (report.set_aside)
      context.output.line(fmt::format("the damaged files are in {}: remove it when nothing is missing",
                                      printable(report.set_aside->string())));
    if (report.to_read_again > 0)
      context.output.line(fmt::format("{} to be read again: run 'renvoi sync'",
                                      counted(report.to_read_again, "document is", "documents are")));
    context.output.line("the collection is sound");
  }
  context.output.value({{"repaired", repaired},
                        {"set_aside", report.set_aside ? Json(report.set_aside->string()) : Json(nullptr)},
                        {"to_read_again", report.to_read_again},
                        {"taken_out", report.taken_out}});
  return {};
}

}  // namespace

void declare_check_commands(CLI::App& app, Context& context) {
  CLI::App* check = add_command(app, "check", "Verify every checksum and every cross-reference of the collection",
                                "  renvoi check            status 0 when all is sound, 10 when not\n"
                                "It only reads, and may run while a server does.\n");
  check->callback([&context] { context.run = [&context] { return run_check(context); }; });
  CLI::App* repair = add_command(
      app, "repair", "Keep what is sound of a damaged collection, set the rest aside and have it read again",
      "  renvoi repair && renvoi sync\nNothing is deleted. Stop the server first.\n");
  repair->callback([&context] { context.run = [&context] { return run_repair(context); }; });
}

}  // namespace renvoi::app
