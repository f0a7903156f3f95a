// model list, add, probe, distil.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "commands/command.h"
#include "json_view.h"
#include "model/distil.h"
#include "model/llama_model.h"
#include "model/probe.h"
#include "model/static_table.h"
#include "probes.h"
#include "progress.h"

namespace renvoi::app {
namespace {

struct AddModelOptions {
  std::string file, name;
  bool no_probe = false;
};

Result<model::ProbeResult> probe_embedder(const Config& config, const model::ModelManifest& manifest) {
  model::LlamaOptions llama;
  llama.known_digest = manifest.digest;
  llama.threads = config.embed.threads;
  RENVOI_TRY(auto embedder, model::load_embedder(manifest.file, llama));
  return model::probe_embedder(*embedder);
}

// Tells what each question came to, and keeps it.
Result<void> probe_generator(Context& context, model::Generator& generator, const std::string& key, Json& value,
                             answer::ProbeReport& report) {
  RENVOI_TRY(report, answer::probe_generator(generator));
  auto files = io::real_file_system();
  RENVOI_CHECK(record_probe(context.config, *files, key, SystemClock().now(), report));
  for (const answer::ProbeCase& one : report.cases) {
    context.output.line(fmt::format("  {} {}  {}", one.language, one.problem.empty() ? "ok" : "no", one.question));
    if (!one.problem.empty()) context.output.line(fmt::format("         {}: {}", one.problem, printable(one.wrote)));
  }
  context.output.line(report.summary);
  value["probe"] = json_of(report);
  return {};
}

Result<void> probe_and_record_generator(Context& context, model::ModelStore& store,
                                        const model::ModelManifest& manifest, Json& value) {
  model::LlamaOptions llama;
  llama.known_digest = manifest.digest;
  llama.threads = context.config.generate.threads;
  llama.context_tokens = context.config.generate.context_tokens;
  RENVOI_TRY(auto generator, model::load_generator(manifest.file, llama));
  answer::ProbeReport report;
  RENVOI_CHECK(probe_generator(context, *generator, probe_key(manifest), value, report));
  return store.record_probe(manifest.name, report.trusted, report.summary);
}

Result<void> probe_and_record(Context& context, model::ModelStore& store, const model::ModelManifest& manifest,
                              Json& value) {
  context.output.note(fmt::format("testing {} in French and English{} ...", manifest.name,
                                  manifest.role == model::ModelRole::generate ? " (this can take minutes)" : ""));
  if (manifest.role == model::ModelRole::generate) return probe_and_record_generator(context, store, manifest, value);
  RENVOI_TRY(const auto result, probe_embedder(context.config, manifest));
  RENVOI_CHECK(store.record_probe(manifest.name, false, result.summary));
  context.output.line(result.summary);
  value["probe"] = json_of(result);
  return {};
}

Result<void> run_add(Context& context, const AddModelOptions& options) {
  model::ModelStore store(models_folder(context.config));
  Progress progress(context.output);
  const SystemClock clock;
  auto added = store.add(options.file, options.name.empty() ? std::nullopt : std::optional(options.name), clock.now(),
                         [&](std::uint64_t done, std::uint64_t all) { progress.show("checking", done, all, "B", 0); });
  progress.finish();
  if (!added) return std::move(added).error();
  const model::ModelManifest& manifest = *added;
  context.output.line(fmt::format("{}: {} model, {}, sha256 {}", manifest.name,
                                  manifest.role == model::ModelRole::embed ? "embedding" : "generation",
                                  human_bytes(manifest.bytes), manifest.digest));
  Json value{{"model", json_of(manifest)}};
  if (!options.no_probe) RENVOI_CHECK(probe_and_record(context, store, manifest, value));
  context.output.value(value);
  return {};
}

Result<void> run_list(Context& context) {
  const model::ModelStore store(models_folder(context.config));
  std::vector<std::string> problems;
  RENVOI_TRY(const auto manifests, store.list(&problems));
  Json list = Json::array();
  for (const auto& manifest : manifests) {
    context.output.line(fmt::format("{:<36} {:<9} {:>9}  {}", manifest.name, to_string(manifest.role),
                                    human_bytes(manifest.bytes), manifest.digest.substr(0, 12)));
    const bool generates = manifest.role == model::ModelRole::generate;
    context.output.line(fmt::format("    {}", !manifest.probe_summary.empty() ? printable(manifest.probe_summary)
                                              : generates ? "not tested: run 'renvoi model probe " + manifest.name + "'"
                                                          : "not tested"));
    if (!generates) {
      const std::uint64_t bytes = table_bytes(manifest);
      context.output.line(bytes > 0 ? fmt::format("    first tier: {} of token vectors", human_bytes(bytes))
                                    : fmt::format("    no first tier: 'renvoi model distil {}' makes new documents "
                                                  "searchable at once",
                                                  manifest.name));
    }
    list.push_back(json_of(manifest));
  }
  Json value{{"models", list}, {"problems", problems}};
  if (!context.config.generate.endpoint.empty()) {
    auto files = io::real_file_system();
    const auto tested = read_probe(context.config, *files, endpoint_probe_key(context.config));
    context.output.line(
        fmt::format("{:<36} endpoint  {}", context.config.generate.model, context.config.generate.endpoint));
    context.output.line(
        fmt::format("    {}", tested ? printable(tested->summary) : "not tested: run 'renvoi model probe'"));
    value["endpoint"] = {{"url", context.config.generate.endpoint},
                         {"model", context.config.generate.model},
                         {"may_generate", distrust(context.config, tested, "").empty()},
                         {"probe", tested ? Json(tested->summary) : Json(nullptr)}};
  }
  for (const auto& problem : problems) context.output.note("renvoi: " + printable(problem));
  if (manifests.empty())
    context.output.line(
        "There are no models yet: they are added with the first source, or by 'renvoi model add FILE.gguf'.");
  context.output.value(value);
  return {};
}

Result<void> probe_endpoint(Context& context) {
  auto client_settings = client_options(context.config);
  net::HttpClient client(client_settings);
  RENVOI_TRY(auto generator, endpoint_generator(context.config, client));
  context.output.note(fmt::format("testing {} at {} ...", generator->name(), context.config.generate.endpoint));
  Json value = Json::object();
  answer::ProbeReport report;
  RENVOI_CHECK(probe_generator(context, *generator, endpoint_probe_key(context.config), value, report));
  context.output.value(value);
  return {};
}

Result<void> run_probe(Context& context, const std::string& name) {
  if (name.empty()) {
    if (!context.config.generate.endpoint.empty()) return probe_endpoint(context);
    return Error{ErrorCode::invalid,
                 "which model? Give a name of 'renvoi model list' (without one the endpoint of the "
                 "configuration is tested, and generate.endpoint is not set)"};
  }
  model::ModelStore store(models_folder(context.config));
  RENVOI_TRY(const auto manifests, store.list());
  const auto found =
      std::find_if(manifests.begin(), manifests.end(), [&](const auto& each) { return each.name == name; });
  if (found == manifests.end())
    return Error{ErrorCode::not_found, fmt::format("there is no model '{}': 'renvoi model list' lists them", name)};
  Json value{{"model", json_of(*found)}};
  RENVOI_CHECK(probe_and_record(context, store, *found, value));
  context.output.value(value);
  return {};
}

struct DistilOptions {
  std::string name;
  bool again = false;
};

Result<model::ModelManifest> model_to_distil(Context& context, const std::string& name) {
  model::ModelStore store(models_folder(context.config));
  const SystemClock clock;
  Config config = context.config;
  if (!name.empty()) config.embed.model = name;
  return choose_embedding_model(config, store, clock.now(), context.notify());
}

Result<void> run_distil(Context& context, const DistilOptions& options) {
  RENVOI_TRY(const auto manifest, model_to_distil(context, options.name));
  auto files = io::real_file_system();
  const std::filesystem::path table = model::table_file(manifest);
  if (!options.again) {
    if (const auto made = model::StaticTable::open(*files, table, manifest.digest)) {
      context.output.line(fmt::format("{} has its table already ({}); --again makes it anew", manifest.name,
                                      human_bytes(table_bytes(manifest))));
      context.output.value({{"model", json_of(manifest)}, {"made", false}});
      return {};
    }
  }
  model::DistilOptions distilling;
  distilling.llama.threads = context.config.embed.threads;
  distilling.llama.known_digest = manifest.digest;
  const std::stop_token stop =
      context.interrupts.stop_cleanly("\nStopping; the same command goes on from here. Ctrl-C again ends at once.\n");
  Progress progress(context.output);
  const auto report = model::distil(
      manifest.file, table, *files, distilling,
      [&](std::uint32_t done, std::uint32_t all) { progress.show("distilling", done, all, "tokens", 0); }, stop);
  progress.finish();
  if (!report && stop.stop_requested()) {
    context.output.note("Stopped. The same command goes on from here.");
    context.output.value({{"model", json_of(manifest)}, {"made", false}});
    context.exit_status = kExitInterrupted;
    return {};
  }
  if (!report) return report.error();
  context.output.line(fmt::format("{}: {} tokens, {}; documents that are added from now on are searchable at once",
                                  manifest.name, report->encoded, human_bytes(report->file_bytes)));
  context.output.value({{"model", json_of(manifest)},
                        {"made", true},
                        {"tokens", report->encoded},
                        {"resumed", report->resumed},
                        {"bytes", report->file_bytes}});
  return {};
}

}  // namespace

void declare_model_commands(CLI::App& app, Context& context) {
  CLI::App* group = add_command(app, "model", "The models that renvoi may use",
                                "  renvoi model list\n  renvoi model add mistral-7b-instruct-q4.gguf\n");
  group->require_subcommand(1);
  CLI::App* list = add_command(*group, "list", "List the models and what their test said", "");
  list->callback([&context] { context.run = [&context] { return run_list(context); }; });

  CLI::App* add =
      add_command(*group, "add", "Add a GGUF file and test it: a model may write answers only if it passes", "");
  auto options = std::make_shared<AddModelOptions>();
  add->add_option("FILE", options->file, "The .gguf file")->required();
  add->add_option("--name", options->name, "Its name here [the file's name]");
  add->add_flag("--no-probe", options->no_probe, "Do not test it; it then writes no answers unless asked to");
  add->callback([&context, options] { context.run = [&context, options] { return run_add(context, *options); }; });

  CLI::App* distil = add_command(
      *group, "distil", "Make the table that lets new documents be found before they are encoded (minutes, once)",
      "  renvoi model distil\n"
      "Interrupted with Ctrl-C, the same command goes on where it stopped. A running server uses it when it is started "
      "again.\n");
  auto distilled = std::make_shared<DistilOptions>();
  distil->add_option("NAME", distilled->name, "Name of an embedding model (the one in use when left out)");
  distil->add_flag("--again", distilled->again, "Even if there is one");
  distil->callback(
      [&context, distilled] { context.run = [&context, distilled] { return run_distil(context, *distilled); }; });

  CLI::App* probe = add_command(*group, "probe", "Test a model again, or the endpoint of the configuration", "");
  auto name = std::make_shared<std::string>();
  probe->add_option("NAME", *name, "Name of the model (the endpoint when left out)");
  probe->callback([&context, name] { context.run = [&context, name] { return run_probe(context, *name); }; });
}

}  // namespace renvoi::app
