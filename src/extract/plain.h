// Plain text to document: paragraphs, and headings where they are beyond doubt. For the room's own use.
#pragma once

#include <string_view>

#include "base/result.h"
#include "extract/extract.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// `text` is valid UTF-8. Errors: `exhausted` when the deadline passes.
Result<void> read_plain(std::string_view text, const Hints& hints, const Limits& limits, Deadline deadline,
                        Document& document);

}  // namespace renvoi::extract
