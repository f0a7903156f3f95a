// PowerPoint presentations (ECMA-376 part 1, PresentationML) to document. For the room's own use.
#pragma once

#include "extract/package.h"

namespace renvoi::extract {

// Each slide a heading (its title, or "Slide 3"), its lists, texts and tables, then its notes. Hidden slides are left
// out. Errors: those of Package::parse(); `exhausted` when the deadline passes.
Result<void> read_pptx(const Package& package, std::string_view main_part, const Reading& reading, Document& document);

}  // namespace renvoi::extract
