// Which passages a segment holds, of which references: three sections.
//
//   references    for each, in rising order: varint reference - the one before - 1 (the first counts from -1), varint
//                 passages - 1, varint bytes in `passages`
//   passages      for each: varint ordinal - previous, varint (begin - previous end) * 2 (or its absolute value * 2 + 1
//                 when negative), varint end - begin; "previous" is 0 at the first passage of a reference
//   fingerprints  u64 for each passage
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "index/block_checks.h"
#include "index/index.h"
#include "io/bytes.h"

namespace renvoi::index {

// References [first, last) of passages.
struct PassageSpan {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

class PassageTableWriter {
 public:
  // In increasing order of reference, then ordinal.
  void add(const PassageRecord& passage);
  std::uint32_t passages() const { return passages_; }
  std::uint32_t references() const { return references_; }
  // Ends the last reference. Once.
  void finish();
  io::ByteWriter& reference_section() { return reference_section_; }
  io::ByteWriter& passage_section() { return passage_section_; }
  io::ByteWriter& fingerprint_section() { return fingerprint_section_; }

 private:
  void end_reference();
  std::uint32_t passages_ = 0;
  std::uint32_t references_ = 0;
  std::uint32_t of_reference_ = 0;  // passages
  std::size_t stream_begin_ = 0;
  std::int64_t reference_before_ = -1;
  PassageRecord last_;
  io::ByteWriter reference_section_, passage_section_, fingerprint_section_;
};

// Reads the passages of one reference, one after the other. Version 1 wrote them the same way.
class PassageStream {
 public:
  PassageStream(ReferenceId reference, std::span<const std::byte> bytes) : reader_(bytes) {
    record_.reference = reference;
  }
  // The next one, without its fingerprint. Whatever the bytes are, nothing outside them is read.
  PassageRecord next();
  bool ok() const { return reader_.ok(); }
  bool at_end() const { return reader_.at_end(); }

 private:
  io::ByteReader reader_;
  PassageRecord record_;
};

// Does not own the bytes of `passages` and `fingerprints`. Thread-safe. Takes 12 bytes of memory a reference.
class PassageTable {
 public:
  // False when the sections are not those of so many passages and references. O(references).
  bool open(std::uint32_t passages, std::uint32_t references, std::span<const std::byte> reference_section,
            std::span<const std::byte> passage_section, std::span<const std::byte> fingerprint_section,
            const BlockChecks* checks);

  std::uint32_t passages() const { return passages_; }
  std::uint32_t references() const { return static_cast<std::uint32_t>(references_.size()); }
  ReferenceId reference_at(std::uint32_t index) const { return static_cast<ReferenceId>(references_[index]); }
  PassageSpan passages_at(std::uint32_t index) const { return {firsts_[index], firsts_[index + 1]}; }
  std::optional<std::uint32_t> find(ReferenceId reference) const;  // its index; O(log references)
  std::uint32_t reference_index_of(std::uint32_t passage) const;   // O(log references)
  // All passages of a reference, in one walk. False when their bytes are bad: told to the checks.
  bool records_at(std::uint32_t index, std::vector<PassageRecord>& out) const;

 private:
  std::uint32_t passages_ = 0;
  std::vector<std::uint32_t> references_;
  std::vector<std::uint32_t> firsts_;   // the first passage of each; then their number
  std::vector<std::uint32_t> streams_;  // where each begins in the section; then its size
  std::span<const std::byte> passage_section_;
  std::span<const std::byte> fingerprint_section_;
  const BlockChecks* checks_ = nullptr;
};

}  // namespace renvoi::index
