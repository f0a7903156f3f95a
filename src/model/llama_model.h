// llama.cpp in this process: the only place that knows it. GGUF files in, Embedder and Generator out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/embedder.h"
#include "model/generator.h"

namespace renvoi::model {

struct LlamaOptions {
  std::filesystem::path backends;  // folder of libggml-cpu-*.so; empty: beside the program, then as built
  std::uint32_t threads = 0;       // 0: as many as there are cores
  std::uint32_t micro_batch_tokens = 512;
  std::uint32_t context_tokens = 2'048;  // generation only: of one answer, its prompt included
  std::uint32_t answers_at_once = 4;     // generation only; each has memory of its own for its context
  // Hexadecimal SHA-256 of the file where it is known (a ModelManifest holds it); empty: the file is hashed when
  // loaded.
  std::string known_digest{};
};

// What the header of a GGUF file says, read without loading it and without trusting it.
struct GgufSummary {
  std::string architecture;  // "bert", "llama"
  std::string name;
  bool is_embedding = false;  // a pooling type other than none, or an encoder architecture
  std::uint64_t file_bytes = 0;
  std::uint32_t context_tokens = 0;
  std::uint32_t dimensions = 0;
};
// Errors: `not_found`, `invalid` (not a GGUF file: says what it is), `corrupt` (truncated or inconsistent).
Result<GgufSummary> read_gguf_summary(const std::filesystem::path& file);

// Errors of both: as read_gguf_summary, and `invalid` when the model is of the other kind or of an architecture that
// llama.cpp does not know, `exhausted` when there is no memory for it.
// Prefixes of an embedding model come from its metadata keys "renvoi.prefix.query" and "renvoi.prefix.passage"
// (empty when absent). An embedding model's window is at most 2,048 tokens, whatever it was trained for.
// The process loads llama.cpp's backends once, from the folder given first.
Result<std::unique_ptr<Embedder>> load_embedder(const std::filesystem::path& file, const LlamaOptions& options = {});
Result<std::unique_ptr<Generator>> load_generator(const std::filesystem::path& file, const LlamaOptions& options = {});

}  // namespace renvoi::model
