// A model's tokenizer without its weights: 0.8 s to load a vocabulary of 250,000, and 5 MB of text a second on one
// thread (multilingual-e5-small; llama.cpp's own tokenizer).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/llama_model.h"

namespace renvoi::model {

struct TokenCount {
  std::uint32_t token;
  std::uint32_t count;  // at least 1
  bool operator==(const TokenCount&) const = default;
};
// Sorted by token, each once.
using TokenBag = std::vector<TokenCount>;

// O(n log n).
TokenBag count_tokens(std::span<const std::uint32_t> tokens);

// Thread-safe.
class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;
  // Without the prefix and the special tokens that the encoder adds. Errors: `invalid` (more than 1 GiB), `internal`.
  virtual Result<std::vector<std::uint32_t>> tokens(std::string_view text) const = 0;
  virtual const std::string& name() const = 0;
  Result<TokenBag> bag(std::string_view text) const;
};

// Only the vocabulary of the GGUF file is read. Errors: `not_found`, `invalid`, `corrupt`, `exhausted`, as
// load_embedder. `options` matters for its backends only.
Result<std::unique_ptr<TextTokenizer>> load_text_tokenizer(const std::filesystem::path& gguf,
                                                           const LlamaOptions& options = {});

}  // namespace renvoi::model
