// The documented normalisation under which a quote is looked for in a document (invariant 7), and folding for search.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/range.h"

namespace renvoi::text {

// NFC; every run of white space (Unicode, with U+00A0 and U+202F) one space; typographic quotes, apostrophes, dashes
// and the ellipsis in their ASCII forms; soft hyphens and zero-width characters dropped; no space at either end.
std::string normalize_for_quotes(std::string_view text);

// Where `quote` first occurs in `document` after the normalisation of both, as a range of the original document.
// Nothing when it does not, or is empty. O(|document|).
std::optional<Range> find_quote(std::string_view document, std::string_view quote);

// Lower case, accents removed (NFKD without marks): for comparing words, never for showing.
std::string fold(std::string_view text);

}  // namespace renvoi::text
