// Other pages that are announced around or after a text: "Related articles", rows of cards. For the room's own use.
#pragma once

#include "extract/main_content.h"
#include "extract/page_kind.h"
#include "extract/page_measure.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Drops from the content, within its root: what follows a heading that announces other pages or reactions; and rows of
// at least three boxes of one make that each lead to a page (a linked title, a few lines), where there is a text beside
// them and none after them. A page that is nothing but such boxes is a listing: they are its content, and stay.
void drop_announcements(const PageTree& page, PageKind kind, const PageMeasure& measures, MainContent& content);

}  // namespace renvoi::extract
