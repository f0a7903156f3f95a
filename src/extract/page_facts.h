// What a page says of itself outside its text: title, language, links, base, canonical address, wishes of its owner.
// For the room's own use.
#pragma once

#include <string>
#include <vector>

#include "extract/extract.h"
#include "extract/linked_data.h"
#include "extract/page_tree.h"

namespace renvoi::extract {

// Fills title, links, base, canonical, noindex, nofollow, noarchive, open_graph, types, authors, site, description and
// licence. The last four from the first of these that says something: the JSON-LD of the page's article, or of
// anything; meta elements (author, dcterms.creator, og:site_name, application-name, description, og:description,
// dcterms.license); links with rel=author or rel=license, elements with itemprop=author.
void read_page_facts(const PageTree& page, const std::vector<LinkedThing>& things, const Limits& limits,
                     Document& document);

// The page's declared language: <html lang>, xml:lang, <meta http-equiv=content-language>, og:locale; "" when none.
std::string declared_language(const PageTree& page);

// `title` ("Printing a page - Example Help") without the name of the site, which `site` tells when it is known and the
// page's headings show otherwise.
std::string without_site_name(const std::string& title, const std::string& site, const std::string& heading);

}  // namespace renvoi::extract
