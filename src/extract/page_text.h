// The main content of a page as blocks. For the room's own use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "extract/document_builder.h"
#include "extract/main_content.h"
#include "extract/page_elements.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Adds the blocks of the main content. A first-level heading that says the title again is left out: the title stands in
// Document::title and in every heading path. Fills `anchors` with the elements that have an id, each where the first
// block that begins in it begins. Gives where the text was taken from: for each block the innermost block element that
// holds it, for each row of a table its cells.
std::vector<TakenText> write_page_text(const PageTree& page, const MainContent& content, std::string_view title,
                                       DocumentBuilder& builder, std::vector<Anchor>& anchors);

// The text below one node, white space collapsed, at most about `max_bytes`, without scripts and styles.
std::string text_below(const PageTree& page, std::uint32_t node, std::size_t max_bytes);

}  // namespace renvoi::extract
