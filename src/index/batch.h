// A batch: the puts and removes of one commit, as bytes in the log, and back. Drawn in docs/format.md, "Log".
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/codes.h"
#include "index/index.h"

namespace renvoi::index {

constexpr std::size_t kMaxTermBytes = 255;
constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 30;

// Appends the operation to `batch`. Errors: `invalid` (a vector of another size or not finite, terms out of order or
// too long, a range that ends before it begins).
Result<void> append_put(std::string& batch, const Codec& codec, ReferenceId reference,
                        std::span<const PassageInput> passages);
void append_remove(std::string& batch, ReferenceId reference);

// What batches leave behind, by reference: the bytes of its passages as written by append_put, or empty when removed.
// The views point into the batches.
using Changes = std::map<ReferenceId, std::string_view>;

// Reads a batch over what earlier ones left. Errors: `corrupt`.
Result<void> read_batch(std::string_view batch, std::size_t code_bytes, Changes& changes);

// A segment of the passages in `changes`; empty bytes when there are none.
Result<std::string> segment_of(const Changes& changes, std::uint32_t dimensions, std::size_t code_bytes);

}  // namespace renvoi::index
