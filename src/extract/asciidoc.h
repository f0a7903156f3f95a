// AsciiDoc to document, read plainly: nothing is included and no macro is run. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Titles, lists, tables, listings, quotes, notes; marks of inline markup are taken off. Comments, attributes and
// includes are left out. Errors: `exhausted` (the deadline).
Result<void> read_asciidoc(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
