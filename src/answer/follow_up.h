// A question in the middle of a conversation, made one that can be understood alone. Without a generator. French and
// English.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace renvoi::answer {

// Does `question` lean on what was said before? It begins as a continuation ("and on Sundays?", "et le dimanche ?"),
// has a pronoun whose noun is not in it ("when was it built?"), or holds fewer than two words that say something, and
// no name.
bool leans_on_earlier(std::string_view question);

// `question`, and after it what the last earlier question that stands alone, and those after it, speak of: their words
// but function words, question words and what `question` holds itself. A question that stands alone is given back as
// it is, whatever came before; so is one of more than 1,000 bytes. `earlier`: the same person's questions, oldest
// first; the last eight are read.
std::string stand_alone_question(std::string_view question, std::span<const std::string> earlier);

}  // namespace renvoi::answer
