// Which language a document is in, and which of its sections are in another. For the room's own use.
#pragma once

#include <string>

#include "extract/document.h"

namespace renvoi::extract {

// By text::detect_language of the prose of each section (from one heading to the next) that has enough of it;
// neighbours in the same language are one range. The first 256 KiB of the text are looked at. Needs text and blocks.
// Sets `language` to `whole`, or, where sections that could be judged are in several languages, to that of most of
// their text; and `other_languages` to the sections in another.
void set_languages(Document& document, std::string whole);

}  // namespace renvoi::extract
