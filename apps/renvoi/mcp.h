// The Model Context Protocol: the collection as two tools, `search` and `fetch`, in the form that ChatGPT's connectors
// and deep research expect. One message in, at most one out; the transports (standard input and output, HTTP) are
// elsewhere.
//
// Spoken are 2024-11-05 to 2025-11-25, which begin with `initialize`, and 2026-07-28, in which each request says for
// itself which version it is of (params._meta) and there is no beginning. Nothing is kept between messages.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine.h"
#include "output.h"

namespace renvoi::app {

// JSON-RPC 2.0, section 5.1, and what MCP 2026-07-28 adds.
inline constexpr int kRpcParseError = -32700, kRpcInvalidRequest = -32600, kRpcNoMethod = -32601,
                     kRpcInvalidParams = -32602, kRpcHeaderMismatch = -32020, kRpcUnsupportedVersion = -32022;

// Thread-safe: holds nothing of its own.
class McpServer {
 public:
  explicit McpServer(Engine& engine) : engine_(engine) {}

  // The answer to one message, or nothing: a notification, or somebody's answer. A list of messages (a batch) is an
  // error, as are messages that are none.
  std::optional<Json> handle(const Json& message, std::stop_token stop = {}) const;
  // The same for text; one that is no JSON is answered with a parse error.
  std::optional<Json> handle_text(std::string_view text, std::stop_token stop = {}) const;

 private:
  Json call_tool(const Json& params, std::stop_token stop) const;
  Engine& engine_;
};

// The version that a request says it is of; "" when it says none.
std::string mcp_version_of(const Json& message);
// All that are spoken, oldest first.
std::span<const std::string_view> mcp_versions();
Json rpc_error(const Json& id, int code, std::string message, Json data = nullptr);

}  // namespace renvoi::app
