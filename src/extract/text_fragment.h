// The part of an address that makes a browser scroll to a quote and mark it: "#:~:text=prefix-,start,end,-suffix"
// (https://wicg.github.io/scroll-to-text-fragment/). For everyone who links to a range of a document's text.
#pragma once

#include <string>
#include <string_view>

#include "text/range.h"

namespace renvoi::extract {

// The directive for `range` of `text` (a Document's), without the "#": ":~:text=...". A short quote stands in it whole,
// of a longer one the first and the last words. Words before and after it are added until the first place in the text
// that the directive fits is `range`: what the page holds beside its main content is not known here, so a menu that
// says the same before it may still win. "" when the range is empty, outside of the text or without a word. O(|text|)
// for each of at most six tries.
std::string text_fragment(std::string_view text, text::Range range);

// `address` with the fragment that leads to the range; an address's own fragment is kept before the directive.
// Addresses that are not http or https are given back as they are: only browsers read the directive. Of a file in an
// archive it is the archive's address: nothing opens what lies in it.
std::string link_to(std::string_view address, std::string_view text, text::Range range);

}  // namespace renvoi::extract
