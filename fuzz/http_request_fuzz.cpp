// rooms: net
// Any bytes as an HTTP request: reading them in two pieces gives what reading them at once gives, and what is accepted
// has a plain path. The first byte says where to cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/request_reader.h"

namespace {

using renvoi::net::RequestReader;
constexpr renvoi::net::RequestLimits kLimits{.max_header_bytes = 2'000, .max_body_bytes = 500};

std::string outcome(RequestReader& reader) {
  if (reader.refusal()) return "refused " + std::to_string(reader.refusal()->status);
  if (!reader.done()) return "more";
  const auto& request = reader.request();
  if (!request.path.starts_with('/') || request.path.find("/../") != std::string::npos ||
      request.path.find('\0') != std::string::npos || request.body.size() > kLimits.max_body_bytes)
    std::abort();
  return request.method + " " + request.path + "\n" + request.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  RequestReader whole(kLimits);
  whole.feed(bytes);

  RequestReader halves(kLimits);
  const std::size_t cut = bytes.empty() ? 0 : data[0] % bytes.size();
  std::string inbox(bytes.substr(0, cut));
  inbox.erase(0, halves.feed(inbox));
  inbox += bytes.substr(cut);
  halves.feed(inbox);
  // Beast may see earlier in one piece than in two that a beginning cannot become a request; nothing else may differ.
  const std::string at_once = outcome(whole);
  const std::string in_two = outcome(halves);
  const bool only_earlier =
      (at_once == "more" && in_two.starts_with("refused")) || (in_two == "more" && at_once.starts_with("refused"));
  // What is malformed and too large is refused for what is seen first.
  const bool both_refused = at_once.starts_with("refused") && in_two.starts_with("refused");
  const bool one_too_large = at_once == "refused 431" || in_two == "refused 431";
  if (at_once != in_two && !only_earlier && !(both_refused && one_too_large)) std::abort();
  return 0;
}
