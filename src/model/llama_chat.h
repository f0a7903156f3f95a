// A conversation to the tokens of a prompt, by the model's own template. For the sources of this room only.
#pragma once

#include <llama.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/generator.h"

namespace renvoi::model {

// The model's own template, or ChatML where it has none. Immutable.
class ChatTemplate {
 public:
  explicit ChatTemplate(const llama_model* model);
  // The prompt with a marker where each content belongs, to the beginning of the assistant's turn; nothing when
  // llama.cpp does not know the template.
  std::optional<std::string> apply(std::span<const Message> messages, std::span<const std::string> markers) const;

 private:
  std::string template_;
};

// Template and contents are tokenized apart, so that a content's control tokens stay text: it can never end a turn.
// Errors: `invalid` when the template is not known or has no place for a message of that role; of tokenize().
Result<std::vector<llama_token>> prompt_tokens(const ChatTemplate& chat, const llama_vocab* vocab,
                                               std::span<const Message> messages);

}  // namespace renvoi::model
