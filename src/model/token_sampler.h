// Logits to the next token of one answer. For the sources of this room only.
#pragma once

#include <llama.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/generator.h"
#include "model/llama_handles.h"

namespace renvoi::model {

// Not thread-safe.
class TokenSampler {
 public:
  // Errors: `invalid` when options.grammar is not one.
  static Result<TokenSampler> make(const llama_vocab* vocab, const GenerateOptions& options);
  // From the logits of row `row` of the batch that was decoded last; the token counts as said. A token that ends the
  // answer where the grammar allows nothing else.
  llama_token sample(llama_context* context, std::int32_t row);

 private:
  TokenSampler(const llama_vocab* vocab, LlamaSamplerHandle chain, LlamaSamplerHandle grammar)
      : vocab_(vocab), chain_(std::move(chain)), grammar_(std::move(grammar)) {}
  llama_token_data_array all_tokens(const float* logits);
  bool allows(llama_token token) const;

  const llama_vocab* vocab_;
  LlamaSamplerHandle chain_;
  LlamaSamplerHandle grammar_;  // null: anything may be said
  std::vector<llama_token_data> tokens_;
};

// Its bytes, which may be a part of a character; none of a control token.
std::string token_bytes(const llama_vocab* vocab, llama_token token);

}  // namespace renvoi::model
