// Tables of a PDF, which has none: only short texts that stand beside and below one another. For the room's own use.
#pragma once

#include "extract/pdf_layout.h"

namespace renvoi::extract {

// Makes one line of each row of a table, with " | " between its cells (PdfLine::row is set, and its block is the same
// in all rows of the table), at the place of its first cell in reading order. A table is two rows or more, one close
// below the other, of two cells or more that are aligned; cells are short, which tells a table from columns of prose.
void join_table_rows(PdfPage& page);

}  // namespace renvoi::extract
