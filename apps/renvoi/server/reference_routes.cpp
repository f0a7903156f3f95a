// /api/references: one reference by number or address, with its audit trail.
#include "reference_view.h"
#include "server/application.h"

namespace renvoi::app {
namespace {

void reply_with(Application& application, const Exchange& exchange, const std::string& text) {
  Engine& engine = application.engine;
  const auto view = view_reference(engine.collection().catalog(), engine.config(), text, engine.clock().now());
  if (!view) return exchange.reply.error(view.error());
  exchange.reply.json(200, json_of(*view));
}

void by_number(Application& application, const Exchange& exchange) { reply_with(application, exchange, exchange.id); }

void by_address(Application& application, const Exchange& exchange) {
  const auto address = exchange.request.query.find("address");
  if (address == exchange.request.query.end() || address->second.empty())
    return exchange.reply.error(Error{ErrorCode::invalid, "say which one: /api/references?address=URL"});
  reply_with(application, exchange, address->second);
}

}  // namespace

void add_reference_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/references", KeyRole::read, by_address});
  routes.push_back({"GET", "/api/references/{id}", KeyRole::read, by_number});
}

}  // namespace renvoi::app
