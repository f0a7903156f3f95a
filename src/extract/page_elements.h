// The elements of a page that its text was taken from. For the room's own use.
#pragma once

#include <cstdint>
#include <vector>

#include "extract/element_map.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// A range of the text and the node (an element) that holds it.
struct TakenText {
  text::Range range;
  std::uint32_t node = 0;
};

// The map of a page whose text was taken so. O(nodes).
ElementMap map_elements(const PageTree& page, const std::vector<TakenText>& taken);

}  // namespace renvoi::extract
