// Builds the bytes of one segment in memory: about as much memory as the segment's size.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/index.h"
#include "index/postings.h"
#include "io/bytes.h"

namespace renvoi::index {

class SegmentWriter {
 public:
  SegmentWriter(std::uint32_t dimensions, std::size_t code_bytes);
  // In increasing order of reference, then ordinal. `length` is the sum of its terms' frequencies.
  void add_passage(const PassageRecord& passage, std::uint32_t length, std::string_view code);
  // In strictly increasing order of term, each with at least one posting.
  void add_term(std::string_view term, std::span<const Posting> postings);
  std::uint32_t passages() const { return passages_; }
  // The whole file. Once.
  std::string finish();

 private:
  std::uint32_t dimensions_;
  std::size_t code_bytes_;
  std::uint32_t passages_ = 0;
  std::uint32_t references_ = 0;
  std::uint64_t terms_ = 0;
  PassageRecord last_;
  std::string last_term_;
  std::vector<std::uint32_t> lengths_;
  io::ByteWriter reference_table_, passage_stream_, fingerprints_, codes_, blocks_, dictionary_, postings_;
};

}  // namespace renvoi::index
