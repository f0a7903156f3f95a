#include "server/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "net/query.h"
#include "server/dataset_shelf.h"

namespace renvoi::app {
namespace {

// Nothing is loaded from elsewhere, nothing inline runs, nobody frames us, nothing is guessed from content.
const net::ResponseWriter::Headers kSecurityHeaders{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
     "'self'; "
     "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

net::ResponseWriter::Headers with_security(net::ResponseWriter::Headers headers) {
  headers.insert(headers.end(), kSecurityHeaders.begin(), kSecurityHeaders.end());
  return headers;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// "example.org:8080" -> "example.org"; "[::1]:80" -> "[::1]".
std::string without_port(const std::string& host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket)) return lower(host);
  return lower(host.substr(0, colon));
}

// Whether `path` has the form of `pattern`; `id` gets what stands for {id} or *.
bool matches(const std::string& pattern, const std::string& path, std::string& id) {
  const auto hole = pattern.find_first_of("{*");
  if (hole == std::string::npos) return pattern == path;
  if (!path.starts_with(pattern.substr(0, hole)) || path.size() == hole) return false;
  const bool rest = pattern[hole] == '*';
  const std::string after = rest ? "" : pattern.substr(pattern.find('}') + 1);
  if (path.size() <= hole + after.size() || !path.ends_with(after)) return false;
  id = path.substr(hole, path.size() - hole - after.size());
  return rest || id.find('/') == std::string::npos;
}

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

std::string media_type_of(const net::ServerRequest& request) {
  const std::string type = lower(request.header("content-type"));
  return type.substr(0, type.find_first_of("; "));
}

constexpr std::string_view kBearer = "bearer ";

bool is_bearer(const std::string& authorization) { return lower(authorization.substr(0, kBearer.size())) == kBearer; }

bool changes_state(const std::string& method) { return method != "GET" && method != "HEAD"; }

}  // namespace

void Reply::text(int status, std::string_view content_type, std::string body, net::ResponseWriter::Headers headers) {
  status_ = status;
  writer_.send(status, content_type, std::move(body), with_security(std::move(headers)));
}

void Reply::json(int status, const Json& value) {
  text(status, "application/json; charset=utf-8", dump(value) + "\n", {{"Cache-Control", "no-store"}});
}

void Reply::error(const ApiError& error) {
  net::ResponseWriter::Headers headers{{"Cache-Control", "no-store"}};
  if (error.retry_after_s) headers.emplace_back("Retry-After", std::to_string(*error.retry_after_s));
  if (error.status == 401) headers.emplace_back("WWW-Authenticate", "Bearer");
  if (!error.allow.empty()) headers.emplace_back("Allow", error.allow);
  text(error.status, "application/json; charset=utf-8", dump(json_of(error, errors_)) + "\n", std::move(headers));
}

void Reply::begin_stream(std::string_view content_type) {
  status_ = 200;
  writer_.begin(200, content_type, with_security({{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}));
}

void Reply::begin_bytes(std::string_view content_type, net::ResponseWriter::Headers headers) {
  status_ = 200;
  headers.emplace_back("Cache-Control", "no-store");
  writer_.begin(200, content_type, with_security(std::move(headers)));
}

void Reply::begin_events() { begin_stream("text/event-stream; charset=utf-8"); }

bool Reply::event(std::string_view data) { return writer_.write(fmt::format("data: {}\n\n", data)); }

bool Reply::event(std::string_view name, std::string_view data) {
  return writer_.write(fmt::format("event: {}\ndata: {}\n\n", name, data));
}

void Reply::begin_lines() { begin_stream("application/x-ndjson"); }

bool Reply::line(const Json& value) { return writer_.write(dump(value) + "\n"); }

std::optional<Json> read_body(const Exchange& exchange) {
  ParsedBody parsed = parse_body(exchange.request.body);
  if (!parsed.problem) return std::move(parsed.value);
  exchange.reply.error(*parsed.problem);
  return {};
}

Application::Application(Engine& given_engine, KeyRing& given_keys, bool keys_are_required)
    : engine(given_engine),
      keys(given_keys),
      require_key(keys_are_required),
      started_at(given_engine.clock().now()),
      feedback(given_engine.files(), given_engine.config().data / "feedback"),
      jobs(given_engine),
      datasets(std::make_unique<DatasetShelf>(given_engine.config())) {
  add_chat_routes(routes_);
  add_responses_routes(routes_);
  add_model_routes(routes_);
  add_ollama_routes(routes_);
  add_searxng_routes(routes_);
  add_mcp_routes(routes_);
  add_question_routes(routes_);
  add_plain_routes(routes_);
  add_feedback_routes(routes_);
  add_key_routes(routes_);
  add_operation_routes(routes_);
  add_source_routes(routes_);
  add_reference_routes(routes_);
  add_dataset_routes(routes_);
  add_system_routes(routes_);
  if (engine.config().server.watch_folders) folders.emplace(engine, jobs);
}

Application::~Application() = default;

void Application::handle(const net::ServerRequest& request, net::ResponseWriter& writer) {
  const auto started = std::chrono::steady_clock::now();
  ++running_;
  Reply reply(writer);
  std::string route = "other";
  try {
    if (auto refused = refuse_host(request)) {
      reply.error(*refused);
    } else if (refused = refuse_origin(request); refused) {
      reply.error(*refused);
    } else {
      dispatch(request, reply, route);
    }
  } catch (const std::exception& error) {
    if (!reply.began()) reply.error(Error{ErrorCode::internal, fmt::format("a bug in renvoi: {}", error.what())});
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  static constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "PATCH"};
  const bool known = std::find(std::begin(kMethods), std::end(kMethods), request.method) != std::end(kMethods);
  metrics.record(route, known ? request.method : "other", reply.status(), seconds.count());
  --running_;
}

void Application::keep_cited(const answer::AskRequest& request, const answer::Answer& answer) {
  const auto source = engine.keep_cited(request, answer);
  if (source && *source) (void)jobs.start((*source)->id, {});
}

// A page elsewhere may make its own name point at 127.0.0.1 (DNS rebinding): its requests bear that name.
std::optional<ApiError> Application::refuse_host(const net::ServerRequest& request) const {
  const auto& server = engine.config().server;
  if (!net::is_loopback(server.address) && server.names.empty()) return {};  // a key is required there
  const std::string host = without_port(request.header("host"));
  for (const char* usual : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host == usual) return {};
  }
  for (const auto& name : server.names) {
    if (host == lower(name)) return {};
  }
  if (host == lower(server.address) || host == "[" + lower(server.address) + "]") return {};
  return ApiError{
      403,
      fmt::format("this server does not answer to the name '{}': add it to server.names in the configuration",
                  printable(host)),
      "permission_error", "wrong_host"};
}

std::optional<ApiError> Application::refuse_origin(const net::ServerRequest& request) const {
  if (!changes_state(request.method)) return {};
  const ApiError refused{403, "requests from the pages of other sites are not accepted", "permission_error",
                         "wrong_origin"};
  if (request.header("sec-fetch-site") == "cross-site") return refused;
  const std::string origin = lower(request.header("origin"));
  if (origin.empty()) return {};
  const std::string host = lower(request.header("host"));
  if (origin == "http://" + host || origin == "https://" + host) return {};
  return refused;
}

std::optional<ApiError> Application::refuse_content_type(const Route& route, const net::ServerRequest& request) const {
  if (request.body.empty()) return {};
  const bool form = route.body == BodyType::form;
  const std::string_view wanted = form ? kFormType : "application/json";
  if (media_type_of(request) == wanted) return {};
  return ApiError{415, fmt::format("the body must be {}: send Content-Type: {}", form ? "a form" : "JSON", wanted),
                  "invalid_request_error", "wrong_content_type"};
}

void Application::dispatch(const net::ServerRequest& request, Reply& reply, std::string& route_name) {
  std::string methods;
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  // "counts" is no {id}.
  const bool is_named =
      std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) { return route.pattern == request.path; });
  for (const Route& route : routes_) {
    std::string id;
    if (is_named ? route.pattern != request.path : !matches(route.pattern, request.path, id)) continue;
    route_name = route.pattern;
    reply.shape_errors(route.errors);
    if (route.method == method) return run(route, request, reply, std::move(id));
    if (methods.find(route.method) == std::string::npos) methods += (methods.empty() ? "" : ", ") + route.method;
  }
  if (methods.empty()) {
    return reply.error(ApiError{
        404, fmt::format("there is nothing at {}: docs/http-api.md lists what there is", printable(request.path)),
        "not_found_error", "not_found"});
  }
  ApiError wrong{405, fmt::format("{} does not take {}: use {}", route_name, printable(request.method), methods),
                 "invalid_request_error", "method_not_allowed"};
  wrong.allow = methods;
  reply.error(wrong);
}

std::optional<ApiError> Application::refuse_key(const net::ServerRequest& request, const Route& route, KeyRole needed,
                                                std::optional<KeyRole>& role) {
  if (!require_key) return {};
  if (!is_bearer(request.header("authorization")))
    return ApiError{401,
                    "an API key is needed: send 'Authorization: Bearer KEY' (a key is made by 'renvoi key new NAME')",
                    "authentication_error", "key_missing"};
  const auto key = key_of(request);
  if (!key) return api_error(key.error());
  if (!*key)
    return ApiError{401, "this API key is not known here, or was revoked", "authentication_error", "key_invalid"};
  role = (*key)->role;
  if (*role >= needed) return {};
  return ApiError{403,
                  fmt::format("this key may only {}: {} {} needs a key with the role {}", to_string(*role),
                              route.method, route.pattern, to_string(needed)),
                  "permission_error", "role"};
}

Result<std::optional<ApiKey>> Application::key_of(const net::ServerRequest& request) {
  const std::string authorization = request.header("authorization");
  if (!is_bearer(authorization)) return std::optional<ApiKey>();
  return keys.find(std::string_view(authorization).substr(kBearer.size()));
}

void Application::run(const Route& route, const net::ServerRequest& request, Reply& reply, std::string id) {
  Exchange exchange{request, reply, route, {}, std::move(id)};
  if (route.role) {
    if (const auto refused = refuse_key(request, route, *route.role, exchange.role)) return reply.error(*refused);
  }
  if (changes_state(request.method)) {
    if (const auto refused = refuse_content_type(route, request)) return reply.error(*refused);
  }
  route.handler(*this, exchange);
}

}  // namespace renvoi::app
