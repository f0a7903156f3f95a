// doctor: is everything in order, and if not, what to do.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/command.h"
#include "keys.h"
#include "model/llama_model.h"
#include "model/static_table.h"
#include "net/http_server.h"

namespace renvoi::app {
namespace {

namespace fs = std::filesystem;
enum class Verdict : std::uint8_t { ok, warning, failure };

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string subject, detail, advice;
};
using Findings = std::vector<Finding>;

const char* name_of(Verdict verdict) {
  return verdict == Verdict::ok ? "ok" : verdict == Verdict::warning ? "warning" : "failure";
}

void check_data_folder(const Config& config, Findings& findings) {
  fs::path folder = config.data;
  std::error_code failed;
  while (!folder.empty() && folder != folder.root_path() && !fs::exists(folder, failed)) folder = folder.parent_path();
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    findings.push_back({Verdict::failure, "data folder", config.data.string() + " cannot be written",
                        fmt::format("give yourself {} (chown), or use another folder with --data", folder.string())});
  } else {
    findings.push_back({Verdict::ok, "data folder", config.data.string(), ""});
  }
  const auto space = fs::space(folder, failed);
  constexpr std::uintmax_t kComfortableBytes = 1'000'000'000;
  if (failed) {
    findings.push_back({Verdict::warning, "disk", "free space cannot be told: " + failed.message(), ""});
  } else {
    findings.push_back(
        {space.available < kComfortableBytes ? Verdict::warning : Verdict::ok, "disk",
         human_bytes(space.available) + " free",
         space.available < kComfortableBytes ? "free some space, or move the data folder with --data" : ""});
  }
}

void check_table(const model::ModelManifest& manifest, Findings& findings) {
  const auto files = io::real_file_system();
  const fs::path file = model::table_file(manifest);
  const std::string subject = "first tier of " + manifest.name;
  if (!files->exists(file)) {
    findings.push_back(
        {Verdict::ok, subject, "no table: new documents are searchable once they are encoded",
         fmt::format("optional: 'renvoi model distil {}' makes new documents searchable at once", manifest.name)});
  } else if (const auto table = model::StaticTable::open(*files, file, manifest.digest); !table) {
    findings.push_back({Verdict::failure, subject, table.error().message,
                        fmt::format("make it again: 'renvoi model distil {} --again'", manifest.name)});
  } else {
    findings.push_back({Verdict::ok, subject, human_bytes(table_bytes(manifest)) + " of token vectors", ""});
  }
}

void check_models(const Config& config, Findings& findings) {
  model::ModelStore store(models_folder(config));
  std::vector<std::string> problems;
  auto manifests = store.list(&problems);
  if (!manifests && manifests.error().code != ErrorCode::not_found) {
    findings.push_back(
        {Verdict::failure, "models", manifests.error().message, "check the permissions of the data folder"});
    return;
  }
  for (const auto& problem : problems)
    findings.push_back({Verdict::warning, "models", problem, "remove that folder, or add the model again"});
  bool embeds = false;
  for (const auto& manifest : manifests ? *manifests : std::vector<model::ModelManifest>()) {
    const auto verified = store.verify(manifest);
    if (!verified) {
      findings.push_back({Verdict::failure, "model " + manifest.name, verified.error().message,
                          fmt::format("remove {} and add the file again with 'renvoi model add'",
                                      manifest.file.parent_path().string())});
      continue;
    }
    embeds = embeds || manifest.role == model::ModelRole::embed;
    if (manifest.role == model::ModelRole::embed) check_table(manifest, findings);
    const bool untested = manifest.role == model::ModelRole::generate && manifest.probe_summary.empty();
    findings.push_back(
        {untested ? Verdict::warning : Verdict::ok, "model " + manifest.name,
         fmt::format("{}, {}, as it was added{}", to_string(manifest.role), human_bytes(manifest.bytes),
                     manifest.probe_summary.empty() ? "" : "; test: " + manifest.probe_summary),
         untested ? fmt::format("it writes no answers until it passes 'renvoi model probe {}'", manifest.name) : ""});
  }
  if (embeds) return;
  if (const auto bundled = bundled_model("multilingual-e5-small-q4_0.gguf")) {
    findings.push_back(
        {Verdict::ok, "embedding model", bundled->filename().string() + " will be added when it is first needed", ""});
  } else {
    findings.push_back({Verdict::failure, "embedding model", "there is none",
                        "run './dev setup' in the sources, or 'renvoi model add FILE.gguf'"});
  }
}

void check_collection(const Config& config, Findings& findings) {
  std::error_code failed;
  if (!fs::exists(collection_folder(config) / "catalog.db", failed)) {
    findings.push_back(
        {Verdict::ok, "collection", "empty: nothing has been added yet", "start with 'renvoi add FOLDER-OR-URL'"});
    return;
  }
  auto engine = Engine::open(config, Access::read, {});
  if (!engine) {
    findings.push_back({Verdict::failure, "collection", engine.error().message,
                        fmt::format("if it cannot be repaired: move {} away and add the sources again",
                                    collection_folder(config).string())});
    return;
  }
  if (auto sound = (*engine)->collection().check(); !sound) {
    findings.push_back({Verdict::failure, "index", sound.error().message,
                        fmt::format("restore {} from a backup, or move it away and add the sources again",
                                    collection_folder(config).string())});
    return;
  }
  const auto stats = (*engine)->collection().stats();
  findings.push_back(
      {Verdict::ok, "collection",
       fmt::format("{} pages, {} passages, every block checked", stats.full.references + stats.first.references,
                   stats.full.passages + stats.first.passages),
       ""});
  if (const EmbeddingModel* next = (*engine)->next_model(); next != nullptr) {
    const auto change = (*engine)->collection().change().value_or(search::Collection::ChangeStatus{});
    const std::uint64_t all = change.documents_done == 0 && change.documents_waiting == 0
                                  ? stats.full.references + stats.first.references  // no writer has begun it yet
                                  : change.documents_done + change.documents_waiting;
    findings.push_back({Verdict::ok, "change of the model",
                        fmt::format("to {}, extractor {}: {} of {} encoded; until then {} serves", next->manifest.name,
                                    next->identity.extractor_version, change.documents_done,
                                    counted(all, "page", "pages"), (*engine)->embedding_model().name),
                        fmt::format("a running server does it by itself, 'renvoi encode' now; to return: embed.model = "
                                    "\"{}\"",
                                    (*engine)->embedding_model().name)});
  }
  if (stats.first.references > 0) {
    findings.push_back({Verdict::ok, "first tier",
                        fmt::format("{} of these pages wait to be encoded", stats.first.references),
                        "a running server does it by itself, 'renvoi encode' now"});
  }
}

void check_keys(const Config& config, Findings& findings) {
  auto files = io::real_file_system();
  const fs::path file = config.data / "keys.json";
  KeyRing ring(*files, file);
  const auto keys = ring.list();
  const bool exposed = !net::is_loopback(config.server.address);
  if (!keys) {
    findings.push_back({Verdict::failure, "API keys", keys.error().message, ""});
    return;
  }
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    findings.push_back(
        {Verdict::warning, "API keys", file.string() + " can be read by others", "chmod 600 " + file.string()});
  } else if (keys->empty() && exposed) {
    findings.push_back({Verdict::failure, "API keys",
                        "the server is to listen on " + config.server.address + " and there is no key",
                        "make one with 'renvoi key new NAME'"});
  } else {
    findings.push_back({Verdict::ok, "API keys", counted(keys->size(), "key", "keys"), ""});
  }
}

void check_port(const Config& config, Findings& findings) {
  net::HttpServer::Options options;
  options.address = config.server.address;
  options.port = config.server.port;
  options.handler_threads = 1;
  const std::string subject = fmt::format("port {}", config.server.port);
  auto server = net::HttpServer::start(options, [](const net::ServerRequest&, net::ResponseWriter& response) {
    response.send(503, "text/plain", "renvoi doctor is testing this port\n");
  });
  if (server) {
    findings.push_back({Verdict::ok, subject, "free on " + config.server.address, ""});
  } else {
    findings.push_back({Verdict::warning, subject, server.error().message,
                        "stop what uses it (is renvoi serving already?), or serve with --port"});
  }
}

void check_certificates(const Config& config, Findings& findings) {
  std::error_code failed;
  const fs::path system = "/etc/ssl/certs/ca-certificates.crt";
  if (!config.fetch.ca_bundle.empty() && !fs::exists(config.fetch.ca_bundle, failed)) {
    findings.push_back(
        {Verdict::failure, "certificates", config.fetch.ca_bundle + " does not exist", "correct fetch.ca_bundle"});
  } else if (!fs::exists(system, failed)) {
    findings.push_back({Verdict::warning, "certificates", "no CA certificates: https sites cannot be read",
                        "apt-get install ca-certificates"});
  } else {
    findings.push_back({Verdict::ok, "certificates", system.string(), ""});
  }
}

Result<void> run_doctor(Context& context) {
  Findings findings;
  findings.push_back({Verdict::ok, "configuration",
                      context.config.file.empty() ? "no file: defaults" : context.config.file.string(), ""});
  check_data_folder(context.config, findings);
  check_models(context.config, findings);
  check_collection(context.config, findings);
  check_keys(context.config, findings);
  check_port(context.config, findings);
  check_certificates(context.config, findings);
  bool sound = true;
  Json list = Json::array();
  for (const auto& finding : findings) {
    sound = sound && finding.verdict != Verdict::failure;
    context.output.line(
        fmt::format("{:<8} {}: {}", name_of(finding.verdict), printable(finding.subject), printable(finding.detail)));
    if (!finding.advice.empty()) context.output.line(fmt::format("         -> {}", printable(finding.advice)));
    list.push_back({{"verdict", name_of(finding.verdict)},
                    {"subject", finding.subject},
                    {"detail", finding.detail},
                    {"advice", finding.advice}});
  }
  context.output.value({{"ok", sound}, {"findings", list}});
  if (!sound) context.exit_status = kExitProblems;
  return {};
}

}  // namespace

void declare_doctor_command(CLI::App& app, Context& context) {
  CLI::App* doctor =
      add_command(app, "doctor", "Check models, disk, permissions, ports and the index, and say what to do", "");
  doctor->callback([&context] { context.run = [&context] { return run_doctor(context); }; });
}

}  // namespace renvoi::app
