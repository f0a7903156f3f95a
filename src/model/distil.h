// Distillation: a StaticTable (static_table.h) from an embedding model, by putting every token of its vocabulary
// through the encoder alone.
//
// The row of a token is the unit vector of [begin] token [end], without the model's prefix, minus the mean of all such
// vectors weighted by the tokens' frequencies; its weight is a / (a + p), p the token's frequency, a = 3e-5 (SIF:
// Arora, Liang and Ma 2017; the recipe is Model2Vec's without its PCA). Tokens that stand for no text have weight 0.
// multilingual-e5-small (250,037 tokens, 384 dimensions): 318 s on one shared core; the file has 98 MB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "io/file_system.h"
#include "model/calibration.h"
#include "model/llama_model.h"

namespace renvoi::model {

struct DistilOptions {
  double smoothing = 3e-5;             // a, above 0
  PseudoPassageOptions calibration{};  // of the mean that the file keeps; none when `passages` is 0
  LlamaOptions llama{};                // backends, threads, known_digest
};

// Work done and to be done, in tokens of the vocabulary; the calibration comes after the last.
using DistilProgress = std::function<void(std::uint32_t done, std::uint32_t all)>;

struct DistilReport {
  std::string model_digest;
  std::uint32_t entries = 0;  // of the vocabulary
  std::uint32_t encoded = 0;  // that stand for text
  std::uint32_t resumed = 0;  // of those, found in the unfinished file
  std::uint64_t file_bytes = 0;
};

// Distils `gguf` into `table`. While it works, what is encoded goes to the file "<table>.unfinished" (1.5 kB a token of
// 384 dimensions): after a stop, a crash or a full disk the next call goes on from there, with the same result. `table`
// is replaced whole at the end. Memory: the model, and three bytes a token and dimension at the end (290 MB for the
// above). One call at a time for one `table`. Errors: as load_embedder; `invalid` (no token stands for text, an option
// makes no sense); `unavailable` when stopped; `exhausted` (disk, memory); `internal`.
Result<DistilReport> distil(const std::filesystem::path& gguf, const std::filesystem::path& table,
                            io::FileSystem& files, const DistilOptions& options = {},
                            const DistilProgress& progress = {}, const std::stop_token& stop = {});

class SequenceEncoder;
// The same with an encoder at hand.
Result<DistilReport> distil(SequenceEncoder& encoder, const std::filesystem::path& table, io::FileSystem& files,
                            const DistilOptions& options, const DistilProgress& progress = {},
                            const std::stop_token& stop = {});

}  // namespace renvoi::model
