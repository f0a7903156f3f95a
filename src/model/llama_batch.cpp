#include "model/llama_batch.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>
#include <utility>

#include "model/llama_runtime.h"

namespace renvoi::model {

LlamaBatch::LlamaBatch(std::uint32_t max_tokens)
    : batch_(llama_batch_init(static_cast<std::int32_t>(max_tokens), 0, 1)) {}
LlamaBatch::~LlamaBatch() { llama_batch_free(batch_); }
LlamaBatch::LlamaBatch(LlamaBatch&& other) noexcept : batch_(std::exchange(other.batch_, {})) {}

void LlamaBatch::push(llama_token token, llama_seq_id sequence, std::size_t position, bool read) {
  const auto i = batch_.n_tokens++;
  batch_.token[i] = token;
  batch_.pos[i] = static_cast<llama_pos>(position);
  batch_.n_seq_id[i] = 1;
  batch_.seq_id[i][0] = sequence;
  batch_.logits[i] = read ? 1 : 0;
}

void LlamaBatch::add(std::span<const llama_token> tokens, llama_seq_id sequence) {
  for (std::size_t i = 0; i < tokens.size(); ++i) push(tokens[i], sequence, i, true);
}

std::int32_t LlamaBatch::append(std::span<const llama_token> tokens, llama_seq_id sequence, std::size_t position,
                                bool read_last) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    push(tokens[i], sequence, position + i, read_last && i + 1 == tokens.size());
  }
  return batch_.n_tokens - 1;
}

Result<void> LlamaBatch::encode(llama_context* context) const {
  const LlamaErrors errors;
  try {
    auto* memory = llama_get_memory(context);
    if (memory != nullptr) llama_memory_clear(memory, true);
    const int failed = memory != nullptr ? llama_decode(context, batch_) : llama_encode(context, batch_);
    if (failed != 0) return Error{ErrorCode::internal, "llama.cpp could not encode a batch: " + errors.first()};
  } catch (const std::exception& problem) {
    return Error{ErrorCode::internal, std::string("llama.cpp could not encode a batch: ") + problem.what()};
  }
  return {};
}

Result<void> read_unit_row(llama_context* context, llama_seq_id sequence, std::span<float> row) {
  const float* values = llama_get_embeddings_seq(context, sequence);
  if (values == nullptr) return Error{ErrorCode::internal, "llama.cpp gave no vector for a text"};
  const std::span<const float> vector(values, row.size());
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  if (!std::isfinite(square)) {
    return Error{ErrorCode::internal, "the model gave a vector that is not finite: its file may be damaged"};
  }
  const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
  std::transform(vector.begin(), vector.end(), row.begin(), [&](float x) { return static_cast<float>(x * scale); });
  return {};
}

}  // namespace renvoi::model
