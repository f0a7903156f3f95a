// GET /ask: a question answered in plain HTML, for browsers that run no script.
#include <fmt/format.h>

#include <optional>

#include "server/answering.h"
#include "server/plain_page.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMostQuestion_bytes = 8'000;

void reply_html(const Exchange& exchange, int status, std::string body) {
  exchange.reply.text(status, "text/html; charset=utf-8", std::move(body), {{"Cache-Control", "no-store"}});
}

void plain(Application& application, const Exchange& exchange) {
  const PlainWords& words = plain_words(exchange.request.header("accept-language"));
  const auto asked = exchange.request.query.find("q");
  const std::string question = asked == exchange.request.query.end() ? "" : asked->second;
  std::optional<KeyRole> role;
  if (application.refuse_key(exchange.request, exchange.route, KeyRole::read, role))
    return reply_html(exchange, 401, plain_page(words, question, plain_problem(words, words.needs_key)));
  if (question.find_first_not_of(" \t\r\n\f\v") == std::string::npos)
    return reply_html(exchange, 200, plain_page(words, "", ""));
  if (question.size() > kMostQuestion_bytes)
    return reply_html(exchange, 400, plain_page(words, "", plain_problem(words, words.too_long)));
  answer::AskRequest request = new_question(application.engine.config());
  request.question = question;
  const auto answer = application.engine.answerer().ask(request);
  if (!answer) {
    const ApiError error = api_error(answer.error());
    return reply_html(exchange, error.status, plain_page(words, question, plain_problem(words, error.message)));
  }
  application.keep_cited(request, *answer);
  reply_html(exchange, 200, plain_page(words, question, plain_answer(words, *answer)));
}

}  // namespace

void add_plain_routes(std::vector<Route>& routes) { routes.push_back({"GET", "/ask", {}, plain}); }

}  // namespace renvoi::app
