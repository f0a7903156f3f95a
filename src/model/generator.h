// Messages to text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::model {

struct Message {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

struct GenerateOptions {
  std::uint32_t max_tokens = 512;
  float temperature = 0.0F;  // 0: always the likeliest token, so that the same prompt gives the same answer
  std::uint64_t seed = 0;
  std::vector<std::string> stop;  // ends before any of these
  std::uint32_t deadline_ms = 120'000;
  // What may be said at all, in llama.cpp's GBNF (root: "root"); empty: anything. Only a model in this process holds to
  // it: endpoints have no common form for one. `invalid` when it cannot be read.
  std::string grammar{};
};

struct Generation {
  std::string text;
  std::string finish_reason;  // "stop" or "length"
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0;
  std::uint32_t reused_prompt_tokens = 0;  // of prompt_tokens: read for an earlier answer, and not again
};

// A piece of the answer, valid UTF-8. Returning false ends the generation with finish_reason "stop".
using OnPiece = std::function<bool(std::string_view piece)>;

// Thread-safe. Several calls at once may share the model, step by step; more than it takes wait for a place.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual const std::string& name() const = 0;
  virtual std::uint32_t context_tokens() const = 0;
  // Errors: `invalid` when the prompt does not fit the context (it is never cut silently), `unavailable` when stopped,
  // past the deadline or the endpoint does not answer, `denied` when the endpoint refuses the key.
  virtual Result<Generation> generate(std::span<const Message> messages, const GenerateOptions& options,
                                      const OnPiece& on_piece = {}, std::stop_token stop = {}) = 0;
};

}  // namespace renvoi::model
