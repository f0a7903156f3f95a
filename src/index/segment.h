// A segment: an immutable set of passages with their codes and postings, in one run of bytes, mapped or in memory.
//
// Every access is bounds-checked against the bytes, so that a hostile file gives an error or nothing, never a crash.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "index/index.h"
#include "index/postings.h"
#include "index/segment_format.h"
#include "io/file_system.h"

namespace renvoi::index {

struct TermEntry {
  std::uint32_t postings = 0;  // passages of this segment that hold it, live and dead
  std::string_view list;
};

// References [first, last) of passages.
struct PassageSpan {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// Thread-safe: immutable.
class Segment {
 public:
  // `name` is for messages. Every checksum is verified unless told otherwise (the fuzzer gets further without).
  // Errors: `corrupt`, `invalid` (a newer version).
  enum class Checksums : std::uint8_t { verify, ignore };
  static Result<std::shared_ptr<const Segment>> from_file(std::unique_ptr<io::MappedFile> file, std::string name,
                                                          std::size_t code_bytes,
                                                          Checksums checksums = Checksums::verify);
  static Result<std::shared_ptr<const Segment>> from_memory(std::string bytes, std::string name, std::size_t code_bytes,
                                                            Checksums checksums = Checksums::verify);

  std::uint32_t passages() const { return passages_; }
  std::uint32_t references() const { return references_; }
  std::uint32_t terms() const { return terms_; }
  std::uint64_t file_bytes() const { return bytes_.size(); }
  std::uint64_t section_bytes(Section section) const { return part(section).size(); }

  ReferenceId reference_at(std::uint32_t index) const;
  PassageSpan passages_at(std::uint32_t index) const;
  std::optional<std::uint32_t> find_reference(ReferenceId reference) const;  // its index; O(log references)
  std::uint32_t reference_index_of(std::uint32_t passage) const;
  PassageRecord record(std::uint32_t passage) const;
  // All passages of a reference, in one walk.
  void records_at(std::uint32_t index, std::vector<PassageRecord>& out) const;
  std::uint32_t length(std::uint32_t passage) const;
  const std::byte* code(std::uint32_t passage) const;
  std::optional<TermEntry> find_term(std::string_view term) const;
  PostingCursor postings(const TermEntry& term) const { return {term.list, passages_}; }

  // Reads everything there is to read. Errors: `corrupt`.
  Result<void> check() const;

  // Walks the dictionary in order.
  class TermWalk {
   public:
    explicit TermWalk(const Segment& segment) : segment_(&segment) {}
    bool next();
    const std::string& term() const { return term_; }
    const TermEntry& entry() const { return entry_; }
    bool failed() const { return failed_; }

   private:
    const Segment* segment_;
    std::uint32_t index_ = 0;
    std::size_t at_ = 0;
    std::uint64_t list_offset_ = 0;
    std::string term_;
    TermEntry entry_;
    bool failed_ = false;
  };

 private:
  static Result<std::shared_ptr<const Segment>> open(std::shared_ptr<Segment> segment, std::size_t code_bytes,
                                                     Checksums checksums);
  Result<void> read_table(Checksums checksums);
  Result<void> read_meta(std::size_t code_bytes);
  Error corrupt(std::string_view what) const;
  std::span<const std::byte> part(Section section) const { return parts_[static_cast<std::size_t>(section)]; }
  std::uint32_t number(Section section, std::size_t index) const;  // u32 at that place
  std::string_view text(Section section) const;
  // The first term of a dictionary block, and where its entries begin; nothing when the bytes are bad.
  std::optional<std::string_view> first_term(std::uint32_t block) const;
  // Decodes one dictionary entry at `at` into `term`; false when the bytes are bad.
  bool read_entry(std::size_t& at, std::uint64_t& list_offset, bool starts_block, std::string& term,
                  TermEntry& entry) const;

  std::unique_ptr<io::MappedFile> file_;
  std::string memory_;
  std::string name_;
  std::span<const std::byte> bytes_;
  std::array<std::span<const std::byte>, kSections> parts_{};
  std::uint32_t passages_ = 0, references_ = 0, terms_ = 0, length_width_ = 1;
  std::size_t code_bytes_ = 0;
};

}  // namespace renvoi::index
