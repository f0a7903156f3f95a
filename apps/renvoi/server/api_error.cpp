#include "server/api_error.h"

namespace renvoi::app {

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::gone:
      return 410;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::exhausted:
      return 507;
    case ErrorCode::corrupt:
      return 500;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

namespace {

const char* type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

ApiError api_error(const Error& error) {
  const int status = http_status(error.code);
  return {status, error.message, type_of(status), std::string(to_string(error.code)), "", error.retry_after_s};
}

ApiError field_error(std::string param, std::string message) {
  return {400, std::move(message), "invalid_request_error", "invalid", std::move(param)};
}

Json json_of(const ApiError& error, ErrorShape shape) {
  constexpr int kInvalidRequest = -32600, kInternalError = -32603;  // JSON-RPC 2.0, section 5.1
  if (shape == ErrorShape::plain) return {{"error", error.message}};
  if (shape == ErrorShape::rpc)
    return {{"jsonrpc", "2.0"},
            {"id", nullptr},
            {"error", {{"code", error.status < 500 ? kInvalidRequest : kInternalError}, {"message", error.message}}}};
  return {{"error",
           {{"message", error.message},
            {"type", error.type.empty() ? type_of(error.status) : error.type},
            {"param", error.param.empty() ? Json(nullptr) : Json(error.param)},
            {"code", error.code}}}};
}

}  // namespace renvoi::app
