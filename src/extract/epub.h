// EPUB books (EPUB 3.3 and 2) to document. For the room's own use.
#pragma once

#include "extract/package.h"

namespace renvoi::extract {

// The chapters of the spine in order, each through the HTML reader, each under its title. The navigation document is
// left out. Errors: those of Package::parse(); `corrupt` (no package document), `invalid` (encrypted chapters);
// `exhausted` when the deadline passes.
Result<void> read_epub(const Package& package, const Reading& reading, Document& document);

// XHTML as the HTML parser expects it: "<title/>" would have it take the rest of the page for the title.
std::string html_of_xhtml(std::string_view xhtml);

}  // namespace renvoi::extract
