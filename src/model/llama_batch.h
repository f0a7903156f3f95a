// A batch of token sequences through a model of llama.cpp: what the embedder, the distiller and the generator share.
// For the sources of this room only.
#pragma once

#include <llama.h>

#include <cstdint>
#include <span>

#include "base/result.h"

namespace renvoi::model {

// A batch of llama.cpp, whose arrays it frees by itself. Not thread-safe.
class LlamaBatch {
 public:
  explicit LlamaBatch(std::uint32_t max_tokens);
  ~LlamaBatch();
  LlamaBatch(LlamaBatch&& other) noexcept;
  LlamaBatch(const LlamaBatch&) = delete;
  LlamaBatch& operator=(const LlamaBatch&) = delete;
  LlamaBatch& operator=(LlamaBatch&&) = delete;
  void clear() { batch_.n_tokens = 0; }
  // One more sequence; all of them together have at most `max_tokens`.
  void add(std::span<const llama_token> tokens, llama_seq_id sequence);
  // More of a sequence whose first `position` tokens the context holds; with `read_last`, the logits that follow the
  // last of them. Gives the row of that one.
  std::int32_t append(std::span<const llama_token> tokens, llama_seq_id sequence, std::size_t position, bool read_last);
  std::int32_t tokens() const { return batch_.n_tokens; }
  // Through the model, whatever it held before. Errors: `internal`.
  Result<void> encode(llama_context* context) const;
  // Through the model, after what it holds; gives llama_decode()'s answer.
  int decode(llama_context* context) const { return llama_decode(context, batch_); }

 private:
  void push(llama_token token, llama_seq_id sequence, std::size_t position, bool read);
  llama_batch batch_;
};

// The pooled vector of one sequence of the batch that was encoded last, made a unit, into `row`; zeros stay zeros.
// Errors: `internal` (llama.cpp has none, or not a finite one).
Result<void> read_unit_row(llama_context* context, llama_seq_id sequence, std::span<float> row);

}  // namespace renvoi::model
