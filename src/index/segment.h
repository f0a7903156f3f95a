// A segment: an immutable set of passages with their codes and postings, in one run of bytes, mapped or in memory.
//
// Opened without reading most of it: what is small is verified at once, every other byte when it is first asked for
// (block_checks.h). Every access is bounds-checked, so that a hostile file gives an error or nothing, never a crash; an
// answer from bytes that turn out to be bad is worth nothing, and damaged() says so from then on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/block_checks.h"
#include "index/block_cursor.h"
#include "index/code_store.h"
#include "index/dictionary.h"
#include "index/index.h"
#include "index/passage_table.h"
#include "index/quantizers.h"
#include "index/segment_format.h"
#include "io/file_system.h"

namespace renvoi::index {

// Thread-safe: immutable.
class Segment {
 public:
  // `name` is for messages. Checksums are verified unless told otherwise (the fuzzer gets further without). A segment
  // of version 1 is made one of this version in memory (segment_v1.h).
  // Errors: `corrupt` (also: its quantizer is not among those known), `invalid` (a newer version).
  enum class Checksums : std::uint8_t { verify, ignore };
  static Result<std::shared_ptr<const Segment>> from_file(std::unique_ptr<io::MappedFile> file, std::string name,
                                                          const Quantizers& quantizers);
  static Result<std::shared_ptr<const Segment>> from_memory(std::string bytes, std::string name,
                                                            const Quantizers& quantizers,
                                                            Checksums checksums = Checksums::verify);

  std::uint32_t passages() const { return table_.passages(); }
  std::uint32_t references() const { return table_.references(); }
  std::uint32_t terms() const { return dictionary_.terms(); }
  std::uint64_t file_bytes() const { return file_bytes_; }  // of the file it was read from
  std::uint64_t section_bytes(Section section) const { return part(section).size(); }

  const PassageTable& table() const { return table_; }
  const Dictionary& dictionary() const { return dictionary_; }
  const CodeStore& codes() const { return *codes_; }
  const NamedQuantizer& quantizer() const { return *quantizer_; }

  PassageRecord record(std::uint32_t passage) const;
  // The length code of each passage.
  std::span<const std::uint8_t> lengths() const;
  std::uint32_t length(std::uint32_t passage) const { return length_of_code(lengths()[passage]); }
  // Calls visit(passage, frequency) for each posting, in order. False when the list is bad: said of the segment too.
  template <typename Visit>
  bool for_each_posting(const TermEntry& term, Visit visit) const;

  // Ok as long as nothing bad has been met. Errors: `corrupt`.
  Result<void> sound() const;
  // For who finds by other means that its bytes are bad.
  void note_damage() const { checks_.note_damage(); }
  // Reads everything there is to read. Errors: `corrupt`.
  Result<void> check() const;

 private:
  static Result<std::shared_ptr<const Segment>> open(std::shared_ptr<Segment> segment, const Quantizers& quantizers,
                                                     Checksums checksums);
  Result<void> read_table(Checksums checksums);
  Result<void> read_meta(const Quantizers& quantizers);
  Error corrupt(std::string_view what) const;
  std::span<const std::byte> part(Section section) const { return parts_[static_cast<std::size_t>(section)]; }

  std::unique_ptr<io::MappedFile> file_;
  std::string memory_;
  std::string name_;
  std::uint64_t file_bytes_ = 0;
  std::span<const std::byte> bytes_;
  std::array<std::span<const std::byte>, kSections> parts_{};
  BlockChecks checks_;
  PassageTable table_;
  Dictionary dictionary_;
  std::optional<CodeStore> codes_;
  std::optional<NamedQuantizer> quantizer_;
};

template <typename Visit>
bool Segment::for_each_posting(const TermEntry& term, Visit visit) const {
  BlockCursor cursor(term.list, term.postings, passages());
  std::uint32_t count = 0;
  while (!cursor.at_end()) {
    const DecodedBlock* block = cursor.decoded();
    if (block == nullptr) break;
    for (unsigned i = 0; i < block->size(); ++i)
      visit(block->passages()[i], static_cast<std::uint32_t>(block->frequencies()[i]));
    count += block->size();
    cursor.shallow_advance_to(cursor.block_last() + 1);
  }
  if (!cursor.failed() && count == term.postings) return true;
  note_damage();
  return false;
}

}  // namespace renvoi::index
