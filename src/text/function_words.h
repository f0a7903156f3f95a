// The function words of French and English: what a search drops, and what tells the two languages apart in a short
// text.
#pragma once

#include <string_view>

namespace renvoi::text {

// `word` in lower case with its accents. `language` "fr" or "en"; false for any other.
bool is_function_word(std::string_view word, std::string_view language);

}  // namespace renvoi::text
