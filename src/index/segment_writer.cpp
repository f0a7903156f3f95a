#include "index/segment_writer.h"

#include <utility>

#include "index/code_store.h"
#include "index/segment_format.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

// A file that is made of sections, and its table.
class SectionedFile {
 public:
  void add(std::string bytes) {
    file_.pad_to(kSectionAlignment);
    enter(bytes.size());
    file_.append(bytes);
  }
  std::string finish() {
    file_.pad_to(kSectionAlignment);
    const std::size_t checked = file_.size();
    const std::string checksums = block_checksums(file_.str());
    enter(checksums.size());
    file_.append(checksums);
    file_.append(table_.str());
    io::ByteWriter footer;
    footer.u32(static_cast<std::uint32_t>(kSections));
    footer.u32(io::crc32c(std::string_view(file_.str()).substr(checked)));
    footer.u64(file_.size() + kFooterBytes);
    footer.u32(kSegmentVersion);
    footer.u32(io::crc32c(footer.str()));
    footer.append(kSegmentMagic);
    file_.append(footer.str());
    return file_.take();
  }

 private:
  void enter(std::size_t size) {
    table_.u32(section_++);
    table_.u32(0);
    table_.u64(file_.size());
    table_.u64(size);
  }
  io::ByteWriter file_, table_;
  std::uint32_t section_ = 0;
};

}  // namespace

void SegmentWriter::add_passage(const PassageRecord& passage, std::uint8_t length_code,
                                std::span<const std::byte> code) {
  table_.add(passage);
  lengths_.push_back(length_code);
  codes_.insert(codes_.end(), code.begin(), code.end());
}

void SegmentWriter::add_term(std::string_view term, std::span<const Posting> postings) {
  if (!lists_.has_value()) lists_.emplace(lengths_);
  list_.clear();
  lists_->write(list_, postings);
  dictionary_.add(term, static_cast<std::uint32_t>(postings.size()), list_.str());
}

std::string SegmentWriter::finish(const Cells* cells) {
  table_.finish();
  io::ByteWriter meta;
  for (const std::uint32_t value :
       {table_.passages(), table_.references(), dictionary_.terms(), quantizer_.quantizer.dimensions()})
    meta.u32(value);
  meta.text(quantizer_.digest);
  SectionedFile file;
  file.add(meta.take());
  file.add(table_.reference_section().take());
  file.add(table_.passage_section().take());
  file.add(table_.fingerprint_section().take());
  file.add(std::string(lengths_.begin(), lengths_.end()));
  CodeSections sections = write_codes(quantizer_.quantizer, codes_, cells);
  std::vector<std::byte>().swap(codes_);
  for (std::string* section : {&sections.scan, &sections.rest, &sections.order, &sections.cells})
    file.add(std::exchange(*section, {}));
  file.add(dictionary_.blocks().take());
  file.add(dictionary_.dictionary().take());
  file.add(dictionary_.postings().take());
  return file.finish();
}

}  // namespace renvoi::index
