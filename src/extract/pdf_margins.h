// Running heads, feet and page numbers of a PDF. For the room's own use.
#pragma once

#include "extract/pdf_layout.h"

namespace renvoi::extract {

// Removes lines in the upper and lower tenth of pages that say the same, numbers aside, at the same height on three
// pages or more (on both, when there are two).
void drop_running_heads(PdfLayout& layout);

}  // namespace renvoi::extract
