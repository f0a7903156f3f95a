// Ownership of llama.cpp's objects, and the tokenizer, for the sources of this room only.
#pragma once

#include <llama.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/llama_model.h"

namespace renvoi::model {

struct LlamaDeleter {
  void operator()(llama_model* model) const { llama_model_free(model); }
  void operator()(llama_context* context) const { llama_free(context); }
  void operator()(llama_sampler* sampler) const { llama_sampler_free(sampler); }
};
using LlamaModelHandle = std::unique_ptr<llama_model, LlamaDeleter>;
using LlamaContextHandle = std::unique_ptr<llama_context, LlamaDeleter>;
using LlamaSamplerHandle = std::unique_ptr<llama_sampler, LlamaDeleter>;

struct LoadedModel {
  LlamaModelHandle model;
  GgufSummary summary;
  std::string name;    // of the file, without ".gguf"
  std::string digest;  // hexadecimal SHA-256 of the file
};
// Checks the header, starts llama.cpp, loads the weights. Errors: as load_embedder.
Result<LoadedModel> load_model(const std::filesystem::path& file, const LlamaOptions& options, bool embedding);

// Hexadecimal SHA-256 of a file. Errors: `not_found`, `unavailable`.
Result<std::string> file_digest(const std::filesystem::path& file,
                                const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

// Whether control tokens written out in the text ("</s>", "<|im_end|>") become those tokens. Only a template's own text
// may do that: documents and questions are `literal`, so that they can never end a turn or begin another.
enum class ControlText : bool { literal, parsed };
enum class AddSpecial : bool { no, yes };  // the beginning and end tokens that the model expects

// `text` is repaired when it is not UTF-8. Errors: `internal` when the tokenizer fails.
Result<std::vector<llama_token>> tokenize(const llama_vocab* vocab, std::string_view text, ControlText control,
                                          AddSpecial special);

}  // namespace renvoi::model
