// reStructuredText (docutils) to document, read plainly: no directive is run, nothing is included. For the room's own
// use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Titles by their lines of punctuation, in the order in which these are met; lists, quotes, literal blocks, code and
// notes of directives, grid and simple tables; roles and marks of inline markup are taken off. Comments, contents and
// substitutions are left out. Errors: `exhausted` (the deadline).
Result<void> read_rst(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
