// When a page says it was published and last modified. For the room's own use.
#pragma once

#include <vector>

#include "extract/document.h"
#include "extract/linked_data.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Fills published and modified, each from the first of these that holds a date of the calendar with its day:
// article:published_time and article:modified_time (Open Graph); datePublished and dateModified of the page's JSON-LD
// (https://schema.org; the objects at its top and in its @graph, not those inside others: a comment has dates too);
// meta elements named or itemprop'd so, and dcterms.issued and dcterms.modified; for `published`, a <time> in the
// header of the page's only article, or with the old attribute `pubdate`. Nothing is taken from the text.
void read_page_dates(const PageTree& page, const std::vector<LinkedThing>& things, Document& document);

}  // namespace renvoi::extract
