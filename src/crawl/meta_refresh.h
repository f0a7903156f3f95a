// A page that is only a way to another: <meta http-equiv=refresh content="0; url=...">.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace renvoi::crawl {

// Where the browser would go at once (within a second), as written. Only of a small page (8 KiB), which has nothing
// else to say; what stands in <noscript> or in a comment is for others.
std::optional<std::string> find_meta_refresh(std::string_view html);

}  // namespace renvoi::crawl
