// Tables as text (CSV by RFC 4180 and its kind, TSV) to document. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Columns are parted by what parts the first lines most evenly: a comma, a semicolon, a tab or a bar. Rows as in
// table_writer.h. Errors: `exhausted` (the deadline).
Result<void> read_separated(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
