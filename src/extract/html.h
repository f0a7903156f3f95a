// HTML to document. For the room's own use.
#pragma once

#include <string_view>

#include "base/result.h"
#include "extract/extract.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// `html` is valid UTF-8. Fills everything but media_type and charset. Errors: `exhausted` as PageTree::parse.
Result<void> read_html(std::string_view html, const Hints& hints, const Limits& limits, Deadline deadline,
                       Document& document);

}  // namespace renvoi::extract
