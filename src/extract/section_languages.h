// Which sections of a document are in another language than most of it. For the room's own use.
#pragma once

#include <vector>

#include "extract/document.h"

namespace renvoi::extract {

// By text::detect_language of the prose of each section (from one heading to the next) that has enough of it;
// neighbours in the same language are one range. The first 256 KiB of the text are looked at. Needs text, blocks and
// language.
std::vector<LanguageRange> section_languages(const Document& document);

}  // namespace renvoi::extract
