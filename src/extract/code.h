// Source code to document. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Code as code, in blocks that end where an empty line is followed by one that is not indented; comments and
// docstrings as text, their lines joined, markup of documentation tools ("@param", "///") taken off. How comments are
// written is told by the name's extension. Errors: `exhausted` (the deadline).
Result<void> read_code(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
