// What an answer says about who may use it: licence and opt-outs from training, as they were when it was captured.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dataset/item.h"

namespace renvoi::capture {

// From the headers (names in lower case) and, where the body is HTML, its first 64 KiB:
//   licence   Link: <...>; rel="license", <link rel="license" href> or <a rel="license" href> (RFC 4946, HTML)
//   opt-outs  "noai", "noimageai", "noindex" (X-Robots-Tag, <meta name="robots">), "tdm-reservation" (header or <meta>
//             of the W3C TDM Reservation Protocol, value 1)
// All headers are kept but those that carry secrets or cookies.
dataset::ItemFacts facts_of(const std::map<std::string, std::string>& headers, std::string_view body);

}  // namespace renvoi::capture
