// /v1/responses: OpenAI's, without a store: every answer stands for itself.
#include <fmt/format.h>

#include "server/answering.h"
#include "server/filter_fields.h"
#include "server/search_results.h"
#include "server/url_citations.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxTools = 128;

struct ResponsesRequest {
  answer::AskRequest ask;
  std::string model = "renvoi";
  bool stream = false;
  Json instructions, metadata, tools, tool_choice, max_output_tokens;  // given back as they came
};

void read_input(Fields& fields, answer::AskRequest& ask) {
  const Json& input = fields.raw("input");
  if (input.is_string())
    ask.question = input.get<std::string>();
  else
    read_messages(fields, "input", ask);
}

// Of tools, the search of the web says where to look; what it searches here is the collection.
void read_tools(Fields& fields, ResponsesRequest& request) {
  request.tools = fields.raw("tools");
  if (request.tools.is_null()) request.tools = Json::array();
  if (!request.tools.is_array() || request.tools.size() > kMaxTools)
    return fields.refuse("tools", fmt::format("must be a list of at most {} tools", kMaxTools));
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    Fields tool(request.tools[i], fmt::format("tools[{}]", i));
    tool.ignore_others();
    const bool searches = tool.text("type").starts_with("web_search");
    if (searches && tool.has("filters")) {
      Fields filters(tool.raw("filters"), tool.path_of("filters"));
      filters.ignore_others();
      for (const std::string& domain : filters.texts("allowed_domains")) {
        if (!search::add_domain(request.ask.filter, domain))
          filters.refuse("allowed_domains", "must list names of hosts, as \"example.org\"");
      }
      if (auto problem = filters.problem()) tool.refuse_path(problem->param, problem->message);
    }
    if (auto problem = tool.problem()) fields.refuse_path(problem->param, problem->message);
  }
}

// What needs a store, or promises a form of answer that there is not.
void refuse_what_is_not_here(Fields& fields) {
  for (const char* name : {"previous_response_id", "conversation", "prompt"}) {
    if (fields.has(name))
      fields.refuse(name, "is not known here: no answer is stored. Send the conversation as `input`");
  }
  if (fields.boolean("background", false)) fields.refuse("background", "must be false: answers come at once");
  if (!fields.has("text")) return;
  Fields text(fields.raw("text"), "text");
  text.ignore_others();
  if (text.has("format")) {
    Fields format(text.raw("format"), "text.format");
    format.ignore_others();
    format.choice("type", "text", {"text"});
    if (auto problem = format.problem()) text.refuse_path(problem->param, problem->message);
  }
  if (auto problem = text.problem()) fields.refuse_path(problem->param, problem->message);
}

std::optional<ApiError> read_request(const Json& body, const Config& config, ResponsesRequest& request) {
  Fields fields(body, "");
  request.ask = new_question(config);
  request.model = fields.text("model", "renvoi");
  read_input(fields, request.ask);
  request.stream = fields.boolean("stream", false);
  read_tools(fields, request);
  refuse_what_is_not_here(fields);
  if (fields.has("renvoi")) {
    Fields ours(fields.raw("renvoi"), "renvoi");
    request.ask.filter = read_filter(ours);
    if (auto problem = ours.problem()) return problem;
  }
  request.instructions = fields.raw("instructions");
  request.metadata = fields.has("metadata") ? fields.raw("metadata") : Json::object();
  request.tool_choice = fields.has("tool_choice") ? fields.raw("tool_choice") : Json("auto");
  request.max_output_tokens = fields.raw("max_output_tokens");
  fields.ignore_others();
  if (auto problem = fields.problem()) return problem;
  return choose_model(request.model, request.ask);
}

struct ResponseIdentity {
  std::string response, message;
  Timestamp created;
};

// The response object: `output` and what else belongs to its state is added by the caller.
Json response_of(const ResponseIdentity& identity, const ResponsesRequest& request, std::string_view status) {
  return {{"id", identity.response},
          {"object", "response"},
          {"created_at", identity.created},
          {"status", std::string(status)},
          {"background", false},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"instructions", request.instructions},
          {"max_output_tokens", request.max_output_tokens},
          {"metadata", request.metadata},
          {"model", request.model},
          {"output", Json::array()},
          {"parallel_tool_calls", true},
          {"previous_response_id", nullptr},
          {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
          {"store", false},
          {"temperature", nullptr},
          {"text", {{"format", {{"type", "text"}}}}},
          {"tool_choice", request.tool_choice},
          {"tools", request.tools},
          {"top_p", nullptr},
          {"truncation", "disabled"},
          {"usage", nullptr}};
}

Json text_part(const std::string& text, const Json& annotations) {
  return {{"type", "output_text"}, {"text", text}, {"annotations", annotations}, {"logprobs", Json::array()}};
}

Json message_of(const ResponseIdentity& identity, std::string_view status, const Json& content) {
  return {{"id", identity.message},
          {"type", "message"},
          {"status", std::string(status)},
          {"role", "assistant"},
          {"content", content}};
}

Json completed(const ResponseIdentity& identity, const ResponsesRequest& request, const answer::Answer& answer,
               const std::string& text) {
  Json value = response_of(identity, request, "completed");
  value["output"] = Json::array(
      {message_of(identity, "completed", Json::array({text_part(text, flat_url_citations(text, answer.citations))}))});
  value["usage"] = {{"input_tokens", answer.prompt_tokens},
                    {"input_tokens_details", {{"cached_tokens", 0}}},
                    {"output_tokens", answer.completion_tokens},
                    {"output_tokens_details", {{"reasoning_tokens", 0}}},
                    {"total_tokens", answer.prompt_tokens + answer.completion_tokens}};
  value["renvoi"] = extension_of(answer);
  return value;
}

// The events of a response with one message of one part, in the order that OpenAI documents.
class ResponseStream final : public AnswerStream {
 public:
  ResponseStream(Reply& reply, const ResponseIdentity& identity, const ResponsesRequest& request)
      : reply_(reply), identity_(identity), request_(request) {}

  void begin() override {
    reply_.begin_events();
    const Json begun = response_of(identity_, request_, "in_progress");
    send("response.created", {{"response", begun}});
    send("response.in_progress", {{"response", begun}});
    send("response.output_item.added",
         {{"output_index", 0}, {"item", message_of(identity_, "in_progress", Json::array())}});
    send_of_part("response.content_part.added", {{"part", text_part("", Json::array())}});
  }
  bool piece(std::string_view text) override {
    return send_of_part("response.output_text.delta", {{"delta", std::string(text)}, {"logprobs", Json::array()}});
  }
  void fail(const ApiError& problem) override {
    Json failed = response_of(identity_, request_, "failed");
    failed["error"] = {{"code", "server_error"}, {"message", problem.message}};
    send("response.failed", {{"response", failed}});
    reply_.end_events();
  }
  void finish(const answer::Answer& answer, const std::string& text) override {
    const Json annotations = flat_url_citations(text, answer.citations);
    for (std::size_t i = 0; i < annotations.size(); ++i)
      send_of_part("response.output_text.annotation.added", {{"annotation_index", i}, {"annotation", annotations[i]}});
    const Json part = text_part(text, annotations);
    send_of_part("response.output_text.done", {{"text", text}, {"logprobs", Json::array()}});
    send_of_part("response.content_part.done", {{"part", part}});
    send("response.output_item.done",
         {{"output_index", 0}, {"item", message_of(identity_, "completed", Json::array({part}))}});
    send("response.completed", {{"response", completed(identity_, request_, answer, text)}});
    reply_.end_events();
  }

 private:
  bool send(const std::string& type, Json event) {
    event["type"] = type;
    event["sequence_number"] = sequence_++;
    return reply_.event(type, dump(event));
  }
  bool send_of_part(const std::string& type, Json event) {
    event["item_id"] = identity_.message;
    event["output_index"] = 0;
    event["content_index"] = 0;
    return send(type, std::move(event));
  }

  Reply& reply_;
  const ResponseIdentity& identity_;
  const ResponsesRequest& request_;
  std::uint64_t sequence_ = 0;
};

void responses(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Engine& engine = application.engine;
  ResponsesRequest request;
  if (auto problem = read_request(*body, engine.config(), request)) return exchange.reply.error(*problem);
  const std::string& question = request.ask.question;
  const ResponseIdentity identity{new_id("resp_", question), new_id("msg_", question), engine.clock().now()};
  if (request.stream) {
    ResponseStream stream(exchange.reply, identity, request);
    return stream_answer(application, exchange, request.ask, stream);
  }
  if (const auto answer = whole_answer(application, exchange, request.ask))
    exchange.reply.json(200, completed(identity, request, *answer, answer->text));
}

}  // namespace

void add_responses_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/responses", KeyRole::read, responses});
}

}  // namespace renvoi::app
