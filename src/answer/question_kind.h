// What a question asks for by its question words, and where a sentence holds something of that kind. French and
// English.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "text/range.h"

namespace renvoi::answer {

enum class Asked : std::uint8_t { anything, number, time, person, place, reason };

// By phrases ("how many", "en quelle année"), whatever language the question is in.
Asked asked_for(std::string_view question);

// The words of a text, lower case without accents.
using WordSet = std::unordered_set<std::string>;
WordSet folded_words(std::string_view text);

// The longest spans of `sentence` that are of the kind: numbers with their scale and unit of measure ("14,2 milliards
// d'euros"), dates and centuries, names of more than the sentence's first word. Those that hold nothing beyond
// `question` are left out: a question does not ask for what it says. In order. Empty for `anything`. For `reason` the
// connectives ("because", "afin de").
std::vector<text::Range> spans_asked_for(Asked kind, std::string_view sentence, const WordSet& question);

}  // namespace renvoi::answer
