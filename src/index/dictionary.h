// The terms of a segment with their lists of postings: in blocks of 32 with front coding, short lists inside.
//
// Three sections:
//   blocks      for each 32 terms: u32 where they begin in `dictionary`
//   dictionary  a block: varint where its first long list begins in `postings`; then for each term:
//                 u8      letters shared with the term before, 4 bits (15: and more), letters left, 3 bits (7: and
//                         more), 1 bit: one passage holds it
//                 varint  shared - 15, if 15 or more; varint left - 7, if 7 or more; the letters left
//                 varint  passages that hold it - 2, unless it is one
//                 varint  bytes of its list, if 16 passages or more hold it: a shorter list says where it ends
//                 .       the list, if fewer than 128 passages hold it
//   postings    the other lists, in the order of the terms
// Measured: see bench_index.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "index/block_checks.h"
#include "index/posting_blocks.h"
#include "io/bytes.h"

namespace renvoi::index {

constexpr std::uint32_t kTermsPerBlock = 32;

struct TermEntry {
  std::uint32_t postings = 0;  // passages of this segment that hold it, live and dead
  std::string_view list;       // as PostingBlockWriter wrote it
};

class DictionaryWriter {
 public:
  // In strictly increasing order of term, each with `postings` (at least one) in `list`.
  void add(std::string_view term, std::uint32_t postings, std::string_view list);
  std::uint32_t terms() const { return terms_; }
  io::ByteWriter& blocks() { return blocks_; }
  io::ByteWriter& dictionary() { return dictionary_; }
  io::ByteWriter& postings() { return postings_; }

 private:
  std::uint32_t terms_ = 0;
  std::string last_term_;
  io::ByteWriter blocks_, dictionary_, postings_;
};

// Does not own the bytes. Thread-safe. Whatever the bytes are, nothing outside them is read.
class Dictionary {
 public:
  Dictionary() = default;
  // False when the sections are not those of so many terms. `passages` is the segment's number; `checks` may be null.
  bool open(std::uint32_t terms, std::uint32_t passages, std::span<const std::byte> blocks,
            std::span<const std::byte> dictionary, std::span<const std::byte> postings, const BlockChecks* checks);

  std::uint32_t terms() const { return terms_; }

  // One entry after the other of one block.
  class BlockWalk {
   public:
    // Begins in another block.
    void enter(std::string_view block);
    // False when the bytes are bad.
    bool next(const Dictionary& dictionary);
    const std::string& term() const { return term_; }
    const TermEntry& entry() const { return entry_; }

   private:
    std::string_view block_;
    std::size_t at_ = 0;
    std::uint64_t list_offset_ = 0;
    std::string term_;
    TermEntry entry_;
    std::unique_ptr<DecodedBlock> scratch_ = std::make_unique<DecodedBlock>();  // large, so that a walk can be moved
  };

  // Every byte of the answer is verified. Bad bytes are told to the checks, and the term is taken for absent.
  // O(log terms).
  std::optional<TermEntry> find(std::string_view term) const;

  // Walks all terms in order; the checks are asked for each.
  class Walk {
   public:
    explicit Walk(const Dictionary& dictionary) : dictionary_(&dictionary) {}
    bool next();
    const std::string& term() const { return block_.term(); }
    const TermEntry& entry() const { return block_.entry(); }
    bool failed() const { return failed_; }

   private:
    const Dictionary* dictionary_;
    std::uint32_t index_ = 0;
    BlockWalk block_;
    bool failed_ = false;
  };

 private:
  std::uint32_t block_count() const { return (terms_ + kTermsPerBlock - 1) / kTermsPerBlock; }
  std::uint32_t block_begin(std::uint32_t block) const;
  // The block's bytes, verified; nothing when they are bad.
  std::optional<std::string_view> block_at(std::uint32_t block) const;
  std::optional<std::string_view> first_term(std::uint32_t block) const;
  bool verified(std::string_view bytes) const { return checks_ == nullptr || checks_->verify(bytes); }

  std::uint32_t terms_ = 0;
  std::uint32_t passages_ = 0;
  std::span<const std::byte> blocks_;
  std::string_view dictionary_;
  std::string_view postings_;
  const BlockChecks* checks_ = nullptr;
};

}  // namespace renvoi::index
