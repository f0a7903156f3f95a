// OpenDocument texts, presentations and spreadsheets (OASIS ODF 1.3, part 3) to document. For the room's own use.
#pragma once

#include "extract/package.h"

namespace renvoi::extract {

// Text: headings, lists, tables, notes. Presentation: each slide a heading, its notes after it. Spreadsheet: each sheet
// a heading, rows as in read_xlsx(). Deleted text, annotations, indexes and hidden sheets are left out; a row or cell
// that is repeated counts as often as it is, within limits. Errors: those of Package::parse(); `invalid` (protected by
// a password); `exhausted` when the deadline passes.
Result<void> read_odf(const Package& package, const Reading& reading, Document& document);

}  // namespace renvoi::extract
