// Making and checking citations (invariant 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "answer/answer.h"
#include "answer/evidence.h"

namespace renvoi::answer {

// True when `quote` stands in `document` at `range`, after text::normalize_for_quotes of both. A range that is outside
// of the document, empty, or cuts a character is false.
bool quote_stands(std::string_view document, std::string_view quote, text::Range range);

// A citation of `range` of the document as it was just read. Nothing when it would not stand.
std::optional<Citation> cite(const EvidenceDocument& evidence, text::Range range, std::uint32_t number);

}  // namespace renvoi::answer
