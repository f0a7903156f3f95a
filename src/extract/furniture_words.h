// The words with which pages announce what is not their text. For the room's own use.
#pragma once

#include <string_view>

namespace renvoi::extract {

// `line` is a heading or a short line as it stands: "Related articles", "À lire aussi :", "Leave a comment". French and
// English, and the commonest of Spanish, Portuguese, German and Italian.
bool announces_other_pages(std::string_view line);  // what follows leads elsewhere
bool announces_reactions(std::string_view line);    // what follows are comments, or the form for one
bool is_more_link(std::string_view words);          // of a link: "Read more", "En savoir plus", and nothing else
// A line that asks the reader to do something with the page ("Share this article", "Click to print"), or says which
// tags it has.
bool is_page_tool(std::string_view line);
bool counts_reactions(std::string_view line);  // "3 Likes", "12 réponses", and nothing else

}  // namespace renvoi::extract
