// rooms: extract text base
// Any bytes as an archive; and, since no mutation keeps a ZIP archive's checksums right, as the main part of an office
// document of each kind that is packed here.
#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/utf8.h"
#include "extract/extract.h"

namespace {

using namespace renvoi;

void check(const std::string& bytes) {
  const auto document = extract::extract(bytes, {}, {.max_milliseconds = 2'000});
  if (!document.ok()) return;
  if (!is_valid_utf8(document->text) || !is_valid_utf8(document->title) || document->title.size() > 200) std::abort();
  std::uint32_t end = 0;
  for (const auto& block : document->blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  if (end != document->text.size()) std::abort();
}

class Writer {
 public:
  explicit Writer(std::size_t bytes) : out_(bytes, '\0'), archive_(archive_write_new()) {
    archive_write_set_format_zip(archive_);
    archive_write_zip_set_compression_store(archive_);
    archive_write_open_memory(archive_, out_.data(), out_.size(), &used_);
  }
  void add(const char* name, const std::string& text) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(archive_, entry);
    archive_write_data(archive_, text.data(), text.size());
    archive_entry_free(entry);
  }
  std::string finish() {
    archive_write_close(archive_);
    archive_write_free(archive_);
    out_.resize(used_);
    return out_;
  }

 private:
  std::string out_;
  std::size_t used_ = 0;
  archive* archive_;
};

std::string relation(const std::string& id, const std::string& type, const std::string& target) {
  return "<Relationship Id='" + id + "' Type='x/" + type + "' Target='" + target + "'/>";
}

std::string open_xml(const char* main_part, const std::string& part, const char* other, const std::string& other_part,
                     const std::string& links) {
  Writer writer(part.size() + other_part.size() + 16'384);
  const std::string folder = std::string(main_part).substr(0, std::string(main_part).find('/') + 1);
  writer.add("[Content_Types].xml", "<Types/>");
  writer.add("_rels/.rels", "<Relationships>" + relation("m", "officeDocument", main_part) + "</Relationships>");
  writer.add(main_part, part);
  writer.add(other, other_part);
  writer.add((folder + "_rels/" + std::string(main_part).substr(folder.size()) + ".rels").c_str(),
             "<Relationships>" + links + "</Relationships>");
  return writer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // The two parts of a kind are told apart by a NUL.
  const std::size_t cut = bytes.find('\0');
  const std::string first = bytes.substr(0, cut), second = cut == std::string::npos ? "" : bytes.substr(cut + 1);
  switch (data[0] % 7) {
    case 0:
      check(bytes);
      break;
    case 1:
      check(open_xml("word/document.xml", first, "word/styles.xml", second, relation("s", "styles", "styles.xml")));
      break;
    case 2:
      check(open_xml("word/document.xml", first, "word/footnotes.xml", second,
                     relation("s", "footnotes", "footnotes.xml")));
      break;
    case 3:
      check(open_xml("ppt/presentation.xml", "<presentation><sldIdLst><sldId r:id='a'/></sldIdLst></presentation>",
                     "ppt/slide.xml", first, relation("a", "slide", "slide.xml")));
      break;
    case 4:
      check(open_xml("xl/workbook.xml", "<workbook><sheets><sheet name='s' id='a'/></sheets></workbook>", "xl/s.xml",
                     first, relation("a", "worksheet", "s.xml")));
      break;
    case 5: {
      Writer writer(bytes.size() + 8'192);
      writer.add("mimetype", "application/vnd.oasis.opendocument.text");
      writer.add("META-INF/manifest.xml", "<manifest/>");
      writer.add("content.xml", first);
      writer.add("meta.xml", second);
      check(writer.finish());
      break;
    }
    default: {
      Writer writer(bytes.size() + 8'192);
      writer.add("META-INF/container.xml",
                 "<container><rootfiles><rootfile full-path='a.opf'/></rootfiles></container>");
      writer.add("a.opf", first);
      writer.add("a.xhtml", second);
      check(writer.finish());
    }
  }
  return 0;
}
