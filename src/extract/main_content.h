// Which part of a page is its main content. For the room's own use.
//
// What is never content or hidden goes first. Then, in passes over the flat tree: what its tag, role or class says is
// navigation, advertising or the site's frame goes, unless it holds most of the text; lists of links go; one descends
// from the body as long as a single child holds most of the prose; and in what is left, other pages that are announced
// ("cards") go where there is a text beside them. A page that has next to no text by these judgments is read again with
// milder ones: its content is then what they took for the frame.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "extract/page_kind.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

struct MainContent {
  std::uint32_t root = 0;               // the main content is the subtree of this node
  std::vector<std::uint8_t> dropped;    // one for each node: its whole subtree is not content
  std::uint32_t hidden_characters = 0;  // of text that is in the page and that nobody sees (page_hidden.h)
  std::uint32_t masked_characters = 0;  // of those, hidden in ways that deceive
};

// `title`: of the page, as page_facts.h chose it. O(nodes x depth) at worst, and depth is at most 512.
MainContent find_main_content(const PageTree& page, PageKind kind, std::string_view title);

}  // namespace renvoi::extract
