// What a model in this process may write: sentences that each end with a mark of evidence that it was shown, or that
// there is no answer. No other bracket: neither a Markdown link nor an image nor markup can be begun.
#pragma once

#include <cstddef>
#include <string>

namespace renvoi::answer {

// In GBNF, for evidence numbered 1 to `evidence`, which is at least 1.
std::string citation_grammar(std::size_t evidence);

}  // namespace renvoi::answer
