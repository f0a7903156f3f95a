// LaTeX to document, read plainly: no macro is expanded and nothing is included. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Sections, lists, quotes, verbatim text, rows of tabulars, captions, footnotes where they stand; formulas as they are
// written; accents and dashes as characters. Comments, the preamble (but for title, author and date), citations,
// labels and drawings are left out. Errors: `exhausted` (the deadline).
Result<void> read_latex(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
