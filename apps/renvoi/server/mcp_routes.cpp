// /mcp: the Model Context Protocol over streamable HTTP, without sessions and without a stream of the server's own: a
// message comes as a POST, its answer is the reply. Origin and Host are checked as for every route.
#include "mcp.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "server/application.h"

namespace renvoi::app {
namespace {

bool is_spoken(const std::string& version) {
  const auto all = mcp_versions();
  return std::find(all.begin(), all.end(), version) != all.end();
}

// What a request of 2026-07-28 says in its headers must be what it says in its body, so that whoever stands between may
// go by the headers.
std::optional<Json> refuse_headers(const net::ServerRequest& request, const Json& message, const std::string& version) {
  const auto mismatch = [&](const char* name) {
    return rpc_error(message.value("id", Json()), kRpcHeaderMismatch,
                     fmt::format("the header {} does not say what the message says", name));
  };
  if (request.header("mcp-protocol-version") != version) return mismatch("MCP-Protocol-Version");
  if (message.value("method", Json()) != request.header("mcp-method")) return mismatch("Mcp-Method");
  if (message.value("method", Json()) == "tools/call" && message.at("params").contains("name") &&
      message.at("params").at("name") != request.header("mcp-name"))
    return mismatch("Mcp-Name");
  return {};
}

// Those that the transport answers with a status of its own: for the older versions an error is an answer like others.
int status_of(const Json& answer, bool stateless) {
  if (!answer.contains("error")) return 200;
  const int code = answer.at("error").at("code").get<int>();
  if (answer.at("id").is_null() || code == kRpcInvalidRequest) return 400;  // no message was read
  if (!stateless) return 200;
  return code == kRpcNoMethod ? 404 : 400;
}

void mcp(Application& application, const Exchange& exchange) {
  const net::ServerRequest& request = exchange.request;
  const std::string version_header = request.header("mcp-protocol-version");
  ParsedBody parsed = parse_body(request.body);
  const std::string version = parsed.problem ? "" : mcp_version_of(parsed.value);
  if (version.empty() && !version_header.empty() && !is_spoken(version_header))
    return exchange.reply.error(field_error("MCP-Protocol-Version",
                                            "the header MCP-Protocol-Version names a version "
                                            "that is not spoken here"));
  const McpServer server(application.engine);
  std::optional<Json> answer;
  if (parsed.problem) {
    answer = server.handle_text(request.body);  // says what is wrong with it
  } else {
    if (!version.empty()) answer = refuse_headers(request, parsed.value, version);
    if (!answer) answer = server.handle(parsed.value);
  }
  if (!answer) return exchange.reply.text(202, "application/json", "", {{"Cache-Control", "no-store"}});
  exchange.reply.json(status_of(*answer, !version.empty()), *answer);
}

}  // namespace

void add_mcp_routes(std::vector<Route>& routes) {
  // GET, which would open a stream of the server's own, and DELETE, which would end a session, are answered with 405.
  routes.push_back({"POST", "/mcp", KeyRole::read, mcp, ErrorShape::rpc});
}

}  // namespace renvoi::app
