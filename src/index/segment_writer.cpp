#include "index/segment_writer.h"

#include <utility>

#include "index/block_checks.h"
#include "index/code_store.h"
#include "index/segment_format.h"
#include "io/bytes.h"
#include "io/crc32c.h"

namespace renvoi::index {
namespace {

// block_checksums() of bytes that come in pieces.
class BlockChecksums {
 public:
  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view fits = bytes.substr(0, kCheckedBlockBytes - in_block_);
      crc_ = io::crc32c(fits, crc_);
      in_block_ += fits.size();
      bytes.remove_prefix(fits.size());
      if (in_block_ == kCheckedBlockBytes) end_block();
    }
  }
  std::string finish() {
    if (in_block_ > 0) end_block();
    return out_.take();
  }

 private:
  void end_block() {
    out_.u32(crc_);
    crc_ = 0;
    in_block_ = 0;
  }
  std::size_t in_block_ = 0;
  std::uint32_t crc_ = 0;
  io::ByteWriter out_;
};

// A file that is made of sections, and its table.
class SectionedFile {
 public:
  void add(std::string bytes) {
    pad();
    enter(bytes.size());
    checksums_.add(bytes);
    push(std::move(bytes));
  }
  SegmentPieces finish() {
    pad();
    std::string end = checksums_.finish();
    enter(end.size());
    end += table_.str();
    io::ByteWriter footer;
    footer.u32(static_cast<std::uint32_t>(kSections));
    footer.u32(io::crc32c(end));
    footer.u64(size_ + end.size() + kFooterBytes);
    footer.u32(kSegmentVersion);
    footer.u32(io::crc32c(footer.str()));
    footer.append(kSegmentMagic);
    push(end + footer.str());
    return std::move(pieces_);
  }

 private:
  void pad() {
    std::string zeros(aligned(size_) - size_, '\0');
    checksums_.add(zeros);
    push(std::move(zeros));
  }
  void enter(std::size_t size) {
    table_.u32(section_++);
    table_.u32(0);
    table_.u64(size_);
    table_.u64(size);
  }
  void push(std::string bytes) {
    size_ += bytes.size();
    if (!bytes.empty()) pieces_.push_back(std::move(bytes));
  }
  SegmentPieces pieces_;
  std::uint64_t size_ = 0;
  BlockChecksums checksums_;
  io::ByteWriter table_;
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

std::string join(SegmentPieces pieces) {
  std::size_t size = 0;
  for (const std::string& piece : pieces) size += piece.size();
  std::string whole;
  whole.reserve(size);
  for (std::string& piece : pieces) {
    whole += piece;
    std::string().swap(piece);
  }
  return whole;
}

SegmentPieces SegmentWriter::finish_in_pieces(const Cells* cells) {
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
