// /api/search and /api/ask.
#include <fmt/format.h>

#include "json_view.h"
#include "server/answering.h"
#include "server/application.h"
#include "server/ask_stream.h"
#include "server/filter_fields.h"

namespace renvoi::app {
namespace {

search::SearchMode search_mode(const std::string& name) {
  return name == "semantic" ? search::SearchMode::semantic
         : name == "bm25"   ? search::SearchMode::bm25
                            : search::SearchMode::hybrid;
}

void search_with(Application& application, const Exchange& exchange, const Json& body) {
  Fields fields(body, "");
  search::SearchRequest request;
  request.query = fields.required_text("query");
  request.limit = static_cast<std::uint32_t>(fields.number("limit", 10, 1, 1'000));
  request.mode = search_mode(fields.choice("mode", "hybrid", {"hybrid", "semantic", "bm25"}));
  request.filter = read_filter(fields);
  request.passages_per_reference = static_cast<std::uint32_t>(fields.number("passages_per_reference", 1, 0, 1'000));
  request.fast = fields.boolean("fast", false);
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto response = application.engine.searcher().search(request);
  if (!response) return exchange.reply.error(response.error());
  exchange.reply.json(200, json_of(*response));
}

void search_get(Application& application, const Exchange& exchange) {
  search_with(application, exchange, json_of_query(exchange.request.query, {"limit", "passages_per_reference"}));
}

void search_post(Application& application, const Exchange& exchange) {
  if (const auto body = read_body(exchange)) search_with(application, exchange, *body);
}

void ask(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  const auto& settings = application.engine.config().answer;
  Fields fields(*body, "");
  answer::AskRequest request;
  request.question = fields.required_text("question");
  request.earlier_questions = fields.texts("earlier_questions");
  const std::string mode = fields.choice("mode", "", {"extractive", "generative"});
  if (mode == "extractive") request.mode = answer::AnswerMode::extractive;
  if (mode == "generative") request.mode = answer::AnswerMode::generative;
  request.scope = parse_answer_scope(fields.choice("scope", "", {"index", "web", "auto"}));
  request.filter = read_filter(fields);
  request.max_citations = static_cast<std::uint32_t>(fields.number("max_citations", settings.max_citations, 1, 20));
  request.deadline_ms =
      static_cast<std::uint32_t>(fields.number("deadline_ms", settings.deadline_ms, 1, settings.deadline_ms));
  request.fast = fields.boolean("fast", false);
  request.unsupported = read_unsupported(fields);
  const bool stream = fields.boolean("stream", false);
  // Before a stream begins: what is wrong with a request has a status of its own.
  if (stream && request.question.find_first_not_of(" \t\r\n\f\v") == std::string::npos)
    fields.refuse("question", "is empty: ask something");
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (stream) return stream_ask(application, exchange, std::move(request));
  const auto answer = application.engine.answerer().ask(request);
  if (!answer) return exchange.reply.error(answer.error());
  application.keep_cited(request, *answer);
  exchange.reply.json(200, json_of(*answer));
}

}  // namespace

void add_question_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/search", KeyRole::read, search_get});
  routes.push_back({"POST", "/api/search", KeyRole::read, search_post});
  routes.push_back({"POST", "/api/ask", KeyRole::read, ask});
}

}  // namespace renvoi::app
