// The fingerprint of a passage in the index: of its text and of what stands above it, told apart.
//
// An answer looks for the text of a passage in the document as it is now, whatever its title is by now; its code may be
// kept only when all that the encoder was given is the same: heading path and text (extract::passage_input). So the
// upper 40 bits are those of the text's fingerprint, the lower 24 say what the headings were. Until the log's version 2
// all 64 bits were the text's: such a passage is found by its text as any other, and its code is not kept (but for one
// in 16 million).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace renvoi::index {

constexpr std::uint64_t kHeadingBits = (std::uint64_t{1} << 24) - 1;

// `of_text` is renvoi::fingerprint(the passage's text). Two texts of one document have the same upper bits with a
// probability of 1e-12.
inline std::uint64_t passage_fingerprint(std::uint64_t of_text, std::string_view heading_path) {
  return (of_text & ~kHeadingBits) | (fingerprint(heading_path) & kHeadingBits);
}

// Whether a passage with that fingerprint in the index had this text.
constexpr bool has_text(std::uint64_t passage, std::uint64_t of_text) {
  return ((passage ^ of_text) & ~kHeadingBits) == 0;
}

}  // namespace renvoi::index
