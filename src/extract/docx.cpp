#include "extract/docx.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/docx_styles.h"
#include "extract/section_languages.h"
#include "extract/table_writer.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxLinkTextBytes = 200;
constexpr std::uint32_t kBlocksBetweenClockReads = 256;

bool is_on(const pugi::xml_node& toggle) {
  if (!toggle) return false;
  const std::string_view value = attribute(toggle, "val");
  return value != "0" && value != "false" && value != "off";
}

class DocxReader {
 public:
  DocxReader(const Package& package, std::string_view main_part, const Reading& reading, Document& document)
      : package_(package),
        main_part_(main_part),
        reading_(reading),
        document_(document),
        builder_(document, reading.limits.max_text_bytes) {}

  Result<void> run() {
    std::string declared;
    read_core_properties(package_, document_, declared);
    links_ = package_.relationships(main_part_);
    std::string footnotes, endnotes, styles;
    for (const auto& [id, relationship] : links_) {
      if (relationship.type == "styles") styles = relationship.target;
      if (relationship.type == "footnotes") footnotes = relationship.target;
      if (relationship.type == "endnotes") endnotes = relationship.target;
    }
    RENVOI_CHECK(styles_.read(package_, styles, document_.truncated));
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse(main_part_, tree, document_.truncated));
    RENVOI_CHECK(blocks(descend(tree, {"document", "body"})));
    RENVOI_CHECK(notes(footnotes, "footnotes", "footnote", footnotes_));
    RENVOI_CHECK(notes(endnotes, "endnotes", "endnote", endnotes_));
    if (declared.empty()) declared = styles_.language();
    if (declared.empty()) declared = reading_.hints.language;
    set_languages(document_, text::detect_language(document_.text, declared));
    return {};
  }

 private:
  struct NoteMark {
    std::string id, mark;
  };

  Result<void> blocks(const pugi::xml_node& parent) {
    for (const pugi::xml_node& node : parent.children()) {
      if (builder_.full()) return {};
      if (++seen_ % kBlocksBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this Word document"));
      const std::string_view name = local_name(node);
      if (name == "p") {
        paragraph(node);
      } else if (name == "tbl") {
        RENVOI_CHECK(table(node));
      } else if (name == "sdt") {
        // A table of contents is a content control of its own.
        const pugi::xml_node gallery = descend(node, {"sdtPr", "docPartObj", "docPartGallery"});
        if (attribute(gallery, "val") != "Table of Contents") RENVOI_CHECK(blocks(child(node, "sdtContent")));
      } else if (name == "ins" || name == "moveTo" || name == "customXml" || name == "smartTag") {
        RENVOI_CHECK(blocks(node));
      } else if (name == "AlternateContent") {
        RENVOI_CHECK(blocks(child(node, "Choice")));
      }
    }
    return {};
  }

  void paragraph(const pugi::xml_node& node) {
    std::string line;
    inline_text(node, line);
    const pugi::xml_node properties = child(node, "pPr");
    DocxStyle style = styles_.style(attribute(child(properties, "pStyle"), "val"));
    if (const pugi::xml_node outline = child(properties, "outlineLvl")) {
      const int level = outline_level(outline);
      if (level < 9 && style.role == DocxRole::body)
        style = {DocxRole::heading, static_cast<std::uint8_t>(std::min(level + 1, 6)), 0};
    }
    if (const pugi::xml_node list = child(properties, "numPr")) {
      style.list_level = 0;
      if (attribute(child(list, "numId"), "val") != "0")
        style.list_level = static_cast<std::uint8_t>(outline_level(child(list, "ilvl")) + 1);
    }
    write(style, line);
    for (const pugi::xml_node& box : std::exchange(boxes_, {}))
      static_cast<void>(blocks(box).ok());  // its own boxes were found with it
  }

  static int outline_level(const pugi::xml_node& node) {
    const std::string_view value = attribute(node, "val");
    return value.size() == 1 && value[0] >= '0' && value[0] <= '9' ? value[0] - '0' : 0;
  }

  void write(const DocxStyle& style, const std::string& line) {
    const bool in_list = style.list_level > 0 && style.role == DocxRole::body;
    const bool code_goes_on = style.role == DocxRole::code && last_ == DocxRole::code;
    const bool joined = (in_list && last_in_list_) || code_goes_on;
    const std::size_t before = document_.blocks.size();
    switch (style.role) {
      case DocxRole::contents:
        return;
      case DocxRole::title:
        if (!title_seen_ && document_.blocks.empty()) {
          title_seen_ = true;
          if (document_.title.empty()) document_.title = title_of(line);
          if (text::fold(document_.title) == text::fold(title_of(line))) return;
        }
        builder_.add(BlockKind::heading, 1, line);
        break;
      case DocxRole::heading:
        builder_.add(BlockKind::heading, style.level, line);
        break;
      case DocxRole::quote:
        builder_.add(BlockKind::quote, 0, line);
        break;
      case DocxRole::code:
        builder_.add(BlockKind::code, 0, line, joined);
        break;
      case DocxRole::body:
        if (in_list)
          builder_.add(BlockKind::list_item, static_cast<std::uint8_t>(std::min<int>(style.list_level, 6)), line,
                       joined);
        else
          builder_.add(BlockKind::paragraph, 0, line);
    }
    if (document_.blocks.size() == before) return;  // it was empty
    last_ = style.role;
    last_in_list_ = in_list;
  }

  // The text of runs below `parent`, whatever stands between (ECMA-376, 17.3 and 17.13).
  void inline_text(const pugi::xml_node& parent, std::string& line) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "t") {
        line += node.child_value();
      } else if (name == "tab" || name == "ptab") {
        line += '\t';
      } else if (name == "br" || name == "cr") {
        line += '\n';
      } else if (name == "noBreakHyphen") {
        line += "\u2011";
      } else if (name == "footnoteReference" || name == "endnoteReference") {
        note_mark(node, name == "footnoteReference" ? footnotes_ : endnotes_, line);
      } else if (name == "hyperlink") {
        hyperlink(node, line);
      } else if (name == "txbxContent") {
        if (boxes_.size() < 1'000) boxes_.push_back(node);
      } else if (name == "AlternateContent") {
        inline_text(child(node, "Choice"), line);
      } else if (name == "r") {
        const pugi::xml_node properties = child(node, "rPr");
        if (!is_on(child(properties, "vanish"))) inline_text(node, line);
      } else if (name != "pPr" && name != "rPr" && name != "del" && name != "moveFrom" && name != "instrText" &&
                 name != "delText" && name != "sdtPr" && name != "Fallback") {
        inline_text(node, line);
      }
    }
  }

  void note_mark(const pugi::xml_node& node, std::vector<NoteMark>& marks, std::string& line) {
    const std::string mark = "[" + std::to_string(footnotes_.size() + endnotes_.size() + 1) + "]";
    marks.push_back({std::string(attribute(node, "id")), mark});
    line += mark;
  }

  void hyperlink(const pugi::xml_node& node, std::string& line) {
    const std::size_t begin = line.size();
    inline_text(node, line);
    const auto link = links_.find(attribute(node, "id"));
    if (link == links_.end() || !link->second.external || document_.links.size() >= reading_.limits.max_links) return;
    if (!link->second.target.starts_with("http")) return;
    const std::string text = collapse_space(std::string_view(line).substr(begin));
    document_.links.push_back({link->second.target, std::string(truncate_utf8(text, kMaxLinkTextBytes)), false});
  }

  Result<void> table(const pugi::xml_node& node) {
    TableWriter writer(builder_, TableStyle::rows);
    RENVOI_CHECK(rows(node, writer));
    writer.finish();
    last_in_list_ = false;
    last_ = DocxRole::body;
    return {};
  }

  Result<void> rows(const pugi::xml_node& node, TableWriter& writer) {
    for (const pugi::xml_node& row : node.children()) {
      const std::string_view name = local_name(row);
      if (name == "sdt") RENVOI_CHECK(rows(child(row, "sdtContent"), writer));
      if (name == "ins" || name == "customXml") RENVOI_CHECK(rows(row, writer));
      if (name != "tr" || child(child(row, "trPr"), "del")) continue;
      if (++seen_ % kBlocksBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this Word document"));
      std::vector<std::string> cells;
      gather_cells(row, cells);
      writer.add_row(std::move(cells));
    }
    return {};
  }

  void gather_cells(const pugi::xml_node& row, std::vector<std::string>& cells) {
    for (const pugi::xml_node& node : row.children()) {
      if (local_name(node) == "sdt") gather_cells(child(node, "sdtContent"), cells);
      if (local_name(node) != "tc") continue;
      std::string cell;
      cell_text(node, cell);
      cells.push_back(std::move(cell));
    }
  }

  // A table in a cell is read as text.
  void cell_text(const pugi::xml_node& parent, std::string& cell) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "p") {
        if (!cell.empty()) cell += ' ';
        inline_text(node, cell);
      } else if (name != "tcPr" && name != "tblPr" && name != "trPr") {
        cell_text(node, cell);
      }
    }
  }

  Result<void> notes(const std::string& part, std::string_view root, std::string_view element,
                     const std::vector<NoteMark>& marks) {
    if (part.empty() || marks.empty()) return {};
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse(part, tree, document_.truncated));
    std::map<std::string, std::string, std::less<>> texts;
    for (const pugi::xml_node& node : child(tree, root).children()) {
      if (local_name(node) != element) continue;
      std::string text;
      cell_text(node, text);
      texts.emplace(std::string(attribute(node, "id")), std::move(text));
    }
    for (const NoteMark& mark : std::vector<NoteMark>(marks))
      if (const auto found = texts.find(mark.id); found != texts.end() && !collapse_space(found->second).empty())
        builder_.add(BlockKind::paragraph, 0, mark.mark + " " + found->second);
    return {};
  }

  const Package& package_;
  const std::string_view main_part_;
  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  DocxStyles styles_;
  Relationships links_;
  std::vector<NoteMark> footnotes_, endnotes_;
  std::vector<pugi::xml_node> boxes_;
  DocxRole last_ = DocxRole::body;
  std::uint32_t seen_ = 0;
  bool last_in_list_ = false, title_seen_ = false;
};

}  // namespace

Result<void> read_docx(const Package& package, std::string_view main_part, const Reading& reading, Document& document) {
  return DocxReader(package, main_part, reading, document).run();
}

}  // namespace renvoi::extract
