// The things that a page describes in its JSON-LD (https://schema.org). For the room's own use.
#pragma once

#include <string>
#include <vector>

#include "extract/page_tree.h"

namespace renvoi::extract {

// One object at the top of a script or in its @graph; not those inside others: a comment has an author and dates too.
// Strings are as written, "" when there is none.
struct LinkedThing {
  std::vector<std::string> types;    // "Article", "WebPage": without "https://schema.org/"
  std::string name;                  // headline, or else name
  std::vector<std::string> authors;  // their names
  std::string published, modified;   // datePublished, dateModified
  std::string description, language, licence, publisher;

  bool is(std::string_view type) const;
  // Article and what is one by schema.org: NewsArticle, BlogPosting, ...
  bool is_article() const;
};

// At most 64 things from at most 16 scripts of at most 256 KiB each; a script that is not JSON is passed over.
std::vector<LinkedThing> read_linked_data(const PageTree& page);

}  // namespace renvoi::extract
