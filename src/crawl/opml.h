// OPML 1.0 and 2.0 as a list of feeds. No network here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/url.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxOpmlBytes = 10u << 20;  // expanded
inline constexpr std::size_t kMaxOpmlFeeds = 2'000;
inline constexpr std::size_t kMaxOpmlDepth = 32;  // of outlines in outlines

struct Opml {
  std::vector<std::string> feeds;     // resolved, in order, each once
  std::vector<std::string> includes;  // other OPML files that it takes in (type="include")
  bool truncated = false;             // more feeds, or deeper
};

// `base` is where it was read from. Errors: `invalid` (no OPML, malformed XML, a DOCTYPE), `exhausted` (more than
// kMaxOpmlBytes, too many tags).
Result<Opml> parse_opml(std::string_view bytes, const net::Url& base);

}  // namespace renvoi::crawl
