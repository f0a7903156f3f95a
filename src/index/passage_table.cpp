#include "index/passage_table.h"

#include <algorithm>
#include <cstring>

namespace renvoi::index {

void PassageTableWriter::end_reference() {
  if (of_reference_ == 0) return;
  reference_section_.varint(of_reference_ - 1);
  reference_section_.varint(passage_section_.size() - stream_begin_);
}

void PassageTableWriter::finish() {
  end_reference();
  of_reference_ = 0;
}

void PassageTableWriter::add(const PassageRecord& passage) {
  if (of_reference_ == 0 || passage.reference != last_.reference) {
    end_reference();
    const std::int64_t reference = to_number(passage.reference);
    reference_section_.varint(static_cast<std::uint64_t>(reference - reference_before_ - 1));
    reference_before_ = reference;
    stream_begin_ = passage_section_.size();
    of_reference_ = 0;
    ++references_;
    last_ = {};
  }
  // Ordinals rise; ranges mostly do, but may overlap or repeat, hence the sign.
  passage_section_.varint(passage.ordinal - last_.ordinal);
  const std::int64_t step = std::int64_t{passage.range.begin} - std::int64_t{last_.range.end};
  passage_section_.varint(step >= 0 ? static_cast<std::uint64_t>(step) << 1
                                    : (static_cast<std::uint64_t>(-step) << 1 | 1));
  passage_section_.varint(passage.range.end - passage.range.begin);
  fingerprint_section_.u64(passage.fingerprint);
  last_ = passage;
  ++of_reference_;
  ++passages_;
}

PassageRecord PassageStream::next() {
  record_.ordinal += reader_.varint32();
  const std::uint64_t step = reader_.varint();
  const auto distance = static_cast<std::uint32_t>(step >> 1);
  record_.range.begin = (step & 1) != 0 ? record_.range.end - distance : record_.range.end + distance;
  record_.range.end = record_.range.begin + reader_.varint32();
  return record_;
}

bool PassageTable::open(std::uint32_t passages, std::uint32_t references, std::span<const std::byte> reference_section,
                        std::span<const std::byte> passage_section, std::span<const std::byte> fingerprint_section,
                        const BlockChecks* checks) {
  passages_ = passages;
  passage_section_ = passage_section;
  fingerprint_section_ = fingerprint_section;
  checks_ = checks;
  if (fingerprint_section.size() != std::uint64_t{passages} * 8 || passage_section.size() > 0xFFFFFFFF ||
      references > passages || reference_section.size() / 3 < references)
    return false;
  references_.reserve(references);
  firsts_.reserve(references + std::size_t{1});
  streams_.reserve(references + std::size_t{1});
  io::ByteReader reader(reference_section);
  std::uint64_t next_reference = 0;
  std::uint64_t first = 0;
  std::uint64_t stream = 0;
  for (std::uint32_t i = 0; i < references; ++i) {
    next_reference += reader.varint32();
    references_.push_back(static_cast<std::uint32_t>(next_reference++));
    firsts_.push_back(static_cast<std::uint32_t>(first));
    streams_.push_back(static_cast<std::uint32_t>(stream));
    first += std::uint64_t{reader.varint32()} + 1;
    stream += reader.varint32();
    if (next_reference > 0x100000000 || first > passages || stream > passage_section.size()) return false;
  }
  firsts_.push_back(static_cast<std::uint32_t>(first));
  streams_.push_back(static_cast<std::uint32_t>(stream));
  return reader.ok() && reader.at_end() && first == passages && stream == passage_section.size();
}

std::optional<std::uint32_t> PassageTable::find(ReferenceId reference) const {
  const auto found = std::lower_bound(references_.begin(), references_.end(), to_number(reference));
  if (found == references_.end() || *found != to_number(reference)) return std::nullopt;
  return static_cast<std::uint32_t>(found - references_.begin());
}

std::uint32_t PassageTable::reference_index_of(std::uint32_t passage) const {
  const auto above = std::upper_bound(firsts_.begin(), firsts_.end(), passage);
  return static_cast<std::uint32_t>(above - firsts_.begin()) - 1;
}

bool PassageTable::records_at(std::uint32_t index, std::vector<PassageRecord>& out) const {
  const PassageSpan span = passages_at(index);
  const auto stream = passage_section_.subspan(streams_[index], streams_[index + 1] - streams_[index]);
  const auto fingerprints =
      fingerprint_section_.subspan(std::size_t{span.first} * 8, std::size_t{span.last - span.first} * 8);
  const bool verified = checks_ == nullptr || (checks_->verify(stream) && checks_->verify(fingerprints));
  PassageStream reader(reference_at(index), stream);
  for (std::uint32_t passage = span.first; passage < span.last; ++passage) {
    PassageRecord record = reader.next();
    std::memcpy(&record.fingerprint, fingerprints.data() + std::size_t{passage - span.first} * 8, 8);
    out.push_back(record);
  }
  if (verified && reader.ok() && reader.at_end()) return true;
  if (checks_ != nullptr) checks_->note_damage();
  return false;
}

}  // namespace renvoi::index
