#include "index/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {

Error Segment::corrupt(std::string_view what) const {
  return {ErrorCode::corrupt, fmt::format("{} is damaged ({}); restore the index from a copy, or remove its folder and "
                                          "run sync to build it again",
                                          name_, what)};
}

Result<std::shared_ptr<const Segment>> Segment::from_file(std::unique_ptr<io::MappedFile> file, std::string name,
                                                          std::size_t code_bytes, Checksums checksums) {
  auto segment = std::make_shared<Segment>();
  segment->file_ = std::move(file);
  segment->bytes_ = segment->file_->bytes();
  segment->name_ = std::move(name);
  return open(std::move(segment), code_bytes, checksums);
}

Result<std::shared_ptr<const Segment>> Segment::from_memory(std::string bytes, std::string name, std::size_t code_bytes,
                                                            Checksums checksums) {
  auto segment = std::make_shared<Segment>();
  segment->memory_ = std::move(bytes);
  segment->bytes_ = std::as_bytes(std::span(segment->memory_));
  segment->name_ = std::move(name);
  return open(std::move(segment), code_bytes, checksums);
}

Result<std::shared_ptr<const Segment>> Segment::open(std::shared_ptr<Segment> segment, std::size_t code_bytes,
                                                     Checksums checksums) {
  RENVOI_CHECK(segment->read_table(checksums));
  RENVOI_CHECK(segment->read_meta(code_bytes));
  return std::shared_ptr<const Segment>(std::move(segment));
}

Result<void> Segment::read_table(Checksums checksums) {
  constexpr std::size_t kTableBytes = kSections * kTableEntryBytes;
  const bool verify = checksums == Checksums::verify;
  if (bytes_.size() < kTableBytes + kFooterBytes) return corrupt("it is too short");
  const std::span<const std::byte> footer_bytes = bytes_.last(kFooterBytes);
  io::ByteReader footer(footer_bytes);
  const std::uint32_t sections = footer.u32();
  const std::uint32_t table_crc = footer.u32();
  const std::uint64_t file_bytes = footer.u64();
  const std::uint32_t version = footer.u32();
  const std::uint32_t footer_crc = footer.u32();
  if (footer.view(8) != kSegmentMagic) return corrupt("it does not end as a segment");
  if (verify && footer_crc != io::crc32c(footer_bytes.first(20))) return corrupt("checksum of its end");
  if (version != kSegmentVersion)
    return Error{ErrorCode::invalid,
                 fmt::format("{} has format version {}, this program knows {}; use the renvoi that wrote "
                             "it, or remove the index's folder and run sync",
                             name_, version, kSegmentVersion)};
  if (file_bytes != bytes_.size() || sections != kSections) return corrupt("its size is not what it says");
  const std::span<const std::byte> table_bytes =
      bytes_.subspan(bytes_.size() - kFooterBytes - kTableBytes, kTableBytes);
  if (verify && table_crc != io::crc32c(table_bytes)) return corrupt("checksum of its table");
  io::ByteReader table(table_bytes);
  std::uint64_t expected_offset = 0;
  for (std::uint32_t i = 0; i < kSections; ++i) {
    const std::uint32_t section = table.u32();
    const std::uint32_t crc = table.u32();
    const std::uint64_t offset = table.u64();
    const std::uint64_t size = table.u64();
    const std::uint64_t end = bytes_.size() - kFooterBytes - kTableBytes;
    if (section != i || offset != expected_offset || size > end - offset) return corrupt("its table of sections");
    parts_[i] = bytes_.subspan(offset, size);
    if (verify && io::crc32c(parts_[i]) != crc) return corrupt(fmt::format("checksum of section {}", i));
    expected_offset = offset + size;
  }
  if (expected_offset != bytes_.size() - kFooterBytes - kTableBytes) return corrupt("its table of sections");
  return {};
}

Result<void> Segment::read_meta(std::size_t code_bytes) {
  io::ByteReader meta(part(Section::meta));
  passages_ = meta.u32();
  references_ = meta.u32();
  meta.u32();  // dimensions: told by the size of a code
  code_bytes_ = meta.u32();
  length_width_ = meta.u32();
  terms_ = meta.u32();
  const auto holds = [&](Section section, std::uint64_t count, std::uint64_t width) {
    return part(section).size() / width >= count;
  };
  const std::uint64_t blocks = (std::uint64_t{terms_} + kTermsPerBlock - 1) / kTermsPerBlock;
  if (!meta.ok() || code_bytes_ != code_bytes || (length_width_ != 1 && length_width_ != 2 && length_width_ != 4))
    return corrupt("its description");
  if (!holds(Section::references, references_, kReferenceBytes) || !holds(Section::fingerprints, passages_, 8) ||
      !holds(Section::lengths, passages_, length_width_) || !holds(Section::codes, passages_, code_bytes_) ||
      !holds(Section::blocks, blocks, 4))
    return corrupt("a section is too short");
  if ((passages_ == 0) != (references_ == 0)) return corrupt("its numbers of passages and references");
  for (std::uint32_t i = 0; i < references_; ++i) {
    const bool first = i == 0;
    const std::uint32_t begin = number(Section::references, i * 3U + 1);
    if (first ? begin != 0 : begin <= number(Section::references, i * 3U - 2) || reference_at(i) <= reference_at(i - 1))
      return corrupt("the order of its references");
    if (begin >= passages_ || number(Section::references, i * 3U + 2) > part(Section::passages).size())
      return corrupt("the order of its references");
  }
  return {};
}

std::uint32_t Segment::number(Section section, std::size_t index) const {
  std::uint32_t value = 0;
  std::memcpy(&value, part(section).data() + index * 4, 4);
  return value;
}

std::string_view Segment::text(Section section) const {
  return {reinterpret_cast<const char*>(part(section).data()), part(section).size()};
}

ReferenceId Segment::reference_at(std::uint32_t index) const {
  return static_cast<ReferenceId>(number(Section::references, std::size_t{index} * 3));
}

PassageSpan Segment::passages_at(std::uint32_t index) const {
  const std::uint32_t first = number(Section::references, std::size_t{index} * 3 + 1);
  const bool last = index + 1 == references_;
  return {first, last ? passages_ : number(Section::references, std::size_t{index} * 3 + 4)};
}

std::optional<std::uint32_t> Segment::find_reference(ReferenceId reference) const {
  std::uint32_t low = 0;
  std::uint32_t high = references_;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (reference_at(middle) < reference)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == references_ || reference_at(low) != reference) return std::nullopt;
  return low;
}

std::uint32_t Segment::reference_index_of(std::uint32_t passage) const {
  std::uint32_t low = 0;
  std::uint32_t high = references_;
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (passages_at(middle).first <= passage)
      low = middle;
    else
      high = middle;
  }
  return low;
}

void Segment::records_at(std::uint32_t index, std::vector<PassageRecord>& out) const {
  const std::uint32_t offset = number(Section::references, std::size_t{index} * 3 + 2);
  io::ByteReader stream(part(Section::passages).subspan(offset));
  const PassageSpan span = passages_at(index);
  PassageRecord record;
  record.reference = reference_at(index);
  for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
    record.ordinal += stream.varint32();
    const std::uint64_t step = stream.varint();
    const auto distance = static_cast<std::uint32_t>(step >> 1);
    record.range.begin = (step & 1) != 0 ? record.range.end - distance : record.range.end + distance;
    record.range.end = record.range.begin + stream.varint32();
    std::memcpy(&record.fingerprint, part(Section::fingerprints).data() + std::size_t{passage} * 8, 8);
    out.push_back(record);
  }
}

PassageRecord Segment::record(std::uint32_t passage) const {
  const std::uint32_t index = reference_index_of(passage);
  std::vector<PassageRecord> records;
  records_at(index, records);
  return records[passage - passages_at(index).first];
}

std::uint32_t Segment::length(std::uint32_t passage) const {
  std::uint32_t value = 0;
  std::memcpy(&value, part(Section::lengths).data() + std::size_t{passage} * length_width_, length_width_);
  return value;
}

const std::byte* Segment::code(std::uint32_t passage) const {
  return part(Section::codes).data() + std::size_t{passage} * code_bytes_;
}

std::optional<std::string_view> Segment::first_term(std::uint32_t block) const {
  const std::uint32_t offset = number(Section::blocks, block);
  if (offset > part(Section::dictionary).size()) return std::nullopt;
  io::ByteReader reader(part(Section::dictionary).subspan(offset));
  reader.varint();  // where its postings begin
  const std::uint64_t shared = reader.varint();
  const std::string_view term = reader.text();
  if (!reader.ok() || shared != 0) return std::nullopt;
  return term;
}

bool Segment::read_entry(std::size_t& at, std::uint64_t& list_offset, bool starts_block, std::string& term,
                         TermEntry& entry) const {
  if (at > part(Section::dictionary).size()) return false;
  io::ByteReader reader(part(Section::dictionary).subspan(at));
  if (starts_block) list_offset = reader.varint();
  const std::uint64_t shared = reader.varint();
  const std::string_view suffix = reader.text();
  entry.postings = reader.varint32();
  const std::uint64_t list_bytes = reader.varint();
  const std::string_view lists = text(Section::postings);
  if (!reader.ok() || shared > (starts_block ? 0 : term.size()) || list_offset > lists.size() ||
      list_bytes > lists.size() - list_offset)
    return false;
  term.resize(shared);
  term += suffix;
  entry.list = lists.substr(list_offset, list_bytes);
  list_offset += list_bytes;
  at += reader.position();
  return true;
}

std::optional<TermEntry> Segment::find_term(std::string_view wanted) const {
  std::uint32_t low = 0;
  std::uint32_t high = static_cast<std::uint32_t>((std::uint64_t{terms_} + kTermsPerBlock - 1) / kTermsPerBlock);
  while (low < high) {  // the first block that begins above the term
    const std::uint32_t middle = low + (high - low) / 2;
    const std::optional<std::string_view> first = first_term(middle);
    if (!first.has_value()) return std::nullopt;
    if (*first <= wanted)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  const std::uint32_t block = low - 1;
  const std::uint64_t begin = std::uint64_t{block} * kTermsPerBlock;
  const std::uint64_t count = std::min<std::uint64_t>(kTermsPerBlock, terms_ - begin);
  std::size_t at = number(Section::blocks, block);
  std::uint64_t list_offset = 0;
  std::string term;
  TermEntry entry;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!read_entry(at, list_offset, i == 0, term, entry)) return std::nullopt;
    if (term == wanted) return entry;
    if (term > wanted) return std::nullopt;
  }
  return std::nullopt;
}

bool Segment::TermWalk::next() {
  if (failed_ || index_ == segment_->terms_) return false;
  const bool starts_block = index_ % kTermsPerBlock == 0;
  if (starts_block) at_ = segment_->number(Section::blocks, index_ / kTermsPerBlock);
  if (!segment_->read_entry(at_, list_offset_, starts_block, term_, entry_)) {
    failed_ = true;
    return false;
  }
  ++index_;
  return true;
}

Result<void> Segment::check() const {
  std::vector<PassageRecord> records;
  for (std::uint32_t i = 0; i < references_; ++i) {
    records.clear();
    records_at(i, records);
    for (std::size_t j = 0; j < records.size(); ++j)
      if (records[j].range.begin > records[j].range.end || (j > 0 && records[j].ordinal < records[j - 1].ordinal))
        return corrupt("the passages of a reference");
  }
  std::vector<std::uint64_t> lengths(passages_);
  std::string previous;
  TermWalk walk(*this);
  for (std::uint32_t i = 0; walk.next(); ++i) {
    if (i > 0 && walk.term() <= previous) return corrupt("the order of its terms");
    previous = walk.term();
    std::uint32_t count = 0;
    PostingCursor cursor = postings(walk.entry());
    for (; cursor.next(); ++count) lengths[cursor.current().passage] += cursor.current().frequency;
    if (cursor.failed() || count != walk.entry().postings) return corrupt("a list of postings");
  }
  if (walk.failed()) return corrupt("its dictionary");
  for (std::uint32_t passage = 0; passage < passages_; ++passage)
    if (lengths[passage] != length(passage)) return corrupt("the length of a passage");
  return {};
}

}  // namespace renvoi::index
