// The part of OpenAI's API that a client of a language model uses: chat completions, embeddings, models.
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "json_view.h"
#include "server/application.h"
#include "server/filter_fields.h"
#include "server/url_citations.h"
#include "text/sentences.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxMessages = 1'000;
constexpr std::size_t kMaxEmbeddingInputs = 2'048;

struct ChatRequest {
  answer::AskRequest ask;
  std::string model = "renvoi";
  bool stream = false, include_usage = false;
};

// The text of a message: a string, or a list of parts of which only text is understood.
std::string content_of(Fields& message) {
  const Json& content = message.raw("content");
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null()) return "";
  if (!content.is_array()) {
    message.refuse("content", "must be a string or a list of parts");
    return "";
  }
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    Fields part(content[i], fmt::format("{}[{}]", message.path_of("content"), i));
    part.choice("type", "text", {"text"});
    text += part.required_text("text");
    if (auto problem = part.problem()) message.refuse_path(problem->param, "is not a text part: " + problem->message);
  }
  return text;
}

// The last message of a person is the question; those before it go to `earlier`.
std::string question_of(Fields& fields, std::vector<std::string>& earlier) {
  const Json& messages = fields.raw("messages");
  if (!messages.is_array() || messages.empty() || messages.size() > kMaxMessages) {
    fields.refuse("messages", fmt::format("must be a list of 1 to {} messages", kMaxMessages));
    return "";
  }
  std::string question;
  bool asked = false;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Fields message(messages[i], fmt::format("messages[{}]", i));
    const std::string role =
        message.choice("role", "", {"system", "developer", "user", "assistant", "tool", "function"});
    if (role.empty()) message.refuse("role", "is missing");
    const std::string content = content_of(message);
    message.ignore({"name", "refusal", "tool_calls", "tool_call_id", "function_call", "annotations", "audio"});
    if (role == "user") {
      if (asked && !question.empty()) earlier.push_back(question);
      question = content;
      asked = true;
    }
    if (auto problem = message.problem()) fields.refuse_path(problem->param, problem->message);
  }
  if (!asked) fields.refuse("messages", "holds no message of a user: there is no question");
  return question;
}

std::optional<ApiError> read_chat(const Json& body, const Config& config, ChatRequest& chat) {
  Fields fields(body, "");
  chat.model = fields.text("model", "renvoi");
  chat.ask.question = question_of(fields, chat.ask.earlier_questions);
  chat.ask.max_citations = config.answer.max_citations;
  chat.ask.deadline_ms = config.answer.deadline_ms;
  chat.stream = fields.boolean("stream", false);
  fields.number("n", 1, 1, 1);
  if (fields.has("stream_options")) {
    Fields options(fields.raw("stream_options"), "stream_options");
    chat.include_usage = options.boolean("include_usage", false);
    options.ignore({"include_obfuscation"});
    if (auto problem = options.problem()) return problem;
  }
  if (fields.has("renvoi")) {  // of ours: what the answer may cite
    Fields ours(fields.raw("renvoi"), "renvoi");
    chat.ask.filter = read_filter(ours);
    if (auto problem = ours.problem()) return problem;
  }
  // How the answer is worded is decided by the evidence: sampling parameters have no effect, and are not an error.
  fields.ignore({"temperature",
                 "top_p",
                 "max_tokens",
                 "max_completion_tokens",
                 "stop",
                 "seed",
                 "user",
                 "presence_penalty",
                 "frequency_penalty",
                 "logit_bias",
                 "logprobs",
                 "top_logprobs",
                 "metadata",
                 "store",
                 "service_tier",
                 "reasoning_effort",
                 "safety_identifier",
                 "prompt_cache_key",
                 "verbosity",
                 "modalities",
                 "parallel_tool_calls",
                 "stream_options",
                 "renvoi"});
  if (auto problem = fields.problem()) return problem;
  if (chat.model == "renvoi-extractive") chat.ask.mode = answer::AnswerMode::extractive;
  if (chat.model == "renvoi-generative") chat.ask.mode = answer::AnswerMode::generative;
  if (chat.model != "renvoi" && !chat.ask.mode) {
    return ApiError{404, fmt::format("there is no model '{}': GET /v1/models lists them", printable(chat.model)),
                    "not_found_error", "model_not_found", "model"};
  }
  return {};
}

Json usage_of(const answer::Answer& answer) {
  return {{"prompt_tokens", answer.prompt_tokens},
          {"completion_tokens", answer.completion_tokens},
          {"total_tokens", answer.prompt_tokens + answer.completion_tokens}};
}

// What OpenAI's shape has no place for. Clients keep fields that they do not know.
Json extension_of(const answer::Answer& answer) {
  Json value = json_of(answer);
  value.erase("text");
  value.erase("usage");
  return value;
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

void answer_at_once(Application& application, const Exchange& exchange, const ChatRequest& chat,
                    const ChatIdentity& identity) {
  const auto answer = application.engine.answerer().ask(chat.ask);
  if (!answer) return exchange.reply.error(answer.error());
  application.keep_cited(chat.ask, *answer);
  exchange.reply.json(200,
                      {{"id", identity.id},
                       {"object", "chat.completion"},
                       {"created", identity.created},
                       {"model", identity.model},
                       {"choices", Json::array({{{"index", 0},
                                                 {"message",
                                                  {{"role", "assistant"},
                                                   {"content", answer->text},
                                                   {"refusal", nullptr},
                                                   {"annotations", url_citations(answer->text, answer->citations)}}},
                                                 {"finish_reason", "stop"},
                                                 {"logprobs", nullptr}}})},
                       {"usage", usage_of(*answer)},
                       {"renvoi", extension_of(*answer)}});
}

void answer_in_pieces(Application& application, const Exchange& exchange, const ChatRequest& chat,
                      const ChatIdentity& identity) {
  Reply& reply = exchange.reply;
  std::string sent;
  std::stop_source stop;
  const auto send = [&](const Json& value) {
    if (!reply.began()) {
      reply.begin_events();
      reply.event(dump(chunk(identity, {{"role", "assistant"}, {"content", ""}}, nullptr)));
    }
    const bool listening = reply.event(dump(value));
    if (!listening) stop.request_stop();
    return listening;
  };
  const auto answer = application.engine.answerer().ask(
      chat.ask,
      [&](std::string_view piece) {
        sent += piece;
        return send(chunk(identity, {{"content", std::string(piece)}}, nullptr));
      },
      stop.get_token());
  if (answer) application.keep_cited(chat.ask, *answer);
  if (!answer && !reply.began()) return reply.error(answer.error());
  if (!answer) {
    send(json_of(api_error(answer.error())));
  } else {
    if (sent.empty() && !answer->text.empty()) {
      sent = answer->text;
      send(chunk(identity, {{"content", sent}}, nullptr));
    }
    Json last = chunk(identity, {{"annotations", url_citations(sent, answer->citations)}}, "stop");
    last["renvoi"] = extension_of(*answer);
    send(last);
    if (chat.include_usage) {
      Json usage = chunk(identity, Json::object(), nullptr);
      usage["choices"] = Json::array();
      usage["usage"] = usage_of(*answer);
      send(usage);
    }
  }
  reply.event("[DONE]");
  reply.end_events();
}

void chat_completions(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  ChatRequest chat;
  if (auto problem = read_chat(*body, application.engine.config(), chat)) return exchange.reply.error(*problem);
  const Timestamp now = application.engine.clock().now();
  const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
  const ChatIdentity identity{
      fmt::format("chatcmpl-{:016x}", fingerprint(fmt::format("{} {}", ticks, chat.ask.question))), now, chat.model};
  if (chat.stream) return answer_in_pieces(application, exchange, chat, identity);
  answer_at_once(application, exchange, chat, identity);
}

std::string base64(std::span<const float> values) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto bytes = std::as_bytes(values);  // little-endian 32-bit floats, as OpenAI's
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < left ? std::to_integer<unsigned>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= left ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::vector<std::string> inputs_of(Fields& fields) {
  const Json& input = fields.raw("input");
  if (input.is_string()) return {input.get<std::string>()};
  std::vector<std::string> texts;
  if (!input.is_array() || input.empty() || input.size() > kMaxEmbeddingInputs) {
    fields.refuse("input", fmt::format("must be a string, or a list of 1 to {} strings", kMaxEmbeddingInputs));
    return texts;
  }
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!input[i].is_string()) {
      fields.refuse(fmt::format("input[{}]", i),
                    fmt::format("must be a string, not {} (tokens are not accepted)", input[i].type_name()));
      return texts;
    }
    texts.push_back(input[i].get<std::string>());
  }
  return texts;
}

void embeddings(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  auto& embedder = application.engine.embedder();
  Fields fields(*body, "");
  const std::vector<std::string> texts = inputs_of(fields);
  const std::string wanted = fields.text("model", embedder.name());
  const bool as_base64 = fields.choice("encoding_format", "float", {"float", "base64"}) == "base64";
  fields.number("dimensions", embedder.dimensions(), embedder.dimensions(), embedder.dimensions());
  const bool query = fields.choice("input_type", "passage", {"query", "passage"}) == "query";
  fields.ignore({"user"});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty())
      fields.refuse(fields.raw("input").is_array() ? fmt::format("input[{}]", i) : "input", "is empty");
  }
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (wanted != embedder.name() && wanted != "renvoi") {
    return exchange.reply.error(ApiError{
        404, fmt::format("there is no embedding model '{}': this server has '{}'", printable(wanted), embedder.name()),
        "not_found_error", "model_not_found", "model"});
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto rows = embedder.embed(views, query ? model::EmbedRole::query : model::EmbedRole::passage, {}, {});
  if (!rows) return exchange.reply.error(rows.error());
  Json data = Json::array();
  std::uint64_t tokens = 0;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    const auto row = rows->row(i);
    data.push_back({{"object", "embedding"},
                    {"index", i},
                    {"embedding", as_base64 ? Json(base64(row)) : Json(std::vector<float>(row.begin(), row.end()))}});
    tokens += text::estimate_tokens(texts[i]);
  }
  exchange.reply.json(200, {{"object", "list"},
                            {"data", data},
                            {"model", embedder.name()},
                            {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

std::vector<std::string> model_names(Engine& engine) {
  std::vector<std::string> names{"renvoi", "renvoi-extractive"};
  if (engine.has_generator()) names.emplace_back("renvoi-generative");
  names.push_back(engine.embedder().name());
  return names;
}

Json model_json(Engine& engine, const std::string& name) {
  return {{"id", name}, {"object", "model"}, {"created", engine.embedding_model().added_at}, {"owned_by", "renvoi"}};
}

void list_models(Application& application, const Exchange& exchange) {
  Json list = Json::array();
  for (const auto& name : model_names(application.engine)) list.push_back(model_json(application.engine, name));
  exchange.reply.json(200, {{"object", "list"}, {"data", list}});
}

void show_model(Application& application, const Exchange& exchange) {
  const auto names = model_names(application.engine);
  if (std::find(names.begin(), names.end(), exchange.id) != names.end()) {
    return exchange.reply.json(200, model_json(application.engine, exchange.id));
  }
  exchange.reply.error(ApiError{404, fmt::format("there is no model '{}'", printable(exchange.id)), "not_found_error",
                                "model_not_found", "model"});
}

}  // namespace

void add_openai_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/chat/completions", KeyRole::read, chat_completions});
  routes.push_back({"POST", "/v1/embeddings", KeyRole::read, embeddings});
  routes.push_back({"GET", "/v1/models", KeyRole::read, list_models});
  routes.push_back({"GET", "/v1/models/{id}", KeyRole::read, show_model});
}

}  // namespace renvoi::app
