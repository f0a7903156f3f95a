// /api/keys: who may use the server. Always with an admin's key, also where the rest needs none: whoever can reach a
// server without keys must not be able to make one that outlives that.
#include <fmt/format.h>

#include "json_view.h"
#include "server/application.h"

namespace renvoi::app {
namespace {

// Replies, and gives true, when no key of an admin was shown.
bool refuses(Application& application, const Exchange& exchange) {
  const auto key = application.key_of(exchange.request);
  if (!key) {
    exchange.reply.error(key.error());
    return true;
  }
  if (*key && (*key)->role == KeyRole::admin) return false;
  exchange.reply.error(ApiError{*key ? 403 : 401,
                                "keys are looked after with a key of the role admin: the first is made by "
                                "'renvoi key new NAME --role admin' on the server",
                                *key ? "permission_error" : "authentication_error", *key ? "role" : "key_missing"});
  return true;
}

void list(Application& application, const Exchange& exchange) {
  if (refuses(application, exchange)) return;
  const auto keys = application.keys.list();
  if (!keys) return exchange.reply.error(keys.error());
  Json all = Json::array();
  for (const ApiKey& key : *keys) all.push_back(json_of(key));
  exchange.reply.json(200, {{"keys", all}});
}

void create(Application& application, const Exchange& exchange) {
  if (refuses(application, exchange)) return;
  const auto body = read_body(exchange);
  if (!body) return;
  Fields fields(*body, "");
  const std::string name = fields.required_text("name");
  const auto role = parse_key_role(fields.choice("role", "read", {"read", "write", "admin"}));
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto made = application.keys.create(name, role.value_or(KeyRole::read), application.engine.clock().now());
  if (!made) return exchange.reply.error(made.error());
  Json value = json_of(made->first);
  value["key"] = made->second;
  exchange.reply.json(201, value);
}

// By id only: a name may be another's by now.
void revoke(Application& application, const Exchange& exchange) {
  if (refuses(application, exchange)) return;
  const auto keys = application.keys.list();
  if (!keys) return exchange.reply.error(keys.error());
  for (const ApiKey& key : *keys) {
    if (key.id != exchange.id) continue;
    const auto revoked = application.keys.revoke(exchange.id);
    if (!revoked) return exchange.reply.error(revoked.error());
    return exchange.reply.json(200, {{"revoked", revoked->id}});
  }
  exchange.reply.error(Error{ErrorCode::not_found, fmt::format("there is no key {}", printable(exchange.id))});
}

}  // namespace

void add_key_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/keys", KeyRole::admin, list});
  routes.push_back({"POST", "/api/keys", KeyRole::admin, create});
  routes.push_back({"DELETE", "/api/keys/{id}", KeyRole::admin, revoke});
}

}  // namespace renvoi::app
