// The codes of a segment as bytes, and the search in them: scan the hot bits, keep the best few hundred, rank those by
// all bits.
//
// Sections, little-endian, n passages in slots (a slot is a passage's place here):
//   scan   for each 32 slots: u8 hot[layout.hot_bytes][32]  u16 hot scale[32]  u16 axis[32]; the last block's free
//   lanes
//          are zero
//   rest   for each slot: u8 cold[layout.cold_bytes]  u16 scale
//   order  nothing when slot and passage are the same (flat), else u32 passage of each slot
//   cells  nothing when flat, else u32 cells, u32 first slot of each cell, then the centroids' codes as `scan` and
//   `rest`
// Everything in them is a code or a number; their container has their sizes and checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/block_checks.h"
#include "index/cells.h"
#include "index/index.h"
#include "index/quantizer.h"

namespace renvoi::index {

struct CodeSections {
  std::string scan;
  std::string rest;
  std::string order;
  std::string cells;
  std::size_t bytes() const { return scan.size() + rest.size() + order.size() + cells.size(); }
};

struct CodeSectionViews {
  std::span<const std::byte> scan;
  std::span<const std::byte> rest;
  std::span<const std::byte> order;
  std::span<const std::byte> cells;
};

// `codes`: code_bytes() for each passage, in the order of passages. Without `cells` flat, which is the faster up to
// some 100,000 passages.
CodeSections write_codes(const Quantizer& quantizer, std::span<const std::byte> codes, const Cells* cells = nullptr);

// Bit p % 64 of word p / 64 says whether passage p may be a hit; no words at all: every passage may.
using PassageBits = std::span<const std::uint64_t>;

struct CodeSearch {
  std::size_t candidates = 400;  // ranked by all bits; at least k are
  // Passages whose hot bits are looked at, in the nearest cells: at least so many, and `least_share` of all; as many
  // more as the filter and `accept` leave out of those looked at. Flat stores look at all.
  std::size_t least_scanned = 32'768;
  double least_share = 0.12;
  // Asked beside the filter, and only of passages that the scan would keep; null: all.
  const std::function<bool(std::uint32_t passage)>* accept = nullptr;
  Simd level = best_simd();
};

struct CodeSearchCost {
  std::size_t cells = 0;    // visited
  std::size_t scanned = 0;  // passages whose hot bits were looked at
  std::size_t ranked = 0;   // passages whose whole codes were
  std::size_t refused = 0;  // by CodeSearch::accept, of those asked
  std::size_t asked = 0;
};

// Thread-safe: immutable. Does not own the bytes.
class CodeStore {
 public:
  // `scan` and `rest` are shown to `checks`, unless null, before they are read; what is read of bad ones is worth
  // nothing. Errors: `corrupt` when the sections are not those of so many passages. O(passages) with cells, else O(1).
  static Result<CodeStore> open(Quantizer quantizer, std::size_t passages, const CodeSectionViews& sections,
                                const BlockChecks* checks = nullptr);

  std::size_t size() const { return passages_; }
  std::size_t cells() const { return starts_.empty() ? 0 : starts_.size() - 1; }
  const Quantizer& quantizer() const { return quantizer_; }

  // The best k passages, best first, ties by passage; scores as similarity(). Passages beyond the filter's words may
  // not be hits. The same on every level of instructions.
  std::vector<Hit> search(const CodeQuery& query, std::size_t k, const CodeSearch& how = {}, PassageBits filter = {},
                          CodeSearchCost* cost = nullptr) const;
  // `passage` below size().
  float similarity(const CodeQuery& query, std::uint32_t passage, Simd level = best_simd()) const;
  // The same of many, in any order: scores[i] is that of passages[i].
  void similarities(const CodeQuery& query, std::span<const std::uint32_t> passages, std::span<float> scores,
                    Simd level = best_simd()) const;
  // Copies the code, quantizer().code_bytes(), as encode() made it.
  void code_of(std::uint32_t passage, std::span<std::byte> code) const;

  // The cell of each passage, and the centroids in code space; no cells when flat. What a merge starts from.
  Cells cells_of() const;

 private:
  struct Candidate;
  class Best;
  explicit CodeStore(Quantizer quantizer) : quantizer_(std::move(quantizer)) {}
  std::size_t block_bytes() const;
  const std::byte* scan_block(std::size_t block, std::size_t count = 1) const;
  const std::byte* rest_of(std::uint32_t slot) const;
  std::size_t rest_bytes() const { return quantizer_.layout().cold_bytes + 2; }
  std::uint32_t slot_of(std::uint32_t passage) const { return slots_.empty() ? passage : slots_[passage]; }
  std::uint32_t passage_at(std::uint32_t slot) const;
  void code_at(std::uint32_t slot, std::span<std::byte> code) const;
  void scan(const CodeQuery& query, std::uint32_t begin, std::uint32_t end, const CodeSearch& how, PassageBits filter,
            Best& best, CodeSearchCost& spent) const;
  void fetch(std::uint32_t slot) const;
  float rank(const CodeQuery& query, std::uint32_t slot, CodePlanes& planes, Simd level) const;
  void rank_all(const CodeQuery& query, std::span<Candidate> candidates, Simd level) const;
  std::vector<std::uint32_t> nearest_cells(const CodeQuery& query, std::size_t passages, Simd level) const;

  Quantizer quantizer_;
  std::size_t passages_ = 0;
  const BlockChecks* checks_ = nullptr;
  std::span<const std::byte> scan_;
  std::span<const std::byte> rest_;
  std::span<const std::byte> order_;
  std::vector<std::uint32_t> slots_;   // of each passage; empty when flat
  std::vector<std::uint32_t> starts_;  // first slot of each cell, then the number of passages; empty when flat
  std::shared_ptr<const CodeStore> centroids_;
};

}  // namespace renvoi::index
