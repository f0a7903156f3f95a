// What the elements of HTML are for. For the room's own use.
#pragma once

#include <cstdint>

#include "extract/page_tree.h"

namespace renvoi::extract {

bool is_block(std::uint16_t tag);          // starts a new line
bool is_list(std::uint16_t tag);           // ul, ol, dl, menu, dir
bool is_never_content(std::uint16_t tag);  // scripts, styles, embedded objects, controls of forms, foreign elements
// 1 to 6 for a heading (h1 to h6, or role=heading with its aria-level), else 0.
std::uint8_t heading_level(const PageTree& page, std::uint32_t node);

}  // namespace renvoi::extract
