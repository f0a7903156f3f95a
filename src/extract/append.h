// One document as a part of another: a chapter of a book, a file of an archive. For the room's own use.
#pragma once

#include <cstdint>
#include <string_view>

#include "extract/document.h"
#include "extract/reading.h"

namespace renvoi::extract {

// Adds `part` under a heading of the first level (none when `heading` is empty). The part's own headings go `deeper`
// levels down. The text limit cuts. Links are taken along, within limits.
void append(Document& document, const Document& part, std::string_view heading, std::uint8_t deeper,
            const Limits& limits);

}  // namespace renvoi::extract
