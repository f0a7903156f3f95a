#include "index/postings.h"

namespace renvoi::index {

void write_postings(io::ByteWriter& out, std::span<const Posting> postings) {
  std::uint64_t next_passage = 0;
  for (const Posting& posting : postings) {
    out.varint((posting.passage - next_passage) << 1 | (posting.frequency > 1 ? 1 : 0));
    if (posting.frequency > 1) out.varint(posting.frequency - 2);
    next_passage = std::uint64_t{posting.passage} + 1;
  }
}

bool PostingCursor::next() {
  if (failed_ || reader_.at_end()) return false;
  const std::uint64_t head = reader_.varint();
  const std::uint64_t distance = head >> 1;
  const std::uint32_t extra = (head & 1) != 0 ? reader_.varint32() : 0;
  if (!reader_.ok() || distance >= passages_ || next_passage_ + distance >= passages_ || extra > 0xFFFFFFFD) {
    failed_ = true;
    return false;
  }
  current_.passage = static_cast<std::uint32_t>(next_passage_ + distance);
  current_.frequency = (head & 1) != 0 ? extra + 2 : 1;
  next_passage_ = std::uint64_t{current_.passage} + 1;
  return true;
}

}  // namespace renvoi::index
