// What an element says of itself: that it is the site's frame, or that it is the content. For the room's own use.
#pragma once

#include <cstdint>

#include "extract/page_tree.h"

namespace renvoi::extract {

enum class Claim : std::uint8_t { none, frame, weak_frame, reaction, poster, caption, content };

// From tag, role, class, id and itemprop of one element.
//   frame       navigation, banner, advertising, sharing, related links, consent: hardly ever the content
//   weak_frame  the same by words that are now and then names of parts of the content (a "hero banner", a "teaser")
//   reaction    comments and replies: the frame of an article, the content of a thread
//   poster      in a thread, who wrote a message and what can be done with it
//   caption     of a picture
//   content     main, article, an article body by its usual names
Claim claim_of(const PageTree& page, std::uint32_t node);

}  // namespace renvoi::extract
