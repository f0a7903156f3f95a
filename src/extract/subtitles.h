// Subtitles (SubRip, WebVTT) to document. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// What is said, without numbers, times and styles; a paragraph ends at a pause or, when it is long, with a sentence.
// Lines that a rolling caption shows again are said once. Errors: `exhausted` (the deadline).
Result<void> read_subtitles(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
