#include "index/segment_v1.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string_view>

#include "index/codes.h"
#include "index/postings.h"
#include "index/segment_format.h"
#include "index/segment_writer.h"
#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

enum OldSection : std::uint8_t {
  meta,
  references,
  passages,
  fingerprints,
  lengths,
  codes,
  blocks,
  dictionary,
  postings
};
constexpr std::size_t kOldSections = 9;
constexpr std::size_t kOldTableBytes = kOldSections * kTableEntryBytes;
constexpr std::size_t kOldReferenceBytes = 12;
constexpr std::uint32_t kOldTermsPerBlock = 16;

std::uint32_t number(std::span<const std::byte> bytes, std::size_t index) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + index * 4, sizeof value);
  return value;
}

class Converter {
 public:
  Converter(std::span<const std::byte> bytes, const std::string& name, const Quantizers& quantizers)
      : bytes_(bytes), name_(name), quantizers_(quantizers), writer_(quantizers.plain()) {}

  Result<std::string> run() {
    RENVOI_CHECK(read_table());
    RENVOI_CHECK(read_meta());
    for (std::uint32_t i = 0; i < references_; ++i) RENVOI_CHECK(copy_reference(i));
    RENVOI_CHECK(copy_terms());
    return writer_.finish();
  }

 private:
  Error corrupt(std::string_view what) const {
    return {ErrorCode::corrupt, fmt::format("{} is damaged ({}); restore the index from a copy, or remove its folder "
                                            "and run sync to build it again",
                                            name_, what)};
  }

  Result<void> read_table() {
    if (bytes_.size() < kOldTableBytes + kFooterBytes) return corrupt("it is too short");
    const std::span<const std::byte> footer_bytes = bytes_.last(kFooterBytes);
    io::ByteReader footer(footer_bytes);
    const std::uint32_t sections = footer.u32();
    const std::uint32_t table_crc = footer.u32();
    const std::uint64_t file_bytes = footer.u64();
    footer.u32();  // the version
    if (footer.u32() != io::crc32c(footer_bytes.first(20))) return corrupt("checksum of its end");
    if (file_bytes != bytes_.size() || sections != kOldSections) return corrupt("its size is not what it says");
    const std::size_t table_at = bytes_.size() - kFooterBytes - kOldTableBytes;
    const std::span<const std::byte> table_bytes = bytes_.subspan(table_at, kOldTableBytes);
    if (table_crc != io::crc32c(table_bytes)) return corrupt("checksum of its table");
    io::ByteReader table(table_bytes);
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < kOldSections; ++i) {
      const std::uint32_t section = table.u32();
      const std::uint32_t crc = table.u32();
      const std::uint64_t offset = table.u64();
      const std::uint64_t size = table.u64();
      if (section != i || offset != end || size > table_at - offset) return corrupt("its table of sections");
      parts_[i] = bytes_.subspan(offset, size);
      if (io::crc32c(parts_[i]) != crc) return corrupt(fmt::format("checksum of section {}", i));
      end = offset + size;
    }
    if (end != table_at) return corrupt("its table of sections");
    return {};
  }

  Result<void> read_meta() {
    io::ByteReader reader(parts_[meta]);
    passages_ = reader.u32();
    references_ = reader.u32();
    const std::uint32_t dimensions = reader.u32();
    const std::uint32_t code_bytes = reader.u32();
    length_width_ = reader.u32();
    terms_ = reader.u32();
    if (!reader.ok() || dimensions != quantizers_.dimensions() || code_bytes != old_code_bytes(dimensions) ||
        (length_width_ != 1 && length_width_ != 2 && length_width_ != 4) || (passages_ == 0) != (references_ == 0))
      return corrupt("its description");
    const auto holds = [&](OldSection section, std::uint64_t count, std::uint64_t width) {
      return parts_[section].size() / width >= count;
    };
    if (!holds(references, references_, kOldReferenceBytes) || !holds(fingerprints, passages_, 8) ||
        !holds(lengths, passages_, length_width_) || !holds(codes, passages_, code_bytes) ||
        !holds(blocks, (std::uint64_t{terms_} + kOldTermsPerBlock - 1) / kOldTermsPerBlock, 4))
      return corrupt("a section is too short");
    return {};
  }

  Result<void> copy_reference(std::uint32_t index) {
    const std::uint32_t reference = number(parts_[references], index * std::size_t{3});
    const std::uint32_t first = number(parts_[references], index * std::size_t{3} + 1);
    const std::uint32_t offset = number(parts_[references], index * std::size_t{3} + 2);
    const std::uint32_t last =
        index + 1 < references_ ? number(parts_[references], index * std::size_t{3} + 4) : passages_;
    if (first != writer_.passages() || last <= first || last > passages_ || offset > parts_[passages].size() ||
        (index > 0 && reference <= last_reference_))
      return corrupt("the order of its references");
    last_reference_ = reference;
    PassageStream stream(static_cast<ReferenceId>(reference), parts_[passages].subspan(offset));
    const std::uint32_t dimensions = quantizers_.dimensions();
    std::vector<float> point(1 + dimensions);
    std::vector<std::byte> code(quantizers_.plain().quantizer.code_bytes());
    for (std::uint32_t passage = first; passage < last; ++passage) {
      PassageRecord record = stream.next();
      if (!stream.ok() || record.range.begin > record.range.end) return corrupt("the passages of a reference");
      std::memcpy(&record.fingerprint, parts_[fingerprints].data() + std::size_t{passage} * 8, 8);
      std::uint32_t length = 0;
      std::memcpy(&length, parts_[lengths].data() + std::size_t{passage} * length_width_, length_width_);
      const std::size_t code_bytes = old_code_bytes(dimensions);
      decode_old_code(parts_[codes].subspan(passage * code_bytes, code_bytes), std::span(point).subspan(1));
      quantizers_.plain().quantizer.encode_point(point, code);
      writer_.add_passage(record, length_code(length), code);
    }
    return {};
  }

  Result<void> copy_terms() {
    const std::string_view lists{reinterpret_cast<const char*>(parts_[postings].data()), parts_[postings].size()};
    io::ByteReader reader(parts_[dictionary]);
    std::uint64_t list_offset = 0;
    std::string term;
    std::string previous;
    std::vector<Posting> found;
    for (std::uint32_t i = 0; i < terms_; ++i) {
      if (i % kOldTermsPerBlock == 0) {
        const std::uint32_t begin = number(parts_[blocks], i / kOldTermsPerBlock);
        if (begin > parts_[dictionary].size()) return corrupt("its dictionary");
        reader = io::ByteReader(parts_[dictionary].subspan(begin));
        list_offset = reader.varint();
        term.clear();
      }
      const std::uint64_t shared = reader.varint();
      const std::string_view rest = reader.text();
      const std::uint32_t count = reader.varint32();
      const std::uint64_t list_bytes = reader.varint();
      if (!reader.ok() || shared > term.size() || list_offset > lists.size() ||
          list_bytes > lists.size() - list_offset || count == 0)
        return corrupt("its dictionary");
      term.resize(shared);
      term += rest;
      if (i > 0 && term <= previous) return corrupt("the order of its terms");
      previous = term;
      found.clear();
      PostingCursor cursor(lists.substr(list_offset, list_bytes), passages_);
      while (cursor.next()) found.push_back(cursor.current());
      if (cursor.failed() || found.size() != count) return corrupt("a list of postings");
      writer_.add_term(term, found);
      list_offset += list_bytes;
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  const Quantizers& quantizers_;
  SegmentWriter writer_;
  std::array<std::span<const std::byte>, kOldSections> parts_{};
  std::uint32_t passages_ = 0, references_ = 0, terms_ = 0, length_width_ = 1;
  std::uint32_t last_reference_ = 0;
};

}  // namespace

bool is_segment_v1(std::span<const std::byte> bytes) {
  if (bytes.size() < kFooterBytes) return false;
  io::ByteReader footer(bytes.last(kFooterBytes));
  footer.view(16);
  const std::uint32_t version = footer.u32();
  footer.u32();
  return version == 1 && footer.view(8) == kSegmentMagic;
}

Result<std::string> convert_segment_v1(std::span<const std::byte> bytes, const std::string& name,
                                       const Quantizers& quantizers) {
  return Converter(bytes, name, quantizers).run();
}

}  // namespace renvoi::index
