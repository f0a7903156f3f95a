// Lists of links: menus, indexes, "more of this", which no class or tag gave away. For the room's own use.
#pragma once

#include <cstdint>
#include <vector>

#include "extract/page_kind.h"
#include "extract/page_measure.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Marks in `dropped` the boxes that are little but links. They stay when they are most of the page, or all that there
// is of a page without prose: an index; when a list stands between paragraphs of a text, when its items say something
// beside their links, when they are notes, and when the box is but the title of an item.
void drop_link_lists(const PageTree& page, PageKind kind, const PageMeasure& measures,
                     std::vector<std::uint8_t>& dropped);

}  // namespace renvoi::extract
