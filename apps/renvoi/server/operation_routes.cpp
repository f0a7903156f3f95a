// /api/operations, /api/settings and /api/models: how the server does, how it is set, and what it thinks with.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cstdlib>
#include <thread>

#include "json_view.h"
#include "models.h"
#include "probes.h"
#include "server/application.h"
#include "statistics.h"

namespace renvoi::app {
namespace {

Json json_of(const Metrics::RouteFigures& figures) {
  return {{"route", figures.route},
          {"method", figures.method},
          {"requests", figures.requests},
          {"client_errors", figures.client_errors},
          {"server_errors", figures.server_errors},
          {"p50_ms", figures.p50_s * 1e3},
          {"p95_ms", figures.p95_s * 1e3},
          {"p99_ms", figures.p99_s * 1e3}};
}

Json disk_of(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return nullptr;
  const std::uint64_t block = disk.f_frsize;
  return {{"total_bytes", block * disk.f_blocks}, {"free_bytes", block * disk.f_bavail}};
}

void operations(Application& application, const Exchange& exchange) {
  Engine& engine = application.engine;
  const auto all = gather_statistics(engine);
  if (!all) return exchange.reply.error(all.error());
  Json routes = Json::array();
  for (const auto& figures : application.metrics.routes()) routes.push_back(json_of(figures));
  double load[3]{};
  const bool has_load = ::getloadavg(load, 3) == 3;
  const auto& server = engine.config().server;
  exchange.reply.json(200, {{"version", RENVOI_VERSION},
                            {"started_at", json_time(application.started_at)},
                            {"now", json_time(engine.clock().now())},
                            {"load", has_load ? Json(std::vector<double>(load, load + 3)) : Json(nullptr)},
                            {"cores", std::thread::hardware_concurrency()},
                            {"resident_memory_bytes", resident_memory_bytes()},
                            {"requests_running", application.running()},
                            {"requests_at_once", server.handler_threads},
                            {"requests_may_wait", server.max_queued_requests},
                            {"sources_waiting", application.jobs.active()},
                            {"passages_to_encode", all->first_tier_passages},
                            {"routes", routes},
                            {"disk", disk_of(engine.config().data)},
                            {"bytes",
                             {{"text", all->counts.text_bytes},
                              {"index", all->disk.index_bytes},
                              {"catalog", all->disk.catalog_bytes},
                              {"fitted", all->disk.fitted_bytes},
                              {"cache", all->disk.cache_bytes},
                              {"cache_most", engine.config().answer.cache_bytes}}}});
}

void settings(Application& application, const Exchange& exchange) {
  const Config& config = application.engine.config();
  Json all = Json::array();
  for (const EffectiveSetting& each : effective_settings(config))
    all.push_back({{"name", each.name},
                   {"value", each.value},
                   {"default", each.usual},
                   {"is_default", each.value == each.usual}});
  exchange.reply.json(200, {{"file", config.file.string()}, {"data", config.data.string()}, {"settings", all}});
}

// Without the file: a reader's key is not to tell how the server's disk is laid out.
Json without_path(const model::ModelManifest& manifest) {
  Json value = renvoi::app::json_of(manifest);
  value.erase("file");
  return value;
}

void models(Application& application, const Exchange& exchange) {
  Engine& engine = application.engine;
  const auto all = gather_statistics(engine);
  if (!all) return exchange.reply.error(all.error());
  std::vector<std::string> problems;
  const auto list = model::ModelStore(models_folder(engine.config())).list(&problems);
  if (!list) return exchange.reply.error(list.error());
  Json store = Json::array();
  for (const auto& manifest : *list) {
    Json value = without_path(manifest);
    value.update(trust_view(engine.config(), engine.files(), manifest));
    value["answers"] = manifest.digest == engine.embedding_model().digest ||
                       (engine.generation_model() && engine.generation_model()->digest == manifest.digest);
    store.push_back(std::move(value));
  }
  const auto& generate = engine.config().generate;
  exchange.reply.json(200, {{"models", store},
                            {"problems", problems},
                            {"endpoint", endpoint_view(engine.config(), engine.files())},
                            {"index",
                             {{"model", engine.embedding_model().name},
                              {"digest", engine.embedding_model().digest},
                              {"dimensions", engine.embedder().dimensions()},
                              {"passages", all->index.passages},
                              {"first_tier_passages", all->first_tier_passages},
                              {"first_tier", all->table.exists}}},
                            {"model_change", json_of_change(*all, engine)},
                            {"generation",
                             {{"model", engine.has_generator() ? Json(engine.generator_name()) : Json(nullptr)},
                              {"endpoint", !generate.endpoint.empty()},
                              {"default_mode", std::string(to_string(engine.default_mode()))}}}});
}

}  // namespace

void add_operation_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/operations", KeyRole::read, operations});
  routes.push_back({"GET", "/api/settings", KeyRole::admin, settings});
  routes.push_back({"GET", "/api/models", KeyRole::read, models});
}

}  // namespace renvoi::app
