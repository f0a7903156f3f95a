#include "extract/pptx.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "extract/document_builder.h"
#include "extract/section_languages.h"
#include "extract/table_writer.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxSlides = 5'000;

// The text of a DrawingML paragraph (21.1.2.2.6).
void paragraph_text(const pugi::xml_node& parent, std::string& line) {
  for (const pugi::xml_node& node : parent.children()) {
    const std::string_view name = local_name(node);
    if (name == "t")
      line += node.child_value();
    else if (name == "br" || name == "tab")
      line += ' ';
    else if (name != "pPr" && name != "rPr" && name != "endParaRPr")
      paragraph_text(node, line);
  }
}

std::string body_text(const pugi::xml_node& body) {
  std::string text;
  for (const pugi::xml_node& node : body.children()) {
    if (local_name(node) != "p") continue;
    if (!text.empty()) text += ' ';
    paragraph_text(node, text);
  }
  return collapse_space(text);
}

// The kind of placeholder a shape is: "title", "body", "" for one without a kind; "none" for no placeholder at all.
std::string_view placeholder(const pugi::xml_node& shape) {
  for (const pugi::xml_node& properties : shape.children())
    if (local_name(properties).starts_with("nv"))
      if (const pugi::xml_node found = descend(properties, {"nvPr", "ph"})) return attribute(found, "type");
  return "none";
}

bool is_title(std::string_view kind) { return kind == "title" || kind == "ctrTitle"; }
bool is_furniture(std::string_view kind) { return kind == "dt" || kind == "ftr" || kind == "sldNum" || kind == "hdr"; }

class SlideWriter {
 public:
  explicit SlideWriter(DocumentBuilder& builder) : builder_(builder) {}

  void shapes(const pugi::xml_node& parent) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "sp") {
        const std::string_view kind = placeholder(node);
        if (!is_title(kind) && !is_furniture(kind))
          text_body(child(node, "txBody"), kind != "none" && kind != "subTitle");
      } else if (name == "grpSp") {
        shapes(node);
      } else if (name == "graphicFrame") {
        table(descend(node, {"graphic", "graphicData", "tbl"}));
      } else if (name == "AlternateContent") {
        shapes(child(node, "Choice"));
      }
    }
  }

 private:
  void text_body(const pugi::xml_node& body, bool bullets) {
    bool joined = false;
    for (const pugi::xml_node& node : body.children()) {
      if (local_name(node) != "p") continue;
      std::string line;
      paragraph_text(node, line);
      if (collapse_space(line).empty()) continue;
      const pugi::xml_node properties = child(node, "pPr");
      const bool item = bullets ? !child(properties, "buNone")
                                : static_cast<bool>(child(properties, "buChar")) || child(properties, "buAutoNum");
      const std::string_view level = attribute(properties, "lvl");
      const int depth = level.size() == 1 ? std::clamp(level[0] - '0', 0, 5) : 0;
      builder_.add(item ? BlockKind::list_item : BlockKind::paragraph, static_cast<std::uint8_t>(item ? depth + 1 : 0),
                   line, item && joined);
      joined = item;
    }
  }

  void table(const pugi::xml_node& node) {
    TableWriter writer(builder_, TableStyle::rows);
    for (const pugi::xml_node& row : node.children()) {
      if (local_name(row) != "tr") continue;
      std::vector<std::string> cells;
      for (const pugi::xml_node& cell : row.children())
        if (local_name(cell) == "tc") cells.push_back(body_text(child(cell, "txBody")));
      writer.add_row(std::move(cells));
    }
    writer.finish();
  }

  DocumentBuilder& builder_;
};

std::string title_in(const pugi::xml_node& shapes) {
  for (const pugi::xml_node& node : shapes.children())
    if (local_name(node) == "sp" && is_title(placeholder(node))) return body_text(child(node, "txBody"));
  return {};
}

std::string notes_of(const Package& package, const std::string& slide, bool& cut) {
  for (const auto& [id, relationship] : package.relationships(slide)) {
    if (relationship.type != "notesSlide") continue;
    pugi::xml_document tree;
    if (!package.parse(relationship.target, tree, cut)) return {};
    for (const pugi::xml_node& node : descend(tree, {"notes", "cSld", "spTree"}).children())
      if (local_name(node) == "sp" && placeholder(node) == "body") return body_text(child(node, "txBody"));
  }
  return {};
}

}  // namespace

Result<void> read_pptx(const Package& package, std::string_view main_part, const Reading& reading, Document& document) {
  std::string declared;
  read_core_properties(package, document, declared);
  pugi::xml_document presentation;
  RENVOI_CHECK(package.parse(main_part, presentation, document.truncated));
  const Relationships parts = package.relationships(main_part);
  DocumentBuilder builder(document, reading.limits.max_text_bytes);
  std::size_t number = 0;
  for (const pugi::xml_node& entry : descend(presentation, {"presentation", "sldIdLst"}).children()) {
    if (local_name(entry) != "sldId" || builder.full()) continue;
    if (++number > kMaxSlides) {
      document.truncated = true;
      break;
    }
    RENVOI_CHECK(check_time(reading, "this presentation"));
    // Two attributes are called "id" but for their prefix: the one with a prefix is the relationship.
    std::string_view id;
    for (const pugi::xml_attribute& each : entry.attributes())
      if (std::string_view(each.name()).ends_with(":id")) id = each.value();
    const auto part = parts.find(id);
    if (part == parts.end()) continue;
    pugi::xml_document tree;
    RENVOI_CHECK(package.parse(part->second.target, tree, document.truncated));
    const pugi::xml_node slide = child(tree, "sld");
    if (attribute(slide, "show") == "0") continue;
    const pugi::xml_node shapes = descend(slide, {"cSld", "spTree"});
    const std::string title = title_in(shapes);
    builder.add(BlockKind::heading, 2, title.empty() ? fmt::format("Slide {}", number) : title);
    SlideWriter(builder).shapes(shapes);
    if (const std::string notes = notes_of(package, part->second.target, document.truncated); !notes.empty())
      builder.add(BlockKind::paragraph, 0, notes);
  }
  set_languages(document, text::detect_language(document.text, declared.empty() ? reading.hints.language : declared));
  return {};
}

}  // namespace renvoi::extract
