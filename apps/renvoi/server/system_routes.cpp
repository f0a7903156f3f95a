// /api/stats, /healthz, /metrics, /openapi.json, and the web interface.
#include <fmt/format.h>

#include <algorithm>

#include "json_view.h"
#include "net/percent.h"
#include "server/application.h"
#include "server/assets.h"
#include "statistics.h"

namespace renvoi::app {
namespace {

void stats(Application& application, const Exchange& exchange) {
  const auto all = gather_statistics(application.engine);
  if (!all) return exchange.reply.error(all.error());
  Json value = json_of(*all, application.engine);
  value["resident_memory_bytes"] = resident_memory_bytes();
  value["version"] = RENVOI_VERSION;
  // What a page may offer to ask with.
  const auto& settings = application.engine.config();
  Json scopes = Json::array({"index"}), modes = Json::array({"extractive"});
  if (!settings.web.endpoint.empty()) scopes.insert(scopes.end(), {"web", "auto"});
  if (application.engine.has_generator()) modes.push_back("generative");
  value["ask"] = {{"scopes", scopes},
                  {"default_scope", settings.answer.scope},
                  {"modes", modes},
                  {"feedback", settings.server.keep_feedback}};
  exchange.reply.json(200, value);
}

// Open to everybody: it says that the server is up and can read its catalogue, and nothing else.
void health(Application& application, const Exchange& exchange) {
  const auto counts = application.engine.collection().catalog().counts();
  if (!counts) return exchange.reply.json(503, {{"status", "failing"}});
  exchange.reply.json(200, {{"status", "ok"}});
}

// By source and state, and what happened today, so that a day's numbers are the largest of that day.
Result<std::string> reference_metrics(Engine& engine) {
  constexpr Timestamp kDay_s = 86'400;
  catalog::Catalog& catalog = engine.collection().catalog();
  RENVOI_TRY(const auto by_source, catalog.counts_by_source());
  RENVOI_TRY(const auto today, catalog.counts_by_day(engine.clock().now() / kDay_s * kDay_s));
  std::string text =
      "# HELP renvoi_source_references References by source and state.\n# TYPE renvoi_source_references gauge\n";
  for (const auto& of : by_source)
    for (std::size_t state = 0; state < std::size(of.references_by_state); ++state)
      text += fmt::format("renvoi_source_references{{source=\"{}\",state=\"{}\"}} {}\n", to_number(of.source),
                          to_string(static_cast<catalog::ReferenceState>(state)), of.references_by_state[state]);
  text +=
      "# HELP renvoi_reference_events_today What happened to references since midnight UTC, by source (0: it is no "
      "more).\n# TYPE renvoi_reference_events_today gauge\n";
  for (const auto& count : today)
    text += fmt::format("renvoi_reference_events_today{{source=\"{}\",event=\"{}\"}} {}\n", to_number(count.source),
                        count.event, count.number);
  return text;
}

void metrics(Application& application, const Exchange& exchange) {
  const auto all = gather_statistics(application.engine);
  if (!all) return exchange.reply.error(all.error());
  const auto of_references = reference_metrics(application.engine);
  if (!of_references) return exchange.reply.error(of_references.error());
  using State = catalog::ReferenceState;
  std::string text = application.metrics.text();
  const auto gauge = [&](const char* name, const char* help, auto value) {
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
  };
  gauge("renvoi_pages", "Pages that the index holds.", all->index.references);
  gauge("renvoi_passages", "Passages that the index holds.", all->index.passages);
  gauge("renvoi_text_bytes", "Bytes of text that the passages stand for.", all->counts.text_bytes);
  gauge("renvoi_index_bytes", "Bytes of the index on disk.", all->disk.index_bytes);
  gauge("renvoi_catalog_bytes", "Bytes of the catalogue on disk.", all->disk.catalog_bytes);
  gauge("renvoi_fitted_bytes", "Bytes of the tables fitted to the collection, and of their sample, on disk.",
        all->disk.fitted_bytes);
  gauge("renvoi_cache_bytes", "Bytes of the document cache on disk.", all->disk.cache_bytes);
  gauge("renvoi_jobs_active", "Sources that wait or are being read.", application.jobs.active());
  gauge("process_resident_memory_bytes", "Resident memory of the process.", resident_memory_bytes());
  text += "# HELP renvoi_queries_total Queries by what made their vector.\n# TYPE renvoi_queries_total counter\n";
  for (const auto& [by, count] :
       {std::pair{"words", all->queries.words}, {"encoder", all->queries.encoder}, {"table", all->queries.table}})
    text += fmt::format("renvoi_queries_total{{by=\"{}\"}} {}\n", by, count);
  text += "# HELP renvoi_references References by state.\n# TYPE renvoi_references gauge\n";
  for (const State state : {State::live, State::suspect, State::gone, State::host_down, State::blocked, State::moved}) {
    text += fmt::format("renvoi_references{{state=\"{}\"}} {}\n", to_string(state),
                        all->counts.references_by_state[static_cast<std::size_t>(state)]);
  }
  text += *of_references;
  exchange.reply.text(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text),
                      {{"Cache-Control", "no-store"}});
}

std::string_view media_type(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                             {".js", "text/javascript; charset=utf-8"},
                                                                             {".css", "text/css; charset=utf-8"},
                                                                             {".svg", "image/svg+xml"},
                                                                             {".png", "image/png"},
                                                                             {".ico", "image/x-icon"},
                                                                             {".woff2", "font/woff2"},
                                                                             {".json", "application/json"}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

void send_asset(const Exchange& exchange, std::string_view name) {
  const auto& assets = embedded_assets();
  const auto found = std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.name == name; });
  if (found != assets.end()) {
    net::ResponseWriter::Headers headers{{"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
    const bool compressed = exchange.request.header("accept-encoding").find("gzip") != std::string::npos;
    if (compressed) headers.emplace_back("Content-Encoding", "gzip");
    return exchange.reply.text(200, media_type(name), std::string(compressed ? found->gzip : found->bytes),
                               std::move(headers));
  }
  exchange.reply.error(ApiError{
      404,
      assets.empty() ? "this build has no web interface: run ./dev setup and build again; the API is at /api and /v1"
                     : fmt::format("there is no file {}", printable(name)),
      "not_found_error", "not_found"});
}

void openapi(Application&, const Exchange& exchange) {
  exchange.reply.text(200, "application/json", std::string(embedded_openapi()), {{"Cache-Control", "no-cache"}});
}

// "/?q=..." asks. A browser that runs no script goes on to the page that needs none.
void page(Application&, const Exchange& exchange) {
  const auto asked = exchange.request.query.find("q");
  const auto& assets = embedded_assets();
  const auto found =
      std::find_if(assets.begin(), assets.end(), [](const Asset& asset) { return asset.name == "index.html"; });
  if (asked == exchange.request.query.end() || found == assets.end()) return send_asset(exchange, "index.html");
  constexpr std::string_view kMark = "<!--without-script-->";
  std::string html(found->bytes);
  if (const auto at = html.find(kMark); at != std::string::npos)
    html.replace(at, kMark.size(),
                 fmt::format("<noscript><meta http-equiv=\"refresh\" content=\"0; url=/ask?q={}\"></noscript>",
                             net::percent_encode(asked->second, " \"<>'&%+#;")));
  exchange.reply.text(200, "text/html; charset=utf-8", std::move(html), {{"Cache-Control", "no-cache"}});
}
void asset(Application&, const Exchange& exchange) { send_asset(exchange, exchange.id); }

}  // namespace

void add_system_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/stats", KeyRole::read, stats});
  routes.push_back({"GET", "/healthz", {}, health});
  routes.push_back({"GET", "/metrics", KeyRole::read, metrics});
  routes.push_back({"GET", "/openapi.json", {}, openapi});
  routes.push_back({"GET", "/", {}, page});
  routes.push_back({"GET", "/assets/*", {}, asset});
}

}  // namespace renvoi::app
