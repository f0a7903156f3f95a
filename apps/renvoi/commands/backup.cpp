// snapshot, restore: copies of the collection, made while it is written, and their way back.
#include <fmt/format.h>

#include "commands/command.h"
#include "commands/stages.h"
#include "extract/document.h"
#include "json_view.h"
#include "search/backup.h"

namespace renvoi::app {
namespace {

struct RestoreOptions {
  std::string folder;
  bool force = false;
};

Json json_of(const search::SnapshotList& list) {
  return {{"made_at", json_time(list.made_at)},
          {"references", list.references},
          {"passages", list.passages},
          {"model_sha256", list.identity.model_digest},
          {"dimensions", list.identity.dimensions},
          {"extractor_version", list.identity.extractor_version},
          {"files", list.files.size()}};
}

Result<void> run_snapshot(Context& context, const std::string& folder) {
  const auto files = io::real_file_system();
  Progress progress(context.output);
  RENVOI_TRY(const auto report, search::make_snapshot(*files, SystemClock(), collection_folder(context.config), folder,
                                                      show_on(progress)));
  progress.finish();
  context.output.line(fmt::format("snapshot of {} and {} in {}: {} copied, {} shared with the collection",
                                  counted(report.list.references, "reference", "references"),
                                  counted(report.list.passages, "passage", "passages"), printable(folder),
                                  human_bytes(report.copied_bytes), human_bytes(report.linked_bytes)));
  if (report.linked_bytes > 0)
    context.output.note(
        "What is shared lies on the same disk: copy the folder elsewhere (cp -r, rsync) to outlive it.");
  Json value = json_of(report.list);
  value["folder"] = folder;
  value["copied_bytes"] = report.copied_bytes;
  value["linked_bytes"] = report.linked_bytes;
  context.output.value(value);
  return {};
}

// Whether the model store has the model that the index belongs to.
bool has_model(const Config& config, const std::string& digest) {
  const auto manifests = model::ModelStore(models_folder(config)).list();
  if (!manifests) return false;
  for (const auto& manifest : *manifests)
    if (manifest.digest == digest) return true;
  return false;
}

Result<void> run_restore(Context& context, const RestoreOptions& options) {
  const auto files = io::real_file_system();
  Progress progress(context.output);
  RENVOI_TRY(const auto report,
             search::restore_snapshot(*files, SystemClock(), options.folder, collection_folder(context.config),
                                      options.force ? search::Existing::set_aside : search::Existing::refuse,
                                      show_on(progress)));
  progress.finish();
  const bool model = has_model(context.config, report.list.identity.model_digest);
  const bool extractor = report.list.identity.extractor_version == extract::kExtractorVersion;
  context.output.line(
      fmt::format("restored: {} and {}, as of {}", counted(report.list.references, "reference", "references"),
                  counted(report.list.passages, "passage", "passages"), to_rfc3339(report.list.made_at)));
  if (report.set_aside)
    context.output.line(fmt::format("the collection that was there is now {}", printable(report.set_aside->string())));
  if (report.to_read_again > 0)
    context.output.line(fmt::format("{} being written at that moment: run 'renvoi sync'",
                                    counted(report.to_read_again, "document was", "documents were")));
  if (!model)
    context.output.line(
        fmt::format("it needs the embedding model with SHA-256 {}, which is not in the model store: add it "
                    "with 'renvoi model add FILE.gguf'",
                    report.list.identity.model_digest));
  if (!extractor)
    context.output.line(
        fmt::format("it was made with version {} of the extractor, this program has version {}: it serves, while "
                    "'renvoi encode', or a running server, reads its documents again",
                    report.list.identity.extractor_version, extract::kExtractorVersion));
  Json value = json_of(report.list);
  value["set_aside"] = report.set_aside ? Json(report.set_aside->string()) : Json(nullptr);
  value["to_read_again"] = report.to_read_again;
  value["model_present"] = model;
  value["extractor_fits"] = extractor;
  context.output.value(value);
  return {};
}

}  // namespace

void declare_backup_commands(CLI::App& app, Context& context) {
  CLI::App* snapshot = add_command(app, "snapshot", "Copy the collection into a folder, consistent while it is written",
                                   "  renvoi snapshot /backup/renvoi-monday\n"
                                   "It may run while a server does. Segments are linked where they can be, so that a\n"
                                   "snapshot on the same disk takes little space. Models and cache are not in it.\n");
  auto folder = std::make_shared<std::string>();
  snapshot->add_option("DIR", *folder, "A folder that does not exist yet, or is empty")->required();
  snapshot->callback(
      [&context, folder] { context.run = [&context, folder] { return run_snapshot(context, *folder); }; });

  CLI::App* restore = add_command(app, "restore", "Put a snapshot in the place of the collection",
                                  "  renvoi restore /backup/renvoi-monday\n"
                                  "Every digest is checked first. Until all is in place, nothing has changed.\n");
  auto options = std::make_shared<RestoreOptions>();
  restore->add_option("DIR", options->folder, "A folder that 'renvoi snapshot' has made")->required();
  restore->add_flag("--force", options->force, "Set a collection that is there aside (it is renamed, not deleted)");
  restore->callback(
      [&context, options] { context.run = [&context, options] { return run_restore(context, *options); }; });
}

}  // namespace renvoi::app
