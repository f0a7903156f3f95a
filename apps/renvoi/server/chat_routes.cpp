// /v1/chat/completions: OpenAI's, with the search fields of Perplexity's.
#include <fmt/format.h>

#include "server/answering.h"
#include "server/filter_fields.h"
#include "server/search_results.h"
#include "server/url_citations.h"

namespace renvoi::app {
namespace {

struct ChatRequest {
  answer::AskRequest ask;
  std::string model = "renvoi";
  bool stream = false, include_usage = false;
};

std::optional<ApiError> read_chat(const Json& body, Engine& engine, ChatRequest& chat) {
  Fields fields(body, "");
  chat.ask = new_question(engine.config());
  chat.model = fields.text("model", "renvoi");
  read_messages(fields, "messages", chat.ask);
  chat.stream = fields.boolean("stream", false);
  fields.number("n", 1, 1, 1);
  if (fields.has("stream_options")) {
    Fields options(fields.raw("stream_options"), "stream_options");
    chat.include_usage = options.boolean("include_usage", false);
    options.ignore_others();
    if (auto problem = options.problem()) return problem;
  }
  if (fields.has("renvoi")) {  // of ours: what the answer may cite
    Fields ours(fields.raw("renvoi"), "renvoi");
    chat.ask.filter = read_filter(ours);
    chat.ask.unsupported = read_unsupported(ours);
    if (auto problem = ours.problem()) return problem;
  }
  read_search_fields(fields, engine.clock().now(), chat.ask.filter);
  // How the answer is worded is decided by the evidence: sampling parameters, tools and what else clients send have no
  // effect, and are not an error.
  fields.ignore_others();
  if (auto problem = fields.problem()) return problem;
  return choose_model(chat.model, chat.ask);
}

Json usage_of(const answer::Answer& answer) {
  return {{"prompt_tokens", answer.prompt_tokens},
          {"completion_tokens", answer.completion_tokens},
          {"total_tokens", answer.prompt_tokens + answer.completion_tokens}};
}

// What stands beside `choices`.
void add_sources(const answer::Answer& answer, Engine& engine, Json& value) {
  value["citations"] = cited_addresses(answer);
  value["search_results"] = search_results(answer, engine.collection().catalog());
  value["renvoi"] = extension_of(answer);
}

struct ChatIdentity {
  std::string id;
  Timestamp created;
  std::string model;
};

Json chunk(const ChatIdentity& identity, const Json& delta, const Json& finish_reason) {
  return {{"id", identity.id},
          {"object", "chat.completion.chunk"},
          {"created", identity.created},
          {"model", identity.model},
          {"choices",
           Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish_reason}, {"logprobs", nullptr}}})}};
}

Json completion(const ChatIdentity& identity, const answer::Answer& answer, Engine& engine) {
  Json value{{"id", identity.id},
             {"object", "chat.completion"},
             {"created", identity.created},
             {"model", identity.model},
             {"choices", Json::array({{{"index", 0},
                                       {"message",
                                        {{"role", "assistant"},
                                         {"content", answer.text},
                                         {"refusal", nullptr},
                                         {"annotations", url_citations(answer.text, answer.citations)}}},
                                       {"finish_reason", "stop"},
                                       {"logprobs", nullptr}}})},
             {"usage", usage_of(answer)}};
  add_sources(answer, engine, value);
  return value;
}

class ChatStream final : public AnswerStream {
 public:
  ChatStream(Reply& reply, Engine& engine, ChatIdentity identity, bool include_usage)
      : reply_(reply), engine_(engine), identity_(std::move(identity)), include_usage_(include_usage) {}

  void begin() override {
    reply_.begin_events();
    reply_.event(dump(chunk(identity_, {{"role", "assistant"}, {"content", ""}}, nullptr)));
  }
  bool piece(std::string_view text) override {
    return reply_.event(dump(chunk(identity_, {{"content", std::string(text)}}, nullptr)));
  }
  void fail(const ApiError& problem) override {
    reply_.event(dump(json_of(problem)));
    end();
  }
  void finish(const answer::Answer& answer, const std::string& text) override {
    Json last = chunk(identity_, {{"annotations", url_citations(text, answer.citations)}}, "stop");
    add_sources(answer, engine_, last);
    reply_.event(dump(last));
    if (include_usage_) {
      Json usage = chunk(identity_, Json::object(), nullptr);
      usage["choices"] = Json::array();
      usage["usage"] = usage_of(answer);
      reply_.event(dump(usage));
    }
    end();
  }

 private:
  void end() {
    reply_.event("[DONE]");
    reply_.end_events();
  }
  Reply& reply_;
  Engine& engine_;
  const ChatIdentity identity_;
  const bool include_usage_;
};

void chat_completions(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Engine& engine = application.engine;
  ChatRequest chat;
  if (auto problem = read_chat(*body, engine, chat)) return exchange.reply.error(*problem);
  const ChatIdentity identity{new_id("chatcmpl-", chat.ask.question), engine.clock().now(), chat.model};
  if (chat.stream) {
    ChatStream stream(exchange.reply, engine, identity, chat.include_usage);
    return stream_answer(application, exchange, chat.ask, stream);
  }
  if (const auto answer = whole_answer(application, exchange, chat.ask))
    exchange.reply.json(200, completion(identity, *answer, engine));
}

}  // namespace

void add_chat_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/chat/completions", KeyRole::read, chat_completions});
}

}  // namespace renvoi::app
