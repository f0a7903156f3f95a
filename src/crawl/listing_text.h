// The bytes of a list of addresses (sitemap, feed, OPML, plain list) as UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace renvoi::crawl {

// Gunzipped where it is gzip, decoded, without its byte order mark and the white space around it. What is declared is
// not believed: UTF-16 is told by its mark or by its first character, valid UTF-8 is UTF-8, the rest is Latin-1
// (addresses are ASCII in all of them). `what` names it in messages. Errors: as gunzip(), and `invalid` when it is
// empty, `exhausted` when it is larger than `max_bytes` as it stands.
Result<std::string> listing_text(std::string_view bytes, std::size_t max_bytes, std::string_view what);

}  // namespace renvoi::crawl
