// The dates that feeds and sitemaps write: RFC 3339 and its shorter forms (W3C-DTF), and RFC 822.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace renvoi::crawl {

// The last second that `text` can mean: of "2026-05" the end of the month, of "2026-05-01" the end of the day. A time
// without a zone is UTC. Nothing for what is no date, and for years before 1970 or after 9999.
std::optional<Timestamp> parse_date(std::string_view text);

}  // namespace renvoi::crawl
