// Where sentences begin and end (UAX #29 by ICU, with the abbreviations of French and English suppressed).
#pragma once

#include <string_view>
#include <vector>

#include "text/range.h"

namespace renvoi::text {

// Ranges of `text` without the white space around them, in order, not overlapping, together holding every
// character that is not white space. A line break that ends a block (two newlines) always ends a sentence.
std::vector<Range> sentences(std::string_view text, std::string_view language);

// About how many tokens a multilingual unigram tokenizer makes of `text`: never far below the truth (DESIGN: about 200
// tokens a passage, 512 at most), the same on every machine, no model needed.
std::uint32_t estimate_tokens(std::string_view text);

}  // namespace renvoi::text
