// The WHATWG URL parser itself, without the restrictions of `Url`. The only place that knows which library does it.
// For this room and its tests; rooms above use url.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renvoi::net {

// The parts of a URL record as the standard's API names them: protocol "http:", search "?q", hash "#f".
struct WhatwgUrl {
  std::string href, origin, protocol, username, password, host, hostname, port, pathname, search, hash;
};

// Nothing when the text is not a URL (relative to `base`, when that is not empty). `text` must be valid UTF-8.
std::optional<WhatwgUrl> parse_whatwg(std::string_view text, std::string_view base = {});

}  // namespace renvoi::net
