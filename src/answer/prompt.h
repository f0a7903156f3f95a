// The messages for the model. Invariant 5: a document's text is there as quoted evidence and as nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer/evidence.h"
#include "model/generator.h"

namespace renvoi::answer {

// What the model is told to say when the evidence does not hold the answer.
inline constexpr std::string_view kNoAnswer = "NO ANSWER";

// `text` in a form that can end no quotation and start no turn of a chat: no run of three angle brackets, no template
// token ("<|im_start|>", "[INST]", "<s>"), no citation mark, no control character but the line break, and nothing that
// people would not see.
std::string as_quoted_data(std::string_view text);

struct Prompt {
  std::vector<model::Message> messages;
  // Evidence number n is numbered[n - 1]: document and passage in Evidence.
  std::vector<std::pair<std::size_t, std::size_t>> numbered;
};

// As many passages, best first, as fit `max_prompt_tokens` (by text::estimate_tokens), at least one (cut when it must
// be), but only what is not kept out of them (screen.h): then there may be none.
Prompt make_prompt(const Evidence& evidence, const Question& question, std::uint32_t max_prompt_tokens);

}  // namespace renvoi::answer
