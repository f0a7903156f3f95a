// Words by Unicode (UAX #29), and their lower-case forms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/range.h"

namespace renvoi::text {

struct Word {
  Range range;
  bool ideographic = false;  // Han, kana: a segment found by dictionary
};

// In order. `text` must be valid UTF-8. Punctuation and white space are not words.
std::vector<Word> split_words(std::string_view text);

// Full Unicode lower case, NFC; typographic apostrophes as "'".
std::string lower_case(std::string_view text);

// Where the first "'" or U+2019 is, npos when there is none.
std::size_t apostrophe_at(std::string_view text);

}  // namespace renvoi::text
