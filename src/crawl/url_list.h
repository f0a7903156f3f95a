// A text file of addresses, one a line. No network here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::crawl {

inline constexpr std::size_t kMaxListBytes = 50u << 20;  // expanded
inline constexpr std::size_t kMaxListUrls = 500'000;

struct UrlList {
  std::vector<std::string> addresses;  // normalised, without fragment, in order, each once
  struct BadLine {
    std::size_t number;  // from 1
    std::string reason;
  };
  std::vector<BadLine> bad;  // the first hundred lines that hold no http(s) address
  std::size_t bad_lines = 0;
  bool truncated = false;  // there were more than kMaxListUrls
};

// Blank lines and those that begin with '#' say nothing; so does what follows white space and '#' on a line. An address
// must be whole ("https://host/path"). Errors: `invalid` (empty, binary, or not one line of it is an address),
// `exhausted` (more than kMaxListBytes).
Result<UrlList> parse_url_list(std::string_view bytes);

}  // namespace renvoi::crawl
