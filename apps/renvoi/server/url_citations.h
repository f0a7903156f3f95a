// Citations in the shape of OpenAI's annotations.
#pragma once

#include <span>
#include <string_view>

#include "answer/answer.h"
#include "output.h"

namespace renvoi::app {

// One annotation for each mark "[n]" in `text` whose citation is among `citations`, in order. `start_index` and
// `end_index` (exclusive) count code points, as Python's strings do.
Json url_citations(std::string_view text, std::span<const answer::Citation> citations);
// The same as /v1/responses has them: the fields of `url_citation` beside `type`.
Json flat_url_citations(std::string_view text, std::span<const answer::Citation> citations);

}  // namespace renvoi::app
