// How long an answer asks to be left alone (RFC 9110 section 10.2.3).
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "net/http_client.h"

namespace renvoi::net {

// Of its Retry-After, seconds or a date; 0 to 30 days. A date is of the server's clock, which may be wrong: what counts
// is how far it lies behind the server's own Date, or, where that is missing, `now`. Nothing when it says nothing.
std::optional<std::int64_t> retry_after_s(const FetchResponse& response, Timestamp now);

}  // namespace renvoi::net
