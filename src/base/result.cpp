#include "base/result.h"

namespace renvoi {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::gone:
      return "gone";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::exhausted:
      return "exhausted";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

Error Error::in(std::string_view context) const { return {code, std::string(context) + ": " + message, retry_after_s}; }

std::string Error::describe() const { return std::string(to_string(code)) + ": " + message; }

}  // namespace renvoi
