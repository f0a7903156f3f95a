#include "model/token_sampler.h"

#include <algorithm>
#include <cmath>

#include "model/llama_runtime.h"

namespace renvoi::model {
namespace {

LlamaSamplerHandle make_chain(const GenerateOptions& options) {
  LlamaSamplerHandle chain(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  if (options.temperature <= 0) {
    llama_sampler_chain_add(chain.get(), llama_sampler_init_greedy());
    return chain;
  }
  llama_sampler_chain_add(chain.get(), llama_sampler_init_top_k(40));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_top_p(0.95F, 1));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_temp(options.temperature));
  llama_sampler_chain_add(chain.get(), llama_sampler_init_dist(static_cast<std::uint32_t>(options.seed)));
  return chain;
}

bool is_out(const llama_token_data& token) { return std::isinf(token.logit) && token.logit < 0; }

llama_token chosen(const llama_token_data_array& tokens) {
  return tokens.data[std::max<std::int64_t>(tokens.selected, 0)].id;
}

}  // namespace

Result<TokenSampler> TokenSampler::make(const llama_vocab* vocab, const GenerateOptions& options) {
  LlamaSamplerHandle grammar;
  if (!options.grammar.empty()) {
    const LlamaErrors errors;
    grammar.reset(llama_sampler_init_grammar(vocab, options.grammar.c_str(), "root"));
    if (!grammar) return Error{ErrorCode::invalid, "the grammar of the answer cannot be read: " + errors.first()};
  }
  return TokenSampler(vocab, make_chain(options), std::move(grammar));
}

llama_token_data_array TokenSampler::all_tokens(const float* logits) {
  tokens_.resize(static_cast<std::size_t>(llama_vocab_n_tokens(vocab_)));
  for (std::size_t i = 0; i < tokens_.size(); ++i) tokens_[i] = {static_cast<llama_token>(i), logits[i], 0.0F};
  return {tokens_.data(), tokens_.size(), -1, false};
}

bool TokenSampler::allows(llama_token token) const {
  llama_token_data only{token, 1.0F, 0.0F};
  llama_token_data_array array{&only, 1, -1, false};
  llama_sampler_apply(grammar_.get(), &array);
  return !is_out(only);
}

// The grammar looks at the token that would be said, and at the whole vocabulary only where it refuses it: that costs
// milliseconds a token. The same is said either way when the likeliest is taken.
llama_token TokenSampler::sample(llama_context* context, std::int32_t row) {
  const float* logits = llama_get_logits_ith(context, row);
  llama_token_data_array tokens = all_tokens(logits);
  llama_sampler_apply(chain_.get(), &tokens);
  llama_token token = chosen(tokens);
  if (grammar_ && !allows(token)) {
    tokens = all_tokens(logits);
    llama_sampler_apply(grammar_.get(), &tokens);
    if (std::all_of(tokens_.begin(), tokens_.end(), is_out)) return llama_vocab_eos(vocab_);
    llama_sampler_apply(chain_.get(), &tokens);
    token = chosen(tokens);
  }
  if (grammar_) llama_sampler_accept(grammar_.get(), token);
  llama_sampler_accept(chain_.get(), token);
  return token;
}

std::string token_bytes(const llama_vocab* vocab, llama_token token) {
  std::string bytes(64, '\0');
  int length = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, false);
  if (length < 0) {
    bytes.resize(static_cast<std::size_t>(-length));
    length = llama_token_to_piece(vocab, token, bytes.data(), static_cast<int>(bytes.size()), 0, false);
  }
  bytes.resize(static_cast<std::size_t>(std::max(0, length)));
  return bytes;
}

}  // namespace renvoi::model
