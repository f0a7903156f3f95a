// Walks one list of posting_blocks.h in increasing order of passage: block by block without reading postings (shallow),
// or posting by posting.
//
// Does not own the bytes: the segment must outlive it. Not thread-safe; make one per thread. Cheap to make (4 KB, one
// group's directory is read when first needed). Bad bytes make at_end() and failed() true, at the place where they are
// met; whatever the bytes are, passages increase strictly and stay below the segment's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "index/posting_blocks.h"

namespace renvoi::index {

class BlockCursor {
 public:
  // `list` is the whole list as PostingBlockWriter wrote it, of `postings` postings, in a segment of `passages`. Stands
  // at the first posting at or after `target`.
  BlockCursor(std::string_view list, std::uint32_t postings, std::uint32_t passages, Kernel kernel = best_kernel(),
              std::uint32_t target = 0);

  bool at_end() const { return at_end_; }
  bool failed() const { return failed_; }

  // The current posting; must not be called at the end. Decodes the block if it has not been: when that fails, gives
  // `passages` (or a frequency of 1), and failed() is true.
  std::uint32_t passage() { return settled_ || settle() ? block_.passages()[position_] : passages_; }
  std::uint8_t frequency();
  // To the next posting. False at the end.
  bool next();
  // To the first posting at or after `target`; never back. Decodes at most one block. False at the end.
  // O(log postings).
  bool advance_to(std::uint32_t target);

  // To the block that would hold `target`, the first whose last passage is at or after it; never back. Reads no
  // posting. False at the end.
  bool shallow_advance_to(std::uint32_t target);

  // Of the current block; must not be called at the end. A short list (fewer than 128 postings) is one block, is always
  // decoded, and keeps no bound: score it.
  bool is_short() const { return short_; }
  std::uint32_t block_last() const { return lasts_[block_index_]; }
  ScoreBound block_bound() const { return bounds_[block_index_]; }
  // The decoded block, frequencies too. Nothing (and at_end()) when the bytes are bad.
  const DecodedBlock* decoded();

  // The group of up to 32 blocks that the current block is in: for bounds of more than one block. Not of a short list.
  std::uint32_t group() const { return group_; }
  std::uint32_t group_last() const { return lasts_[blocks_ - 1]; }
  std::uint32_t block_in_group() const { return block_index_; }
  std::span<const ScoreBound> group_bounds() const { return std::span(bounds_).first(blocks_); }
  std::span<const std::uint32_t> group_lasts() const { return std::span(lasts_).first(blocks_); }
  // The table of groups, when there is more than one.
  std::uint32_t groups() const { return groups_; }
  ScoreBound bound_of_group(std::uint32_t group) const;

 private:
  bool fail();
  bool settle();  // decodes the current block and finds the first posting at or after target_
  bool load_group(std::uint32_t group);
  bool load_group_of_target(std::uint32_t from);  // the first from there on that ends at or after target_
  std::uint32_t table_last(std::uint32_t group) const;
  std::uint32_t table_end(std::uint32_t group) const;

  std::string_view list_;
  std::uint32_t postings_;
  std::uint32_t passages_;
  std::uint32_t groups_ = 0;
  std::uint32_t group_ = 0;
  std::uint32_t blocks_ = 0;  // in the group
  std::uint32_t block_index_ = 0;
  std::uint32_t before_group_ = 0xFFFFFFFF;  // the last passage before it
  std::uint32_t target_ = 0;
  unsigned position_ = 0;
  bool short_ = false;
  bool decoded_ = false;  // block_ is the current block
  bool settled_ = false;  // and position_ is at the first posting at or after target_
  bool at_end_ = false;
  bool failed_ = false;
  std::array<std::uint32_t, kBlocksPerGroup> lasts_;
  std::array<std::uint32_t, kBlocksPerGroup + 1> begins_;
  std::array<ScoreBound, kBlocksPerGroup> bounds_;
  DecodedBlock block_;
};

// Reads a list from end to end. Errors: `corrupt` when it does not hold `postings` postings below lengths.size(), or
// when a bound does not cover a posting of its block.
Result<void> check_posting_list(std::string_view list, std::uint32_t postings, std::span<const std::uint8_t> lengths);

}  // namespace renvoi::index
