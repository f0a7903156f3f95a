// Short sequences of tokens through the encoder, as they are: no text, no tokenizer. For the sources of this room only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/distil_vocabulary.h"
#include "model/llama_model.h"

namespace renvoi::model {

using TokenSequence = std::vector<std::int32_t>;

class SequenceEncoder {
 public:
  virtual ~SequenceEncoder() = default;
  virtual std::uint32_t dimensions() const = 0;
  virtual const std::string& digest() const = 0;  // of the model, hexadecimal
  virtual const Vocabulary& vocabulary() const = 0;
  virtual const TokenSequence& passage_prefix() const = 0;  // what the model expects before a passage
  virtual std::uint32_t window_tokens() const = 0;          // the longest sequence it takes, at most 512
  // rows[i] = the unit vector of sequences[i]; `rows` is sequences x dimensions. The same sequences in the same order
  // give the same rows on one processor, however many threads. Errors: `unavailable` when stopped, `internal`.
  virtual Result<void> encode(std::span<const TokenSequence> sequences, std::span<float> rows,
                              const std::stop_token& stop) = 0;
};

// A context of one thread for each thread wanted, over the same weights: llama.cpp's threads spin at every step of a
// batch, which makes two of them ten times slower than one where the machine is shared (measured: 64 against 900
// entries a second). Memory beside the weights: about 20 MB a thread. Errors: as load_embedder.
Result<std::unique_ptr<SequenceEncoder>> load_sequence_encoder(const std::filesystem::path& gguf,
                                                               const LlamaOptions& options);

}  // namespace renvoi::model
