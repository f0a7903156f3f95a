// Builds the bytes of one segment in memory: as much memory as the segment's size, and while the codes are laid out
// theirs once more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/cells.h"
#include "index/dictionary.h"
#include "index/index.h"
#include "index/passage_table.h"
#include "index/posting_blocks.h"
#include "index/quantizers.h"

namespace renvoi::index {

// A file in the pieces that it is made of, in order; so that it need not be in one piece.
using SegmentPieces = std::vector<std::string>;
std::string join(SegmentPieces pieces);

class SegmentWriter {
 public:
  explicit SegmentWriter(NamedQuantizer quantizer) : quantizer_(std::move(quantizer)) {}
  // In increasing order of reference, then ordinal. `length` is the sum of its terms' frequencies; `code` is the
  // quantizer's.
  void add_passage(const PassageRecord& passage, std::uint8_t length_code, std::span<const std::byte> code);
  // In strictly increasing order of term, each with at least one posting; after all passages.
  void add_term(std::string_view term, std::span<const Posting> postings);
  std::uint32_t passages() const { return table_.passages(); }
  std::span<const std::byte> codes() const { return codes_; }  // of all passages, in a row
  // The whole file; with `cells` the codes are laid out in them. Once.
  SegmentPieces finish_in_pieces(const Cells* cells = nullptr);
  std::string finish(const Cells* cells = nullptr) { return join(finish_in_pieces(cells)); }

 private:
  NamedQuantizer quantizer_;
  PassageTableWriter table_;
  DictionaryWriter dictionary_;
  std::vector<std::uint8_t> lengths_;
  std::vector<std::byte> codes_;
  std::optional<PostingBlockWriter> lists_;  // from the first term on
  io::ByteWriter list_;
};

}  // namespace renvoi::index
