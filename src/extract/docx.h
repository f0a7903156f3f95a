// Word documents (ECMA-376 part 1, WordprocessingML) to document. For the room's own use.
#pragma once

#include "extract/package.h"

namespace renvoi::extract {

// `main_part` is the document's part. Headings by outline level, lists, tables, quotes, notes ("[1]" in the text, the
// note at its end), text boxes; deleted and hidden text, tables of contents, headers and footers are left out. Errors:
// those of Package::parse(); `exhausted` when the deadline passes.
Result<void> read_docx(const Package& package, std::string_view main_part, const Reading& reading, Document& document);

}  // namespace renvoi::extract
