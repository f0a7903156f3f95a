// Addresses without the mark of one visit: a crawler that keeps them reads the same page for ever.
#pragma once

#include <string>
#include <string_view>

namespace renvoi::crawl {

// Without ";jsessionid=..." and the query parameters that frameworks name their sessions by (PHPSESSID, JSESSIONID,
// ASPSESSIONID..., CFID with CFTOKEN, a sid of at least 16 hexadecimal digits). Everything else is left as it is.
std::string without_session_id(std::string_view address);

}  // namespace renvoi::crawl
