// From the lines of a PDF's pages to the text of a document. For the room's own use.
#pragma once

#include <vector>

#include "extract/extract.h"
#include "extract/pdf_layout.h"

namespace renvoi::extract {

// Writes text, blocks and pages, and the title when there is none yet. In order: running heads and feet go (lines in
// the margins that stand at the same place on several pages, numbers aside), bullets that stand alone go to their
// lines, lines become paragraphs (words that were hyphenated at a line's end are whole again; a paragraph goes on over
// the end of a column or page), lines of a larger font become headings, the largest the highest.
void write_pdf_text(PdfLayout& layout, const Limits& limits, Document& document);

}  // namespace renvoi::extract
