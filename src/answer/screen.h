// What of the evidence is kept out of prompts, quotes and support, and told: text that is hidden or that speaks to an
// assistant (instruction_like.h).
#pragma once

#include <vector>

#include "answer/evidence.h"

namespace renvoi::answer {

// Fills EvidenceDocument::kept_out: in each passage the first suspect line and everything from there to the end of the
// passage, since what follows "Note to AI assistants:" belongs to it. Gives one Flagged for each document and
// reason. Also told: a suspect title, and text of the page that nobody sees, which extraction leaves out already.
std::vector<Flagged> screen(Evidence& evidence);

// `range` up to what is kept out of it; may be empty.
text::Range shown_part(const EvidenceDocument& document, text::Range range);
// What may be shown around `range`: the document but for what is kept out before and after it, and beyond that.
text::Range shown_around(const EvidenceDocument& document, text::Range range);
bool is_kept_out(const EvidenceDocument& document, text::Range range);

}  // namespace renvoi::answer
