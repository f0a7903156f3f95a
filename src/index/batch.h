// A batch: the puts and removes of one commit, as bytes in the log, and back. Drawn in docs/format.md, "Log".
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/index.h"
#include "index/quantizers.h"

namespace renvoi::index {

constexpr std::size_t kMaxTermBytes = 255;
constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 30;

// Appends the operation to `batch`. Errors: `invalid` (a vector of another size or not finite, terms out of order or
// too long, a range that ends before it begins).
Result<void> append_put(std::string& batch, const Quantizer& plain, ReferenceId reference,
                        std::span<const PassageInput> passages);
void append_remove(std::string& batch, ReferenceId reference);

// What batches leave behind, by reference: the bytes of its passages as written by append_put, or none when removed.
// The views point into the batches.
struct PutBody {
  std::string_view bytes;
  bool old_codes = false;  // of version 1 (codes.h)
};
using Changes = std::map<ReferenceId, PutBody>;

// Reads a batch over what earlier ones left. `plain` is the quantizer of its codes. Errors: `corrupt`.
Result<void> read_batch(std::string_view batch, const Quantizer& plain, Changes& changes);

// A segment of the passages in `changes`, with the plain quantizer; empty bytes when there are none.
Result<std::string> segment_of(const Changes& changes, const NamedQuantizer& plain);

}  // namespace renvoi::index
