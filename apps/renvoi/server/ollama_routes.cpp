// Ollama's API, for clients that know no other: /api/chat, /api/generate, /api/embed and what they ask before.
#include <fmt/format.h>

#include <chrono>

#include "json_view.h"
#include "server/answering.h"
#include "server/filter_fields.h"
#include "text/sentences.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxInputs = 2'048;
constexpr std::int64_t kNanosecondsInAMillisecond = 1'000'000;

// Names have a tag; ours have only one.
std::string without_tag(std::string name) {
  constexpr std::string_view kLatest = ":latest";
  if (name.ends_with(kLatest)) name.resize(name.size() - kLatest.size());
  return name;
}

std::int64_t nanoseconds(double milliseconds) {
  return static_cast<std::int64_t>(milliseconds * static_cast<double>(kNanosecondsInAMillisecond));
}

std::int64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

enum class Kind : std::uint8_t { chat, generate };

struct OllamaRequest {
  answer::AskRequest ask;
  std::string model;
  Kind kind = Kind::chat;
  bool stream = true;
  bool loads = false;  // asks nothing: only whether the model is there
};

std::optional<ApiError> read_request(const Json& body, Kind kind, const Config& config, OllamaRequest& request) {
  Fields fields(body, "");
  request.ask = new_question(config);
  request.kind = kind;
  request.model = fields.required_text("model");
  request.stream = fields.boolean("stream", true);
  if (kind == Kind::generate) {
    request.ask.question = fields.text("prompt");
    request.loads = request.ask.question.empty();
  } else {
    const Json& messages = fields.raw("messages");
    request.loads = messages.is_null() || (messages.is_array() && messages.empty());
    if (!request.loads) read_messages(fields, "messages", request.ask);
  }
  if (fields.has("renvoi")) {
    Fields ours(fields.raw("renvoi"), "renvoi");
    request.ask.filter = read_filter(ours);
    if (auto problem = ours.problem()) return problem;
  }
  fields.ignore_others();  // options, format, keep_alive, tools, think, images, ...
  if (auto problem = fields.problem()) return problem;
  return choose_model(without_tag(request.model), request.ask);
}

Json part(const OllamaRequest& request, Timestamp now, std::string_view text, bool done) {
  Json value{{"model", request.model}, {"created_at", to_rfc3339(now)}, {"done", done}};
  if (request.kind == Kind::chat)
    value["message"] = {{"role", "assistant"}, {"content", std::string(text)}};
  else
    value["response"] = std::string(text);
  return value;
}

// The last line of a stream, or all of the answer with its text.
Json last_part(const OllamaRequest& request, Timestamp now, const answer::Answer& answer, std::string_view text) {
  const auto& took = answer.timings;
  Json value = part(request, now, text, true);
  value["done_reason"] = "stop";
  value["total_duration"] =
      nanoseconds(took.embed_ms + took.search_ms + took.fetch_ms + took.compare_ms + took.generate_ms);
  value["load_duration"] = 0;
  value["prompt_eval_count"] = answer.prompt_tokens;
  value["prompt_eval_duration"] = nanoseconds(took.embed_ms + took.search_ms + took.fetch_ms);
  value["eval_count"] = answer.completion_tokens;
  value["eval_duration"] = nanoseconds(took.generate_ms);
  value["renvoi"] = extension_of(answer);
  return value;
}

class LineStream final : public AnswerStream {
 public:
  LineStream(Reply& reply, const Clock& clock, const OllamaRequest& request)
      : reply_(reply), clock_(clock), request_(request) {}
  void begin() override { reply_.begin_lines(); }
  bool piece(std::string_view text) override { return reply_.line(part(request_, clock_.now(), text, false)); }
  void fail(const ApiError& problem) override {
    reply_.line(json_of(problem, ErrorShape::plain));
    reply_.end_events();
  }
  void finish(const answer::Answer& answer, const std::string&) override {
    reply_.line(last_part(request_, clock_.now(), answer, ""));
    reply_.end_events();
  }

 private:
  Reply& reply_;
  const Clock& clock_;
  const OllamaRequest& request_;
};

void answer_as(Kind kind, Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Engine& engine = application.engine;
  OllamaRequest request;
  if (auto problem = read_request(*body, kind, engine.config(), request)) return exchange.reply.error(*problem);
  if (request.loads) {
    Json loaded = part(request, engine.clock().now(), "", true);
    loaded["done_reason"] = "load";
    return exchange.reply.json(200, loaded);
  }
  if (request.stream) {
    LineStream stream(exchange.reply, engine.clock(), request);
    return stream_answer(application, exchange, request.ask, stream);
  }
  if (const auto answer = whole_answer(application, exchange, request.ask))
    exchange.reply.json(200, last_part(request, engine.clock().now(), *answer, answer->text));
}

void chat(Application& application, const Exchange& exchange) { answer_as(Kind::chat, application, exchange); }
void generate(Application& application, const Exchange& exchange) { answer_as(Kind::generate, application, exchange); }

// Rows of floats for `texts`, or nothing after having replied with what is wrong.
std::optional<Json> vectors(Application& application, const Exchange& exchange, const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto rows = application.engine.embedder().embed(views, model::EmbedRole::passage, {}, {});
  if (!rows) {
    exchange.reply.error(rows.error());
    return {};
  }
  Json list = Json::array();
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    const auto row = rows->row(i);
    list.push_back(std::vector<float>(row.begin(), row.end()));
  }
  return list;
}

void embed(Application& application, const Exchange& exchange) {
  const auto start = std::chrono::steady_clock::now();
  const auto body = read_body(exchange);
  if (!body) return;
  Engine& engine = application.engine;
  Fields fields(*body, "");
  const std::string model = fields.required_text("model");
  const std::vector<std::string> texts = read_inputs(fields, "input", kMaxInputs);
  fields.number("dimensions", engine.embedder().dimensions(), engine.embedder().dimensions(),
                engine.embedder().dimensions());
  fields.ignore_others();
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (auto problem = refuse_embedding_model(engine, without_tag(model))) return exchange.reply.error(*problem);
  const auto rows = vectors(application, exchange, texts);
  if (!rows) return;
  std::uint64_t tokens = 0;
  for (const std::string& text : texts) tokens += text::estimate_tokens(text);
  exchange.reply.json(200, {{"model", model},
                            {"embeddings", *rows},
                            {"total_duration", nanoseconds_since(start)},
                            {"load_duration", 0},
                            {"prompt_eval_count", tokens}});
}

// The older form, of one text.
void embeddings(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Fields fields(*body, "");
  const std::string model = fields.required_text("model");
  const std::string prompt = fields.required_text("prompt");
  if (prompt.empty()) fields.refuse("prompt", "is empty");
  fields.ignore_others();
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (auto problem = refuse_embedding_model(application.engine, without_tag(model)))
    return exchange.reply.error(*problem);
  if (const auto rows = vectors(application, exchange, {prompt}))
    exchange.reply.json(200, {{"embedding", rows->front()}});
}

struct OllamaModel {
  std::string name;
  std::string digest;
  std::uint64_t bytes = 0;
  bool embeds = false;
};

std::vector<OllamaModel> models(Engine& engine) {
  const model::ModelManifest& embedding = engine.embedding_model();
  std::vector<OllamaModel> all;
  for (const std::string& name : answer_models(engine)) {
    const bool generates = name != "renvoi-extractive" && engine.generation_model().has_value();
    const model::ModelManifest& manifest = generates ? *engine.generation_model() : embedding;
    all.push_back({name, manifest.digest, manifest.bytes, false});
  }
  all.push_back({engine.embedder().name(), embedding.digest, embedding.bytes, true});
  return all;
}

Json details_of(const OllamaModel& model) {
  const char* family = model.embeds ? "bert" : "renvoi";
  return {{"parent_model", ""},   {"format", "gguf"},        {"family", family}, {"families", Json::array({family})},
          {"parameter_size", ""}, {"quantization_level", ""}};
}

void tags(Application& application, const Exchange& exchange) {
  Json list = Json::array();
  for (const OllamaModel& model : models(application.engine)) {
    list.push_back({{"name", model.name + ":latest"},
                    {"model", model.name + ":latest"},
                    {"modified_at", to_rfc3339(application.engine.embedding_model().added_at)},
                    {"size", model.bytes},
                    {"digest", model.digest},
                    {"details", details_of(model)}});
  }
  exchange.reply.json(200, {{"models", list}});
}

void show(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Fields fields(*body, "");
  const std::string old_name = fields.text("name");
  const std::string name = without_tag(fields.text("model", old_name));
  if (name.empty()) fields.refuse("model", "is missing");
  fields.ignore_others();
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  Engine& engine = application.engine;
  for (const OllamaModel& model : models(engine)) {
    if (model.name != name) continue;
    Json info{{"general.architecture", model.embeds ? "bert" : "renvoi"}};
    if (model.embeds) info["bert.embedding_length"] = engine.embedder().dimensions();
    return exchange.reply.json(200, {{"modelfile", ""},
                                     {"parameters", ""},
                                     {"template", ""},
                                     {"license", ""},
                                     {"modified_at", to_rfc3339(engine.embedding_model().added_at)},
                                     {"details", details_of(model)},
                                     {"model_info", info},
                                     {"capabilities", Json::array({model.embeds ? "embedding" : "completion"})}});
  }
  exchange.reply.error(ApiError{404, fmt::format("model '{}' not found: GET /api/tags lists them", printable(name)),
                                "not_found_error", "model_not_found", "model"});
}

void version(Application&, const Exchange& exchange) { exchange.reply.json(200, {{"version", RENVOI_VERSION}}); }

}  // namespace

void add_ollama_routes(std::vector<Route>& routes) {
  constexpr ErrorShape kPlain = ErrorShape::plain;
  routes.push_back({"POST", "/api/chat", KeyRole::read, chat, kPlain});
  routes.push_back({"POST", "/api/generate", KeyRole::read, generate, kPlain});
  routes.push_back({"POST", "/api/embed", KeyRole::read, embed, kPlain});
  routes.push_back({"POST", "/api/embeddings", KeyRole::read, embeddings, kPlain});
  routes.push_back({"GET", "/api/tags", KeyRole::read, tags, kPlain});
  routes.push_back({"POST", "/api/show", KeyRole::read, show, kPlain});
  routes.push_back({"GET", "/api/version", KeyRole::read, version, kPlain});
}

}  // namespace renvoi::app
