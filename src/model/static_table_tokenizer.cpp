#include "model/static_table_tokenizer.h"

#include <algorithm>
#include <utility>

#include "model/llama_handles.h"
#include "model/llama_runtime.h"

namespace renvoi::model {

TokenBag count_tokens(std::span<const std::uint32_t> tokens) {
  std::vector<std::uint32_t> sorted(tokens.begin(), tokens.end());
  std::sort(sorted.begin(), sorted.end());
  TokenBag bag;
  for (const std::uint32_t token : sorted) {
    if (bag.empty() || bag.back().token != token) bag.push_back({token, 0});
    ++bag.back().count;
  }
  return bag;
}

Result<TokenBag> TextTokenizer::bag(std::string_view text) const {
  RENVOI_TRY(const auto all, tokens(text));
  return count_tokens(all);
}

namespace {

class LlamaTokenizer final : public TextTokenizer {
 public:
  LlamaTokenizer(LlamaModelHandle model, std::string name)
      : model_(std::move(model)), vocab_(llama_model_get_vocab(model_.get())), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  Result<std::vector<std::uint32_t>> tokens(std::string_view text) const override {
    RENVOI_TRY(const auto ids, tokenize(vocab_, text, ControlText::literal, AddSpecial::no));
    return std::vector<std::uint32_t>(ids.begin(), ids.end());
  }

 private:
  LlamaModelHandle model_;
  const llama_vocab* vocab_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<TextTokenizer>> load_text_tokenizer(const std::filesystem::path& gguf,
                                                           const LlamaOptions& options) {
  RENVOI_CHECK(read_gguf_summary(gguf));
  RENVOI_CHECK(start_llama(options.backends));
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  const LlamaErrors errors;
  LlamaModelHandle model;
  try {
    model.reset(llama_model_load_from_file(gguf.c_str(), params));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::exhausted, "there is not enough memory to load the vocabulary of " + gguf.string()};
  } catch (const std::exception& problem) {
    return Error{ErrorCode::invalid, "llama.cpp cannot load " + gguf.string() + ": " + problem.what()};
  }
  if (!model) {
    return Error{ErrorCode::invalid,
                 "llama.cpp cannot load the vocabulary of " + gguf.string() + ": " + errors.first()};
  }
  return std::unique_ptr<TextTokenizer>(std::make_unique<LlamaTokenizer>(std::move(model), gguf.stem().string()));
}

}  // namespace renvoi::model
