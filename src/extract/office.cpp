#include "extract/office.h"

#include <algorithm>

#include "extract/docx.h"
#include "extract/epub.h"
#include "extract/odf.h"
#include "extract/package.h"
#include "extract/pptx.h"
#include "extract/sniff.h"
#include "extract/xlsx.h"

namespace renvoi::extract {
namespace {

constexpr std::string_view kOdfMediaType = "application/vnd.oasis.opendocument.";

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Pictures, fonts and sounds are never looked at.
bool is_text_part(std::string_view name) {
  const std::string extension = extension_of(name);
  for (const std::string_view known : {"xml", "rels", "opf", "xhtml", "html", "htm", "ncx", "css"})
    if (extension == known) return true;
  return name == "mimetype";
}

// ECMA-376 part 2: the package's officeDocument relationship names the main part; its folder tells the kind in every
// file that programs write, its root element in any.
Result<bool> read_open_xml(const Package& package, const Reading& reading, Document& document) {
  std::string main_part;
  for (const auto& [id, relationship] : package.relationships(""))
    if (relationship.type == "officeDocument") main_part = relationship.target;
  if (main_part.empty()) {
    for (const char* usual : {"word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"})
      if (package.has(usual)) main_part = usual;
  }
  pugi::xml_document tree;
  bool cut = false;
  RENVOI_CHECK(package.parse(main_part, tree, cut));
  const std::string root(local_name(tree.document_element()));
  tree.reset();
  const auto typed = [&](const char* subtype) {
    document.media_type = std::string("application/vnd.openxmlformats-officedocument.") + subtype;
  };
  if (root == "document") {
    typed("wordprocessingml.document");
    RENVOI_CHECK(read_docx(package, main_part, reading, document));
  } else if (root == "presentation") {
    typed("presentationml.presentation");
    RENVOI_CHECK(read_pptx(package, main_part, reading, document));
  } else if (root == "workbook") {
    typed("spreadsheetml.sheet");
    RENVOI_CHECK(read_xlsx(package, main_part, reading, document));
  } else if (main_part.ends_with(".bin")) {
    return Error{ErrorCode::invalid, "this is a binary Excel workbook (.xlsb): save it as .xlsx"};
  } else {
    return Error{ErrorCode::corrupt, "this Office document has no main part: it is damaged or of an unknown kind"};
  }
  return true;
}

}  // namespace

Result<bool> read_office(std::string_view bytes, const Reading& reading, Document& document) {
  RENVOI_TRY(const std::vector<std::string> names, archive_names(bytes, ArchiveLimits{}, reading.deadline));
  const bool open_xml = holds(names, "[Content_Types].xml") && holds(names, "_rels/.rels");
  const bool epub = holds(names, "META-INF/container.xml");
  const bool odf = holds(names, "content.xml") && holds(names, "META-INF/manifest.xml");
  if (!open_xml && !epub && !odf) return false;
  RENVOI_TRY(const Package package, Package::open(bytes, is_text_part, reading));
  document.charset = "utf-8";
  if (odf) {
    const std::string_view type = package.part("mimetype");
    document.media_type = type.starts_with(kOdfMediaType) && type.size() < 100
                              ? std::string(type.substr(0, type.find_first_of(" \r\n")))
                              : std::string(kOdfMediaType) + "text";
    RENVOI_CHECK(read_odf(package, reading, document));
    return true;
  }
  if (open_xml) return read_open_xml(package, reading, document);
  document.media_type = "application/epub+zip";
  RENVOI_CHECK(read_epub(package, reading, document));
  return true;
}

}  // namespace renvoi::extract
