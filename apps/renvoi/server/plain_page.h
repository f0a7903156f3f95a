// The page of /ask: HTML without script, in French and English. Whatever comes from people or documents is escaped.
#pragma once

#include <string>
#include <string_view>

#include "answer/answer.h"

namespace renvoi::app {

struct PlainWords {
  bool french;
  std::string_view question, ask, answer, sources, dropped, none, checked, last_verified, never, failed, needs_key,
      too_long, with_script;
};
// By Accept-Language: the one that is named first; English when neither is.
const PlainWords& plain_words(std::string_view accept_language);

// `inner` is HTML already, `question` is not.
std::string plain_page(const PlainWords& words, std::string_view question, std::string_view inner);
std::string plain_problem(const PlainWords& words, std::string_view message);
std::string plain_answer(const PlainWords& words, const answer::Answer& answer);

// An answer's text: its paragraphs escaped, the marks of its citations made links to them, ** made bold.
std::string html_of_answer(std::string_view text, std::size_t citations);

}  // namespace renvoi::app
