// JSON (RFC 8259) and lines of it to document. For the room's own use.
#pragma once

#include "extract/reading.h"

namespace renvoi::extract {

// Readable: an object's values as "key: value; key: value" in one item of a list, objects in it below it, long texts as
// paragraphs. "title" or "name" of the outermost object is the title. What is not well-formed is read as plain text.
// Errors: `invalid` (nested deeper than 200), `exhausted` (the deadline).
Result<void> read_json(std::string_view text, const Reading& reading, Document& document);

}  // namespace renvoi::extract
