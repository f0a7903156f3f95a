// What an element says of itself: that it is the site's frame, or that it is the content. For the room's own use.
#pragma once

#include <cstdint>

#include "extract/page_tree.h"

namespace renvoi::extract {

enum class Claim : std::uint8_t { none, hidden, frame, content };

// From tag, role, hidden, aria-hidden, style, class, id and itemprop of one element.
//   hidden   never shown to a reader
//   frame    navigation, banner, advertising, comments, sharing, related links, consent
//   content  main, article, an article body by its usual names
Claim claim_of(const PageTree& page, std::uint32_t node);

}  // namespace renvoi::extract
