// What a page says of itself outside its text: title, language, links, base, canonical address, wishes of its owner.
// For the room's own use.
#pragma once

#include <string>

#include "extract/extract.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Fills title, links, base, canonical, noindex, nofollow, noarchive.
void read_page_facts(const PageTree& page, const Limits& limits, Document& document);

// The page's declared language: <html lang>, xml:lang, <meta http-equiv=content-language>, og:locale; "" when none.
std::string declared_language(const PageTree& page);

// `title` ("Printing a page - Example Help") without the name of the site, which `site` tells when it is known and the
// page's headings show otherwise.
std::string without_site_name(const std::string& title, const std::string& site, const std::string& heading);

}  // namespace renvoi::extract
