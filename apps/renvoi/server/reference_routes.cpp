// /api/references: one reference by number or address with its audit trail, lists of them, counts, and pins.
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "answer/look.h"
#include "answer/time_limit.h"
#include "base/date.h"
#include "json_view.h"
#include "pinning.h"
#include "reference_view.h"
#include "server/application.h"
#include "server/filter_fields.h"

namespace renvoi::app {
namespace {

constexpr std::uint64_t kUsualLimit = 100;
constexpr std::uint64_t kMostListed = 1'000;
constexpr std::uint64_t kUsualDays = 7;
constexpr std::uint64_t kMostDays = 400;
constexpr Timestamp kDay_s = 86'400;

void reply_with(Application& application, const Exchange& exchange, const std::string& text) {
  Engine& engine = application.engine;
  const auto view = view_reference(engine.collection().catalog(), engine.config(), text, engine.clock().now());
  if (!view) return exchange.reply.error(view.error());
  exchange.reply.json(200, json_of(*view));
}

void by_number(Application& application, const Exchange& exchange) { reply_with(application, exchange, exchange.id); }

Json listed(const catalog::Reference& reference) {
  return {{"id", to_number(reference.id)},
          {"source", to_number(reference.source)},
          {"address", reference.address},
          {"title", reference.title},
          {"language", reference.language},
          {"type", reference.type.empty() ? Json(nullptr) : Json(reference.type)},
          {"date", json_time(reference.date)},
          {"state", std::string(to_string(reference.state))},
          {"state_since", json_time(reference.state_since)},
          {"reason", reference.reason},
          {"in_answers", catalog::is_showable(reference)},
          {"checked_at", json_time(reference.checked_at)},
          {"next_check_at", json_time(reference.next_check_at)},
          {"passages", reference.passages}};
}

// "r123": after reference 123. Nothing when it is none of ours.
std::optional<ReferenceId> parse_cursor(const std::string& cursor) {
  std::uint32_t number = 0;
  if (!cursor.starts_with('r')) return std::nullopt;
  const auto [end, error] = std::from_chars(cursor.data() + 1, cursor.data() + cursor.size(), number);
  if (error != std::errc() || end != cursor.data() + cursor.size()) return std::nullopt;
  return static_cast<ReferenceId>(number);
}

void list(Application& application, const Exchange& exchange) {
  const Json body = json_of_query(exchange.request.query, {"limit"});
  Fields fields(body, "");
  const catalog::ReferenceFilter filter = read_reference_filter(fields);
  const auto limit = static_cast<std::size_t>(fields.number("limit", kUsualLimit, 1, kMostListed));
  const auto after = parse_cursor(fields.text("cursor", "r0"));
  if (!after) fields.refuse("cursor", "must be the value of `next` of an answer before");
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto found = application.engine.collection().catalog().list(filter, *after, limit);
  if (!found) return exchange.reply.error(found.error());
  Json references = Json::array();
  for (const catalog::Reference& reference : found->references) references.push_back(listed(reference));
  const bool more = found->next != ReferenceId::none;
  exchange.reply.json(200, {{"references", references},
                            {"next", more ? Json(fmt::format("r{}", to_number(found->next))) : Json(nullptr)}});
}

void by_address_or_list(Application& application, const Exchange& exchange) {
  const auto& query = exchange.request.query;
  const auto address = query.find("address");
  if (address == query.end()) return list(application, exchange);
  if (address->second.empty() || query.size() > 1)
    return exchange.reply.error(
        Error{ErrorCode::invalid, "say which one: /api/references?address=URL; a list has no address (see `text`)"});
  reply_with(application, exchange, address->second);
}

void counts(Application& application, const Exchange& exchange) {
  const Json body = json_of_query(exchange.request.query, {"days"});
  Fields fields(body, "");
  const std::uint64_t days = fields.number("days", kUsualDays, 1, kMostDays);
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  catalog::Catalog& catalog = application.engine.collection().catalog();
  const Timestamp today = application.engine.clock().now() / kDay_s;
  const Timestamp since = (today - static_cast<Timestamp>(days) + 1) * kDay_s;
  const auto all = catalog.counts();
  const auto by_source = catalog.counts_by_source();
  const auto by_day = catalog.counts_by_day(since);
  const auto trail_since = catalog.trail_since();
  for (const Error* error : {all ? nullptr : &all.error(), by_source ? nullptr : &by_source.error(),
                             by_day ? nullptr : &by_day.error(), trail_since ? nullptr : &trail_since.error()})
    if (error != nullptr) return exchange.reply.error(*error);
  Json sources = Json::array(), events = Json::array();
  for (const catalog::SourceCounts& of : *by_source)
    sources.push_back(
        {{"source", to_number(of.source)}, {"references_by_state", json_by_state(of.references_by_state)}});
  for (const catalog::DayCount& count : *by_day)
    events.push_back({{"day", to_date(Timestamp{count.day} * kDay_s)},
                      {"source", count.source == SourceId::none ? Json(nullptr) : Json(to_number(count.source))},
                      {"event", count.event},
                      {"number", count.number}});
  exchange.reply.json(200, {{"references_by_state", json_by_state(all->references_by_state)},
                            {"sources", sources},
                            {"events", events},
                            {"events_since", json_time(std::max(since, *trail_since))}});
}

void pin(Application& application, const Exchange& exchange, bool pinned) {
  Engine& engine = application.engine;
  const auto view = view_reference(engine.collection().catalog(), engine.config(), exchange.id, engine.clock().now());
  if (!view) return exchange.reply.error(view.error());
  if (const auto done = set_pinned(engine, view->reference, pinned); !done) return exchange.reply.error(done.error());
  exchange.reply.json(200, {{"id", to_number(view->reference.id)}, {"pinned", pinned}});
}

// As an answer would look at it: now, out of turn; what it learns is written down.
void check(Application& application, const Exchange& exchange) {
  Engine& engine = application.engine;
  const auto view = view_reference(engine.collection().catalog(), engine.config(), exchange.id, engine.clock().now());
  if (!view) return exchange.reply.error(view.error());
  const answer::TimeLimit limit({}, engine.config().answer.fetch_timeout_ms);
  (void)answer::look_again(engine.evidence_reader(), view->reference, limit.token());
  reply_with(application, exchange, exchange.id);
}

void forget(Application& application, const Exchange& exchange) {
  Engine& engine = application.engine;
  const auto view = view_reference(engine.collection().catalog(), engine.config(), exchange.id, engine.clock().now());
  if (!view) return exchange.reply.error(view.error());
  const auto removed = engine.collection().remove_reference(view->reference.id, "removed by hand");
  if (!removed) return exchange.reply.error(removed.error());
  engine.cache().remove(view->reference.id);
  if (auto* fitter = engine.fitter())
    if (const auto forgotten = fitter->forget_missing(); !forgotten) return exchange.reply.error(forgotten.error());
  exchange.reply.json(200, {{"removed", to_number(view->reference.id)}});
}

void pin_it(Application& application, const Exchange& exchange) { pin(application, exchange, true); }
void unpin_it(Application& application, const Exchange& exchange) { pin(application, exchange, false); }

}  // namespace

void add_reference_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/references", KeyRole::read, by_address_or_list});
  routes.push_back({"GET", "/api/references/counts", KeyRole::read, counts});
  routes.push_back({"GET", "/api/references/{id}", KeyRole::read, by_number});
  routes.push_back({"POST", "/api/references/{id}/check", KeyRole::write, check});
  routes.push_back({"DELETE", "/api/references/{id}", KeyRole::write, forget});
  routes.push_back({"POST", "/api/references/{id}/pin", KeyRole::write, pin_it});
  routes.push_back({"DELETE", "/api/references/{id}/pin", KeyRole::write, unpin_it});
}

}  // namespace renvoi::app
