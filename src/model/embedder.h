// Text to vector. An embedder is an interface so that search does not know whether the model is in this process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

// e5 and its kin were trained with a prefix for each role; the embedder adds it.
enum class EmbedRole : std::uint8_t { query, passage };

// Row-major, `rows` x `dimensions`, each row of unit length.
struct Embeddings {
  std::size_t dimensions = 0;
  std::vector<float> values;
  std::size_t rows() const { return dimensions == 0 ? 0 : values.size() / dimensions; }
  std::span<const float> row(std::size_t i) const { return std::span(values).subspan(i * dimensions, dimensions); }
};

// Called with how many of the texts are done. May be empty.
using EmbedProgress = std::function<void(std::size_t done)>;

// Thread-safe (calls may wait for one another).
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual std::size_t dimensions() const = 0;
  // Hexadecimal SHA-256 of what the vectors depend on (the model's files): an index is bound to it.
  virtual const std::string& digest() const = 0;
  virtual const std::string& name() const = 0;
  // Rows in the order of `texts`, whatever order they were encoded in (batched by length). A text longer than the
  // model's window is cut at the window. An empty text is embedded like any other.
  // Errors: `unavailable` when stopped, `internal` when the engine fails.
  virtual Result<Embeddings> embed(std::span<const std::string_view> texts, EmbedRole role,
                                   const EmbedProgress& progress = {}, std::stop_token stop = {}) = 0;
  // What the model's training divided cosines by before it compared them (its softmax's temperature), where that is
  // known: a difference of so much in cosines means as much as one of 1 in log-odds. Known once a text was embedded.
  virtual std::optional<float> cosine_temperature() const { return {}; }
  // About how long a query would wait before its turn, as far as that is known: 0 where something is free.
  virtual std::chrono::milliseconds expected_wait() const { return {}; }
};

}  // namespace renvoi::model
