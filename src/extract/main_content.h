// Which part of a page is its main content. For the room's own use.
//
// Three passes over the flat tree: what is never content or hidden goes; what its tag, role, class or density of links
// says is navigation, advertising or the site's frame goes, unless it holds most of the text; then one descends from
// the body as long as a single child holds most of the prose.
#pragma once

#include <cstdint>
#include <vector>

#include "extract/page_tree.h"

namespace renvoi::extract {

struct MainContent {
  std::uint32_t root = 0;             // the main content is the subtree of this node
  std::vector<std::uint8_t> dropped;  // one for each node: its whole subtree is not content
};

MainContent find_main_content(const PageTree& page);

}  // namespace renvoi::extract
