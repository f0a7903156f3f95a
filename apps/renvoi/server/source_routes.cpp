// /api/sources: what the collection is made of, added and removed while it serves.
#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "crawl/sync.h"
#include "json_view.h"
#include "server/application.h"
#include "server/preview.h"

namespace renvoi::app {
namespace {

Json json_with_job(Application& application, const catalog::Source& source) {
  Json value = json_of(source);
  const auto job = application.jobs.find(source.id);
  value["job"] = job ? json_of(*job) : Json(nullptr);
  return value;
}

void list(Application& application, const Exchange& exchange) {
  const auto sources = application.engine.collection().catalog().sources();
  if (!sources) return exchange.reply.error(sources.error());
  Json all = Json::array();
  for (const auto& source : *sources) all.push_back(json_with_job(application, source));
  exchange.reply.json(200, {{"sources", all}});
}

Result<catalog::Source> source_with_id(Application& application, const std::string& id) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number == 0) {
    return Error{ErrorCode::invalid, fmt::format("'{}' is not the number of a source", printable(id))};
  }
  auto source = application.engine.collection().catalog().source(static_cast<SourceId>(number));
  if (!source && source.error().code == ErrorCode::not_found)
    return Error{ErrorCode::not_found, fmt::format("there is no source {}", number)};
  return source;
}

void show(Application& application, const Exchange& exchange) {
  const auto source = source_with_id(application, exchange.id);
  if (!source) return exchange.reply.error(source.error());
  const auto counts = application.engine.collection().catalog().counts(source->id);
  if (!counts) return exchange.reply.error(counts.error());
  Json value = json_with_job(application, *source);
  Json states = Json::object();
  for (std::size_t state = 0; state < std::size(counts->references_by_state); ++state) {
    const std::uint64_t number = counts->references_by_state[state];
    if (number > 0) states[std::string(to_string(static_cast<catalog::ReferenceState>(state)))] = number;
  }
  value["pages"] = counts->indexed;
  value["passages"] = counts->passages;
  value["references_by_state"] = states;
  exchange.reply.json(200, value);
}

struct AddRequest {
  std::string address;
  std::optional<catalog::SourceKind> kind;
  catalog::SourcePolicy policy;
  bool force = false;
};

std::optional<ApiError> read_add(const Json& body, const Config& config, AddRequest& add) {
  Fields fields(body, "");
  add.policy = config.source;
  auto& policy = add.policy;
  constexpr std::uint64_t kMost = 0xFFFFFFFF;
  add.address = fields.required_text("address");
  const std::string kind =
      fields.choice("kind", "", {"folder", "file", "url", "site", "sitemap", "feed", "list", "opml", "archive"});
  if (!kind.empty()) add.kind = catalog::parse_source_kind(kind);
  const std::string retention = fields.choice("retention", "", {"none", "text", "page"});
  if (!retention.empty()) policy.retention = *catalog::parse_retention(retention);
  policy.allow_private_addresses = fields.boolean("allow_private_addresses", false);
  policy.obey_robots = fields.boolean("obey_robots", true);
  policy.max_depth = static_cast<std::uint32_t>(fields.number("max_depth", policy.max_depth, 0, kMost));
  policy.max_pages = static_cast<std::uint32_t>(fields.number("max_pages", policy.max_pages, 1, kMost));
  policy.min_delay_ms = static_cast<std::uint32_t>(fields.number("min_delay_ms", policy.min_delay_ms, 0, kMost));
  policy.revisit_after_s = static_cast<std::int64_t>(
      fields.number("revisit_after_s", static_cast<std::uint64_t>(policy.revisit_after_s), 0, kMost));
  policy.path_prefix = fields.text("path_prefix", policy.path_prefix);
  policy.use_sitemaps = fields.boolean("use_sitemaps", policy.use_sitemaps);
  policy.requests_per_minute =
      static_cast<std::uint32_t>(fields.number("requests_per_minute", policy.requests_per_minute, 0, kMost));
  policy.serve_gone = fields.boolean("serve_gone", policy.serve_gone);
  add.force = fields.boolean("force", false);
  if (add.address.empty()) fields.refuse("address", "is empty");
  return fields.problem();
}

// A key that may write must not be able to read this machine's files or its network.
bool needs_admin(const catalog::Source& source) {
  return source.kind == catalog::SourceKind::folder || source.kind == catalog::SourceKind::file ||
         source.policy.allow_private_addresses || !source.policy.obey_robots ||
         !(source.address.starts_with("http://") || source.address.starts_with("https://"));
}

// The source that a body describes, if whoever asks may add it; nothing after having replied with what is wrong.
std::optional<catalog::Source> read_source(Application& application, const Exchange& exchange, AddRequest& request) {
  const auto refuse = [&](const ApiError& error) {
    exchange.reply.error(error);
    return std::nullopt;
  };
  const auto body = read_body(exchange);
  if (!body) return std::nullopt;
  if (auto problem = read_add(*body, application.engine.config(), request)) return refuse(*problem);
  const ApiError refused{
      403,
      "folders and files of the server, private addresses and sites without robots.txt need a key with the role admin",
      "permission_error", "role", "address"};
  // Before the file system is looked at: the answer must not tell what exists on it.
  const bool on_the_web = request.address.starts_with("http://") || request.address.starts_with("https://");
  if (!on_the_web && !exchange.allows(KeyRole::admin)) return refuse(refused);
  auto described = crawl::describe_source(request.address, request.kind, request.policy);
  if (!described) {
    ApiError problem = api_error(described.error());
    problem.param = "address";
    return refuse(problem);
  }
  if (needs_admin(*described) && !exchange.allows(KeyRole::admin)) return refuse(refused);
  if (!request.kind) *described = application.engine.recognise(*described);
  return std::move(described).value();
}

void preview(Application& application, const Exchange& exchange) {
  AddRequest request;
  const auto described = read_source(application, exchange, request);
  if (!described) return;
  const auto found = preview_source(application.engine, *described, {});
  if (!found) return exchange.reply.error(found.error());
  Json pages = Json::array(), problems = Json::array();
  for (const Preview::Page& page : found->pages)
    pages.push_back({{"address", page.address},
                     {"title", page.title},
                     {"language", page.language},
                     {"type", page.type.empty() ? Json(nullptr) : Json(page.type)},
                     {"passages", page.passages}});
  for (const auto& each : found->problems) problems.push_back({{"address", each.address}, {"reason", each.reason}});
  exchange.reply.json(200, {{"kind", std::string(to_string(described->kind))},
                            {"address", described->address},
                            {"policy", json_of(described->policy)},
                            {"pages", pages},
                            {"waiting", found->waiting},
                            {"waiting_count", found->waiting_count},
                            {"problems", problems},
                            {"complete", found->complete},
                            {"seconds", found->seconds}});
}

void add(Application& application, const Exchange& exchange) {
  AddRequest request;
  auto described = read_source(application, exchange, request);
  if (!described) return;
  described->added_at = application.engine.clock().now();
  const auto source = application.engine.collection().catalog().add_source(*described);
  if (!source) return exchange.reply.error(source.error());
  if (const auto started = application.jobs.start(source->id, {.force = request.force}); !started)
    return exchange.reply.error(started.error());
  exchange.reply.json(202, json_with_job(application, *source));
}

void sync(Application& application, const Exchange& exchange) {
  const auto source = source_with_id(application, exchange.id);
  if (!source) return exchange.reply.error(source.error());
  Engine::Pass pass;
  if (!exchange.request.body.empty()) {
    const auto body = read_body(exchange);
    if (!body) return;
    Fields fields(*body, "");
    pass.force = fields.boolean("force", false);
    pass.accept_deaths = fields.boolean("accept_deaths", false);
    if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  }
  if (const auto started = application.jobs.start(source->id, pass); !started)
    return exchange.reply.error(started.error());
  exchange.reply.json(202, json_with_job(application, *source));
}

void stop(Application& application, const Exchange& exchange) {
  const auto source = source_with_id(application, exchange.id);
  if (!source) return exchange.reply.error(source.error());
  if (const auto stopped = application.jobs.stop(source->id); !stopped) return exchange.reply.error(stopped.error());
  exchange.reply.json(202, json_with_job(application, *source));
}

void remove(Application& application, const Exchange& exchange) {
  const auto source = source_with_id(application, exchange.id);
  if (!source) return exchange.reply.error(source.error());
  application.jobs.cancel(source->id);
  const auto removed = application.engine.collection().remove_source(source->id);
  if (!removed) return exchange.reply.error(removed.error());
  if (auto* fitter = application.engine.fitter())
    if (const auto forgotten = fitter->forget_missing(); !forgotten) return exchange.reply.error(forgotten.error());
  exchange.reply.json(200, {{"removed", to_number(source->id)}});
}

}  // namespace

void add_source_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/sources", KeyRole::read, list});
  routes.push_back({"POST", "/api/sources", KeyRole::write, add});
  routes.push_back({"GET", "/api/sources/{id}", KeyRole::read, show});
  routes.push_back({"POST", "/api/sources/{id}/sync", KeyRole::write, sync});
  routes.push_back({"POST", "/api/sources/{id}/stop", KeyRole::write, stop});
  routes.push_back({"POST", "/api/sources/preview", KeyRole::write, preview});
  routes.push_back({"DELETE", "/api/sources/{id}", KeyRole::write, remove});
}

}  // namespace renvoi::app
