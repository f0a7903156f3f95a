// Text in a document that is not for the people who read it: hidden, or spoken to the machine that does. What is found
// is kept out of prompts, of quotes and of what may support a sentence, and told with the answer. Documentation is full
// of "click", "ignore" and "must": only what is addressed to an assistant, speaks of its instructions, directs its
// answer, or pretends to be a turn of its conversation counts. docs/decisions/0023-instruction-like-text.md has the
// rules and how often they are wrong on real documents.
//
// This is no proof against everything that can be written: what it misses still reaches the model as quoted evidence
// (prompt.h), and what the model makes of it must be said by a sentence of the evidence (support.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/range.h"

namespace renvoi::answer {

enum class Suspicion : std::uint8_t {
  invisible,    // tag characters, runs of characters without width, text turned around
  role,         // a turn of a chat: template tokens, "Assistant:"
  overrides,    // "ignore all previous instructions"
  addressed,    // speaks to an assistant, or of what it is to answer
  exfiltrates,  // an address or an image that waits to be given what was asked or said
  encoded,      // words in base64
};
std::string_view to_string(Suspicion suspicion);

struct Suspect {
  text::Range range;  // whole lines
  Suspicion what = Suspicion::addressed;
};

// By lines, in order; a sentence that a line break cuts is found too. Letters of other scripts that look like Latin
// ones, letters set apart and characters without width hide nothing. O(|text|).
std::vector<Suspect> suspects_in(std::string_view text);

// `text` without the characters that nobody sees: of no width, of direction, tags, selectors of variants, controls but
// the line break and the tab.
std::string without_invisible(std::string_view text);

}  // namespace renvoi::answer
