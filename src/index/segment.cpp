#include "index/segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "index/segment_v1.h"
#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

constexpr std::size_t kTableBytes = kSections * kTableEntryBytes;
constexpr std::uint32_t kMostDigestBytes = 64;

}  // namespace

Error Segment::corrupt(std::string_view what) const {
  return {ErrorCode::corrupt, fmt::format("{} is damaged ({}); restore the index from a copy, or remove its folder and "
                                          "run sync to build it again",
                                          name_, what)};
}

Result<std::shared_ptr<const Segment>> Segment::from_file(std::unique_ptr<io::MappedFile> file, std::string name,
                                                          const Quantizers& quantizers) {
  auto segment = std::make_shared<Segment>();
  segment->bytes_ = file->bytes();
  segment->file_bytes_ = segment->bytes_.size();
  segment->name_ = std::move(name);
  if (is_segment_v1(segment->bytes_)) {
    RENVOI_TRY(segment->memory_, convert_segment_v1(segment->bytes_, segment->name_, quantizers));
    segment->bytes_ = std::as_bytes(std::span(segment->memory_));
  } else {
    segment->file_ = std::move(file);
  }
  return open(std::move(segment), quantizers, Checksums::verify);
}

Result<std::shared_ptr<const Segment>> Segment::from_memory(std::string bytes, std::string name,
                                                            const Quantizers& quantizers, Checksums checksums) {
  auto segment = std::make_shared<Segment>();
  segment->memory_ = std::move(bytes);
  segment->bytes_ = std::as_bytes(std::span(segment->memory_));
  segment->file_bytes_ = segment->bytes_.size();
  segment->name_ = std::move(name);
  return open(std::move(segment), quantizers, checksums);
}

Result<std::shared_ptr<const Segment>> Segment::open(std::shared_ptr<Segment> segment, const Quantizers& quantizers,
                                                     Checksums checksums) {
  RENVOI_CHECK(segment->read_table(checksums));
  RENVOI_CHECK(segment->read_meta(quantizers));
  return std::shared_ptr<const Segment>(std::move(segment));
}

Result<void> Segment::read_table(Checksums checksums) {
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
  if (version < kOldestSegmentVersion || version > kSegmentVersion)
    return Error{ErrorCode::invalid,
                 fmt::format("{} has format version {}, this program knows 1 to {}; use the renvoi that wrote "
                             "it, or remove the index's folder and run sync",
                             name_, version, kSegmentVersion)};
  if (file_bytes != bytes_.size() || sections != kSections) return corrupt("its size is not what it says");
  const std::size_t table_at = bytes_.size() - kFooterBytes - kTableBytes;
  io::ByteReader table(bytes_.subspan(table_at, kTableBytes));
  std::uint64_t end = 0;
  for (std::uint32_t i = 0; i < kSections; ++i) {
    const std::uint32_t section = table.u32();
    const std::uint32_t zero = table.u32();
    const std::uint64_t offset = table.u64();
    const std::uint64_t size = table.u64();
    if (section != i || zero != 0 || offset != aligned(end) || offset > table_at || size > table_at - offset)
      return corrupt("its table of sections");
    parts_[i] = bytes_.subspan(offset, size);
    end = offset + size;
  }
  const std::size_t checked = bytes_.size() - kFooterBytes - kTableBytes - part(Section::checksums).size();
  if (end != table_at || part(Section::checksums).size() != block_checksums_bytes(checked))
    return corrupt("its table of sections");
  if (!verify) return {};
  if (table_crc != io::crc32c(bytes_.subspan(checked, table_at + kTableBytes - checked)))
    return corrupt("checksum of its table");
  checks_.watch(bytes_.first(checked), part(Section::checksums));
  // What is read as a whole below; the rest when it is asked for.
  for (const Section section :
       {Section::meta, Section::references, Section::lengths, Section::order, Section::cells, Section::blocks})
    if (!checks_.verify(part(section)))
      return corrupt(fmt::format("checksum of section {}", static_cast<int>(section)));
  return {};
}

Result<void> Segment::read_meta(const Quantizers& quantizers) {
  io::ByteReader meta(part(Section::meta));
  const std::uint32_t passages = meta.u32();
  const std::uint32_t references = meta.u32();
  const std::uint32_t terms = meta.u32();
  const std::uint32_t dimensions = meta.u32();
  const std::string_view digest = meta.text();
  if (!meta.ok() || !meta.at_end() || digest.size() > kMostDigestBytes || dimensions != quantizers.dimensions() ||
      (passages == 0) != (references == 0) || part(Section::lengths).size() != passages)
    return corrupt("its description");
  const NamedQuantizer* quantizer = quantizers.find(digest);
  if (quantizer == nullptr) return corrupt("the manifest names no such quantizer");
  quantizer_ = *quantizer;
  if (!table_.open(passages, references, part(Section::references), part(Section::passages),
                   part(Section::fingerprints), &checks_))
    return corrupt("its table of references");
  if (!dictionary_.open(terms, passages, part(Section::blocks), part(Section::dictionary), part(Section::postings),
                        &checks_))
    return corrupt("its dictionary");
  const CodeSectionViews views{part(Section::scan), part(Section::rest), part(Section::order), part(Section::cells)};
  auto codes = CodeStore::open(quantizer->quantizer, passages, views, &checks_);
  if (!codes.ok()) return corrupt(codes.error().message);
  codes_ = std::move(codes).value();
  return {};
}

std::span<const std::uint8_t> Segment::lengths() const {
  return {reinterpret_cast<const std::uint8_t*>(part(Section::lengths).data()), part(Section::lengths).size()};
}

PassageRecord Segment::record(std::uint32_t passage) const {
  const std::uint32_t index = table_.reference_index_of(passage);
  std::vector<PassageRecord> records;
  if (!table_.records_at(index, records)) return {};
  return records[passage - table_.passages_at(index).first];
}

Result<void> Segment::sound() const {
  if (checks_.damaged()) return corrupt("a checksum, or what it holds");
  return {};
}

Result<void> Segment::check() const {
  for (std::size_t section = 0; section < kSections - 1; ++section)
    if (!checks_.verify(parts_[section])) return corrupt(fmt::format("checksum of section {}", section));
  if (!checks_.verify(bytes_.first(bytes_.size() - kFooterBytes - kTableBytes - part(Section::checksums).size())))
    return corrupt("checksum of the bytes between its sections");
  std::vector<PassageRecord> records;
  for (std::uint32_t i = 0; i < references(); ++i) {
    records.clear();
    if (!table_.records_at(i, records)) return corrupt("the passages of a reference");
    for (std::size_t j = 0; j < records.size(); ++j)
      if (records[j].range.begin > records[j].range.end || (j > 0 && records[j].ordinal < records[j - 1].ordinal))
        return corrupt("the passages of a reference");
  }
  std::vector<std::uint64_t> least(passages());  // lengths, were no frequency cut
  std::string previous;
  Dictionary::Walk walk(dictionary_);
  for (std::uint32_t i = 0; walk.next(); ++i) {
    if (i > 0 && walk.term() <= previous) return corrupt("the order of its terms");
    previous = walk.term();
    if (!check_posting_list(walk.entry().list, walk.entry().postings, lengths()).ok())
      return corrupt("a list of postings");
    for_each_posting(walk.entry(),
                     [&](std::uint32_t passage, std::uint32_t frequency) { least[passage] += frequency; });
  }
  if (walk.failed()) return corrupt("its dictionary");
  for (std::uint32_t passage = 0; passage < passages(); ++passage)
    if (length_code(static_cast<std::uint32_t>(std::min<std::uint64_t>(least[passage], 0xFFFFFFFF))) >
        lengths()[passage])
      return corrupt("the length of a passage");
  return sound();
}

}  // namespace renvoi::index
