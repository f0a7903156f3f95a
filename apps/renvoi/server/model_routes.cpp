// The models that a client sees, what the embedding model makes of texts, and documents ranked by it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "answer/question.h"
#include "probes.h"
#include "server/answering.h"
#include "text/sentences.h"

namespace renvoi::app {
namespace {

constexpr std::size_t kMaxEmbeddingInputs = 2'048;
constexpr std::size_t kMaxReranked = 1'000;

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

void embeddings(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  auto& embedder = application.engine.embedder();
  Fields fields(*body, "");
  const std::vector<std::string> texts = read_inputs(fields, "input", kMaxEmbeddingInputs);
  const std::string wanted = fields.text("model", embedder.name());
  const bool as_base64 = fields.choice("encoding_format", "float", {"float", "base64"}) == "base64";
  fields.number("dimensions", embedder.dimensions(), embedder.dimensions(), embedder.dimensions());
  const bool query = fields.choice("input_type", "passage", {"query", "passage"}) == "query";
  fields.ignore_others();
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (auto problem = refuse_embedding_model(application.engine, wanted)) return exchange.reply.error(*problem);
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

// Strings, or objects with `text`.
std::vector<std::string> read_documents(Fields& fields) {
  const Json& documents = fields.raw("documents");
  if (!documents.is_array()) {
    fields.refuse("documents", fmt::format("must be a list of 1 to {} documents", kMaxReranked));
    return {};
  }
  Json texts = Json::array();
  for (const Json& document : documents)
    texts.push_back(document.is_object() && document.contains("text") ? document.at("text") : document);
  const Json list{{"documents", texts}};
  Fields plain(list, "");
  std::vector<std::string> read = read_inputs(plain, "documents", kMaxReranked);
  if (auto problem = plain.problem()) fields.refuse_path(problem->param, problem->message);
  return read;
}

// Documents in the order of their nearness to a question, by the embedding model: Jina's and Cohere's shape.
void rerank(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Engine& engine = application.engine;
  auto& embedder = engine.embedder();
  Fields fields(*body, "");
  const std::string wanted = fields.text("model", embedder.name());
  const std::string query = fields.required_text("query");
  if (query.empty()) fields.refuse("query", "is empty");
  const std::vector<std::string> texts = read_documents(fields);
  const auto most = static_cast<std::size_t>(fields.number("top_n", kMaxReranked, 1, kMaxReranked));
  const bool with_documents = fields.boolean("return_documents", false);
  fields.ignore_others();
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  if (auto problem = refuse_embedding_model(engine, wanted)) return exchange.reply.error(*problem);
  const std::array<std::string_view, 1> question{query};
  const auto asked = embedder.embed(question, model::EmbedRole::query, {}, {});
  if (!asked) return exchange.reply.error(asked.error());
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto rows = embedder.embed(views, model::EmbedRole::passage, {}, {});
  if (!rows) return exchange.reply.error(rows.error());
  std::vector<std::pair<float, std::size_t>> ranked;
  std::uint64_t tokens = text::estimate_tokens(query);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ranked.emplace_back(std::max(0.0F, answer::cosine(asked->row(0), rows->row(i))), i);
    tokens += text::estimate_tokens(texts[i]);
  }
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  ranked.resize(std::min(ranked.size(), most));
  Json results = Json::array();
  for (const auto& [score, index] : ranked) {
    results.push_back({{"index", index}, {"relevance_score", score}});
    if (with_documents) results.back()["document"] = {{"text", texts[index]}};
  }
  exchange.reply.json(200, {{"id", new_id("rerank-", query)},
                            {"object", "list"},
                            {"model", embedder.name()},
                            {"results", results},
                            {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

std::vector<std::string> model_names(Engine& engine) {
  std::vector<std::string> names = answer_models(engine);
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

// What is in the store, and whether it may write answers.
void stored_models(Application& application, const Exchange& exchange) {
  const auto view = models_view(application.engine.config(), application.engine.files());
  if (!view) return exchange.reply.error(view.error());
  exchange.reply.json(200, *view);
}

}  // namespace

void add_model_routes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/embeddings", KeyRole::read, embeddings});
  routes.push_back({"POST", "/v1/rerank", KeyRole::read, rerank});
  routes.push_back({"GET", "/api/models", KeyRole::read, stored_models});
  routes.push_back({"GET", "/v1/models", KeyRole::read, list_models});
  routes.push_back({"GET", "/v1/models/{id}", KeyRole::read, show_model});
}

}  // namespace renvoi::app
