// The server's routes and what guards them. docs/http-api.md is its contract.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine.h"
#include "keys.h"
#include "net/http_server.h"
#include "server/api_error.h"
#include "server/feedback.h"
#include "server/fields.h"
#include "server/folder_watcher.h"
#include "server/jobs.h"
#include "server/metrics.h"

namespace renvoi::app {

// The answer to one request, with the headers that every answer has. Not thread-safe.
class Reply {
 public:
  explicit Reply(net::ResponseWriter& writer) : writer_(writer) {}
  void json(int status, const Json& value);
  void text(int status, std::string_view content_type, std::string body, net::ResponseWriter::Headers headers = {});
  void error(const ApiError& error);
  void error(const Error& given) { error(api_error(given)); }
  // How the client of this route reads errors.
  void shape_errors(ErrorShape shape) { errors_ = shape; }
  // Server-sent events: begin, event any number of times, end. False: the client has gone.
  void begin_events();
  bool event(std::string_view data);
  bool event(std::string_view name, std::string_view data);
  void end_events() { writer_.end(); }
  // The same with a line of JSON for each (NDJSON).
  void begin_lines();
  bool line(const Json& value);
  // Bytes of one media type, as they come.
  void begin_bytes(std::string_view content_type, net::ResponseWriter::Headers headers);
  bool bytes(std::string_view piece) { return writer_.write(piece); }
  void end_bytes() { writer_.end(); }
  bool began() const { return status_ != 0; }
  bool cancelled() const { return writer_.cancelled(); }
  int status() const { return status_; }

 private:
  void begin_stream(std::string_view content_type);
  net::ResponseWriter& writer_;
  ErrorShape errors_ = ErrorShape::openai;
  int status_ = 0;
};

struct Route;

struct Exchange {
  const net::ServerRequest& request;
  Reply& reply;
  const Route& route;
  std::optional<KeyRole> role;  // of the key that was shown; nothing when none is needed: everything is allowed then
  std::string id;               // what stood for {id}
  bool allows(KeyRole needed) const { return !role || *role >= needed; }
};

struct Application;
class DatasetShelf;  // server/dataset_shelf.h
using RouteHandler = std::function<void(Application&, const Exchange&)>;

enum class BodyType : std::uint8_t {
  json,
  form,  // application/x-www-form-urlencoded
};

struct Route {
  std::string method;           // GET serves HEAD as well
  std::string pattern;          // "/api/sources/{id}", "/assets/*"
  std::optional<KeyRole> role;  // nothing: open to everybody
  RouteHandler handler;
  ErrorShape errors = ErrorShape::openai;
  BodyType body = BodyType::json;
};

struct Application {
  Application(Engine& given_engine, KeyRing& given_keys, bool keys_are_required);
  ~Application();
  // Called by net::HttpServer on its threads.
  void handle(const net::ServerRequest& request, net::ResponseWriter& writer);

  // Why whoever asks may not: the key is missing, unknown, or of a lower role. `role` gets the key's, if one is needed.
  std::optional<ApiError> refuse_key(const net::ServerRequest& request, const Route& route, KeyRole needed,
                                     std::optional<KeyRole>& role);

  // The key that was shown, if it is one, whether or not one is needed.
  Result<std::optional<ApiKey>> key_of(const net::ServerRequest& request);

  // Has what the answer cites from the web read as a source, where that is wanted. An answer stands without it.
  void keep_cited(const answer::AskRequest& request, const answer::Answer& answer);

  Engine& engine;
  KeyRing& keys;
  const bool require_key;
  const Timestamp started_at;
  Metrics metrics;
  FeedbackStore feedback;
  Jobs jobs;
  std::unique_ptr<DatasetShelf> datasets;
  std::optional<FolderWatcher> folders;  // when the configuration says so

  std::uint32_t running() const { return running_; }  // requests, this one included

 private:
  std::atomic<std::uint32_t> running_{0};
  std::optional<ApiError> refuse_host(const net::ServerRequest& request) const;
  std::optional<ApiError> refuse_origin(const net::ServerRequest& request) const;
  std::optional<ApiError> refuse_content_type(const Route& route, const net::ServerRequest& request) const;
  void dispatch(const net::ServerRequest& request, Reply& reply, std::string& route_name);
  void run(const Route& route, const net::ServerRequest& request, Reply& reply, std::string id);
  std::vector<Route> routes_;
};

// Each file of routes adds its own.
void add_chat_routes(std::vector<Route>& routes);       // /v1/chat/completions
void add_responses_routes(std::vector<Route>& routes);  // /v1/responses
void add_model_routes(std::vector<Route>& routes);      // /v1/models, /v1/embeddings, /v1/rerank
void add_ollama_routes(std::vector<Route>& routes);     // /api/chat, /api/generate, /api/tags, ...
void add_searxng_routes(std::vector<Route>& routes);    // /search, /config, /opensearch.xml
void add_mcp_routes(std::vector<Route>& routes);        // /mcp
void add_question_routes(std::vector<Route>& routes);   // /api/search, /api/ask
void add_plain_routes(std::vector<Route>& routes);      // /ask
void add_feedback_routes(std::vector<Route>& routes);   // /api/feedback
void add_key_routes(std::vector<Route>& routes);        // /api/keys
void add_operation_routes(std::vector<Route>& routes);  // /api/operations, /api/settings, /api/models
void add_reference_routes(std::vector<Route>& routes);  // /api/references
void add_source_routes(std::vector<Route>& routes);     // /api/sources
void add_dataset_routes(std::vector<Route>& routes);    // /api/datasets
void add_system_routes(std::vector<Route>& routes);     // /api/stats, /healthz, /metrics, /openapi.json, /, /assets

// The body as JSON, or nothing after having answered with what is wrong.
std::optional<Json> read_body(const Exchange& exchange);

}  // namespace renvoi::app
