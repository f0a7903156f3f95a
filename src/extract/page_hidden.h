// Text that a page holds and no reader sees. For the room's own use.
#pragma once

#include <cstdint>

#include "extract/page_tree.h"

namespace renvoi::extract {

// What an element says about being seen, by attributes and its own style alone: style sheets are not read.
enum class Visibility : std::uint8_t {
  shown,
  hidden,  // the usual ways of pages that show it later: hidden, aria-hidden, display:none, visibility:hidden
  masked,  // ways that are there to be read by programs and not by people: off the screen, without size, without
           // opacity, in the colour of its own background
};
Visibility visibility_of(const PageTree& page, std::uint32_t node);

}  // namespace renvoi::extract
