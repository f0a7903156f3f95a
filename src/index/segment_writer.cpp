#include "index/segment_writer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "index/segment_format.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

// One, two or four bytes each: the fewest that hold the largest.
std::uint32_t width_for(std::uint32_t largest) { return largest < 256 ? 1 : largest < 65'536 ? 2 : 4; }

std::string pack(std::span<const std::uint32_t> values, std::uint32_t width) {
  std::string bytes(values.size() * width, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) std::memcpy(bytes.data() + i * width, &values[i], width);
  return bytes;
}

}  // namespace

SegmentWriter::SegmentWriter(std::uint32_t dimensions, std::size_t code_bytes)
    : dimensions_(dimensions), code_bytes_(code_bytes) {}

void SegmentWriter::add_passage(const PassageRecord& passage, std::uint32_t length, std::string_view code) {
  const bool first_of_reference = references_ == 0 || passage.reference != last_.reference;
  if (first_of_reference) {
    reference_table_.u32(to_number(passage.reference));
    reference_table_.u32(passages_);
    reference_table_.u32(static_cast<std::uint32_t>(passage_stream_.size()));
    ++references_;
    last_ = {};
  }
  // Ordinals rise; ranges mostly do, but may overlap or repeat, hence the sign.
  passage_stream_.varint(passage.ordinal - last_.ordinal);
  const std::int64_t step = std::int64_t{passage.range.begin} - std::int64_t{last_.range.end};
  passage_stream_.varint(step >= 0 ? static_cast<std::uint64_t>(step) << 1
                                   : (static_cast<std::uint64_t>(-step) << 1 | 1));
  passage_stream_.varint(passage.range.end - passage.range.begin);
  fingerprints_.u64(passage.fingerprint);
  lengths_.push_back(length);
  codes_.append(code);
  last_ = passage;
  ++passages_;
}

void SegmentWriter::add_term(std::string_view term, std::span<const Posting> postings) {
  std::size_t shared = 0;
  if (terms_ % kTermsPerBlock == 0) {
    blocks_.u32(static_cast<std::uint32_t>(dictionary_.size()));
    dictionary_.varint(postings_.size());
  } else {
    const auto differ = std::mismatch(term.begin(), term.end(), last_term_.begin(), last_term_.end());
    shared = static_cast<std::size_t>(differ.first - term.begin());
  }
  const std::size_t before = postings_.size();
  write_postings(postings_, postings);
  dictionary_.varint(shared);
  dictionary_.text(term.substr(shared));
  dictionary_.varint(postings.size());
  dictionary_.varint(postings_.size() - before);
  last_term_ = term;
  ++terms_;
}

std::string SegmentWriter::finish() {
  const std::uint32_t longest = lengths_.empty() ? 0 : *std::max_element(lengths_.begin(), lengths_.end());
  const std::uint32_t width = width_for(longest);
  io::ByteWriter meta;
  for (const std::uint32_t value :
       {passages_, references_, dimensions_, static_cast<std::uint32_t>(code_bytes_), width})
    meta.u32(value);
  meta.u32(static_cast<std::uint32_t>(terms_));
  io::ByteWriter lengths;
  lengths.append(pack(lengths_, width));

  io::ByteWriter file;
  io::ByteWriter table;
  std::uint32_t section = 0;
  for (io::ByteWriter* part : {&meta, &reference_table_, &passage_stream_, &fingerprints_, &lengths, &codes_, &blocks_,
                               &dictionary_, &postings_}) {
    part->pad_to(8);
    table.u32(section++);
    table.u32(io::crc32c(part->str()));
    table.u64(file.size());
    table.u64(part->size());
    file.append(part->str());
    *part = {};
  }
  file.append(table.str());
  io::ByteWriter footer;
  footer.u32(static_cast<std::uint32_t>(kSections));
  footer.u32(io::crc32c(table.str()));
  footer.u64(file.size() + kFooterBytes);
  footer.u32(kSegmentVersion);
  footer.u32(io::crc32c(footer.str()));
  footer.append(kSegmentMagic);
  file.append(footer.str());
  return file.take();
}

}  // namespace renvoi::index
