// Rich Text Format 1.9.1 (Microsoft, 2008). For the room's own use.
#pragma once

#include <string_view>

#include "extract/reading.h"

namespace renvoi::extract {

// Paragraphs, headings (by style or outline level), lists, tables, quotes, footnotes (after their paragraph), links,
// title, author and dates. Headers, footers, pictures, comments and what was deleted under revision are left out;
// hidden text is, and counted. Text is decoded by the code page of its font. Errors: `corrupt` (not RTF, groups deeper
// than 1,000), `exhausted` (time).
Result<void> read_rtf(std::string_view bytes, const Reading& reading, Document& document);

}  // namespace renvoi::extract
