// Which kind of office document a ZIP archive is, and its reader. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Word, PowerPoint, Excel, OpenDocument and EPUB by what is in the archive, whatever it is called. Fills everything;
// gives false, and fills nothing, when the archive is none of them. Errors: those of the readers.
Result<bool> read_office(std::string_view bytes, const Reading& reading, Document& document);

}  // namespace renvoi::extract
