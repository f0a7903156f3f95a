// Errors as HTTP says them: the one place where an ErrorCode becomes a status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "output.h"

namespace renvoi::app {

struct ApiError {
  int status = 500;
  std::string message;
  std::string type;     // as OpenAI's API names them: "invalid_request_error", "authentication_error", ...
  std::string code;     // "invalid", "not_found", ..., "unknown_field", "key_missing", "method_not_allowed"
  std::string param{};  // path of the field that is wrong, "messages[0].content"; "" when it is not a field
  std::optional<std::int64_t> retry_after_s{};
  std::string allow{};  // methods, of a 405
};

// How a protocol's clients read an error.
enum class ErrorShape : std::uint8_t {
  openai,  // {"error": {"message", "type", "param", "code"}}
  plain,   // {"error": "message"}: Ollama, SearXNG
  rpc,     // {"jsonrpc": "2.0", "id": null, "error": {"code", "message"}}: MCP, before a message was read
};

int http_status(ErrorCode code);
ApiError api_error(const Error& error);
ApiError field_error(std::string param, std::string message);
Json json_of(const ApiError& error, ErrorShape shape = ErrorShape::openai);

}  // namespace renvoi::app
