// POST /api/feedback: an answer was good, or not; kept for evaluation where the operator wants that.
#include <fmt/format.h>

#include "server/application.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMostQuestion_bytes = 2'000, kMostText_bytes = 20'000, kMostAddresses = 20;

std::string bounded(Fields& fields, const std::string& name, std::size_t most_bytes) {
  std::string text = fields.text(name);
  if (text.size() > most_bytes) fields.refuse(name, fmt::format("has more than {} bytes", most_bytes));
  return text;
}

void feedback(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Fields fields(*body, "");
  Feedback given;
  given.question = fields.required_text("question");
  if (given.question.find_first_not_of(" \t\r\n\f\v") == std::string::npos) fields.refuse("question", "is empty");
  if (given.question.size() > kMostQuestion_bytes) fields.refuse("question", "has more than 2,000 bytes");
  if (!fields.has("good")) fields.refuse("good", "is missing");
  given.good = fields.boolean("good", false);
  given.text = bounded(fields, "text", kMostText_bytes);
  given.comment = bounded(fields, "comment", kMostQuestion_bytes);
  given.addresses = fields.texts("addresses");
  if (given.addresses.size() > kMostAddresses)
    fields.refuse("addresses", fmt::format("must list at most {}", kMostAddresses));
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (!application.engine.config().server.keep_feedback)
    return exchange.reply.error(ApiError{
        403, "this server keeps no feedback: its operator may set server.keep_feedback = true in the configuration",
        "permission_error", "feedback_off"});
  const auto id = application.feedback.add(given, application.engine.clock().now());
  if (!id) return exchange.reply.error(id.error());
  exchange.reply.json(201, {{"id", *id}});
}

}  // namespace

void add_feedback_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/api/feedback", KeyRole::read, feedback});
}

}  // namespace renvoi::app
