// Posting lists: which passages of a segment hold a term, and how often. Drawn in docs/format.md, "Postings".
//
// For each posting, in increasing order of passage: varint((distance from the one before) * 2 + (frequency > 1)), and
// when the frequency is above 1, varint(frequency - 2). The first distance counts from -1. Frequencies are exact.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "io/bytes.h"

namespace renvoi::index {

struct Posting {
  std::uint32_t passage = 0;    // local to its segment
  std::uint32_t frequency = 0;  // at least 1
};

// `postings` in strictly increasing order of passage.
void write_postings(io::ByteWriter& out, std::span<const Posting> postings);

// Walks one list. Does not own the bytes. Never reads past them, never gives a passage at or above `passages`, never
// goes back: bad bytes end the list early and make failed() true.
class PostingCursor {
 public:
  PostingCursor(std::string_view list, std::uint32_t passages) : reader_(list), passages_(passages) {}
  // Moves to the next posting. False at the end.
  bool next();
  const Posting& current() const { return current_; }
  bool failed() const { return failed_; }

 private:
  io::ByteReader reader_;
  std::uint32_t passages_;
  std::uint64_t next_passage_ = 0;
  Posting current_;
  bool failed_ = false;
};

}  // namespace renvoi::index
