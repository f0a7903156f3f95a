// What kind of page it is, by what it says of itself. For the room's own use.
#pragma once

#include <cstdint>
#include <vector>

#include "extract/linked_data.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// The kinds whose content is found differently: the replies of an article are not its text, those of a thread are.
enum class PageKind : std::uint8_t { unknown, article, thread, product };

// In this order: the types of its JSON-LD and microdata; the software that made it, when that makes forums; og:type;
// the words of its own address and of the class of its body.
PageKind page_kind(const PageTree& page, const std::vector<LinkedThing>& things);

}  // namespace renvoi::extract
