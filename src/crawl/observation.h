// What one look at an address taught: the input of the reference life cycle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/types.h"

namespace renvoi::crawl {

enum class Outcome : std::uint8_t {
  fetched,       // 200 with a body that is held here
  not_modified,  // 304 to a conditional request
  missing,       // 404, 410 (status tells), file not there, soft 404, parking page
  blocked,       // 401, 403, 429, 451, robots.txt, a redirect loop, a login or captcha page
  unreachable,   // DNS, TLS, refused, timeout, 5xx: the host's trouble
  refused,       // by us: address guard, scope, too large, not a kind that is read. Never evidence of death
};
std::string_view to_string(Outcome outcome);

struct Observation {
  Outcome outcome = Outcome::refused;
  int status = 0;                   // HTTP; 200 or 404 for files; 0: no answer
  std::string reason;               // for people: "HTTP 404", "connection refused"; "" when fetched
  std::string final_address;        // after redirects, without fragment
  bool permanent_redirect = false;  // every redirect on the way was 301 or 308
  std::optional<std::int64_t> retry_after_s;
  catalog::Validators validators;
  std::string content_type;
  std::string content_language;
  bool noindex = false, nofollow = false, noarchive = false;  // X-Robots-Tag
  Timestamp modified_at = 0;                                  // Last-Modified, or the file's own; 0: not told
  std::string body;                                           // fetched only
  Timestamp at = 0;
};

}  // namespace renvoi::crawl
