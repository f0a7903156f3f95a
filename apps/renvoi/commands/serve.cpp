// serve: the web page and the API.
#include <fmt/format.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include "commands/command.h"
#include "keys.h"
#include "net/http_server.h"
#include "server/application.h"
#include "statistics.h"

namespace renvoi::app {
namespace {

struct ServeOptions {
  std::string address;
  std::optional<std::uint16_t> port;
};

net::HttpServer::Options server_options(const Config& config) {
  const auto& server = config.server;
  net::HttpServer::Options options;
  options.address = server.address;
  options.port = server.port;
  options.handler_threads = server.handler_threads;
  options.max_queued_requests = server.max_queued_requests;
  options.max_connections = server.max_connections;
  options.max_body_bytes = server.max_body_bytes;
  options.max_header_bytes = server.max_header_bytes;
  options.read_timeout_ms = std::chrono::milliseconds(server.read_timeout_ms);
  options.idle_timeout_ms = std::chrono::milliseconds(server.idle_timeout_ms);
  options.write_timeout_ms = std::chrono::milliseconds(server.write_timeout_ms);
  return options;
}

// On an address that others can reach, or when the configuration says so, nobody comes in without a key.
Result<bool> keys_required(const Config& config, KeyRing& ring) {
  const bool exposed = !net::is_loopback(config.server.address);
  if (!exposed && !config.server.require_key) return false;
  RENVOI_TRY(const auto keys, ring.list());
  if (!keys.empty()) return true;
  return Error{ErrorCode::denied,
               fmt::format("{}, so an API key is needed, and there is none: make one with 'renvoi key new NAME'",
                           exposed ? "the server is to listen on " + config.server.address + ", which others can reach"
                                   : "server.require_key is set")};
}

// A connection is an open file here, and another where an endpoint writes the answer: as many as the system allows.
void allow_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void wait_for(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
}

Result<void> run_serve(Context& context, const ServeOptions& options) {
  Config& config = context.config;
  if (!options.address.empty()) config.server.address = options.address == "localhost" ? "127.0.0.1" : options.address;
  if (options.port) config.server.port = *options.port;
  allow_open_files();
  auto files = io::real_file_system();
  KeyRing ring(*files, config.data / "keys.json");
  RENVOI_TRY(const bool require_key, keys_required(config, ring));
  RENVOI_TRY(auto engine, Engine::open(config, Access::write, context.notify()));
  RENVOI_CHECK(engine->embedder().warm());
  const std::stop_token stop =
      context.interrupts.stop_cleanly("\nStopping: requests in progress are finished. Again to end at once.\n");
  Application application(*engine, ring, require_key);
  RENVOI_TRY(auto server, net::HttpServer::start(server_options(config),
                                                 [&](const net::ServerRequest& request, net::ResponseWriter& response) {
                                                   application.handle(request, response);
                                                 }));
  const bool v6 = config.server.address.find(':') != std::string::npos;
  const std::string url =
      fmt::format("http://{}{}{}:{}/", v6 ? "[" : "", config.server.address, v6 ? "]" : "", server->port());
  context.output.line(fmt::format("renvoi serves on {} ({}; {} resident). Ctrl-C ends it.", url,
                                  require_key ? "an API key is needed" : "no key is needed from this machine",
                                  human_bytes(resident_memory_bytes())));
  context.output.value({{"url", url}, {"port", server->port()}, {"key_required", require_key}});
  std::fflush(stdout);
  wait_for(stop);
  server.reset();  // lets running requests finish
  context.output.note("Stopped.");
  return {};
}

}  // namespace

void declare_serve_command(CLI::App& app, Context& context) {
  CLI::App* serve = add_command(app, "serve", "Serve the web page and the API (OpenAI-compatible) on this machine",
                                "  renvoi serve\n"
                                "  renvoi serve --port 0                    any free port; it is printed\n"
                                "  renvoi key new team && renvoi serve --address 0.0.0.0\n");
  auto options = std::make_shared<ServeOptions>();
  serve->add_option("--address", options->address, "IP address to listen on [127.0.0.1]");
  serve->add_option("--port", options->port, "Port, 0 for any free one [8080]");
  serve->callback([&context, options] { context.run = [&context, options] { return run_serve(context, *options); }; });
}

}  // namespace renvoi::app
