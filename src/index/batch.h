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

// Appends the operation to `batch`. Codes are of the plain quantizer, or where some are given, of theirs. Errors:
// `invalid` (a vector of another size or not finite, a code of another size or of two quantizers, terms out of order or
// too long, a range that ends before it begins), `conflict` (codes of a quantizer that is not among these).
Result<void> append_put(std::string& batch, const Quantizers& quantizers, ReferenceId reference,
                        std::span<const PassageInput> passages);
void append_remove(std::string& batch, ReferenceId reference);

// What batches leave behind, by reference: the bytes of its passages as written by append_put, or none when removed.
// The views point into the batches.
struct PutBody {
  std::string_view bytes;
  const NamedQuantizer* quantizer = nullptr;  // of its codes, and of the segment that is made of them
  bool old_codes = false;                     // of version 1 (codes.h), to be made those of `quantizer`
};
using Changes = std::map<ReferenceId, PutBody>;

// Reads a batch over what earlier ones left. `quantizers` must outlive the changes. Errors: `corrupt` (also: codes of a
// quantizer that is not among these).
Result<void> read_batch(std::string_view batch, const Quantizers& quantizers, Changes& changes);

// A segment of the passages in `changes` whose codes are of `quantizer`; empty bytes when there are none. O(changes).
Result<std::string> segment_of(const Changes& changes, const NamedQuantizer& quantizer);

}  // namespace renvoi::index
