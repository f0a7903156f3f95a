#include "extract/odf.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/section_languages.h"
#include "extract/table_writer.h"
#include "extract/xlsx.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxLinkTextBytes = 200;
constexpr std::uint32_t kBlocksBetweenClockReads = 256;
constexpr std::size_t kMaxRepeatedRows = 1'000;
constexpr std::size_t kMaxSpaces = 100;

std::size_t count_of(std::string_view text, std::size_t most) {
  std::size_t value = 1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp<std::size_t>(value, 1, most);
}

bool is_left_out(std::string_view name) {
  return name == "tracked-changes" || name == "annotation" || name == "annotation-end" || name == "table-of-content" ||
         name == "alphabetical-index" || name == "illustration-index" || name == "table-index" ||
         name == "bibliography" || name == "forms" || name == "sequence-decls" || name == "ruby-text" ||
         name == "desc" || name == "event-listeners" || name == "variable-decls";
}

class OdfReader {
 public:
  OdfReader(const Package& package, const Reading& reading, Document& document)
      : package_(package), reading_(reading), document_(document), builder_(document, reading.limits.max_text_bytes) {}

  Result<void> run() {
    std::string declared;
    metadata(declared);
    pugi::xml_document tree;
    RENVOI_CHECK(package_.parse("content.xml", tree, document_.truncated));
    const pugi::xml_node content = child(tree, "document-content");
    styles(child(content, "automatic-styles"));
    const pugi::xml_node body = child(content, "body");
    if (const pugi::xml_node text = child(body, "text")) RENVOI_CHECK(blocks(text, 0));
    if (const pugi::xml_node slides = child(body, "presentation")) RENVOI_CHECK(pages(slides));
    if (const pugi::xml_node drawing = child(body, "drawing")) RENVOI_CHECK(pages(drawing));
    if (const pugi::xml_node sheets = child(body, "spreadsheet")) RENVOI_CHECK(tables(sheets));
    for (const std::string& note : notes_) builder_.add(BlockKind::paragraph, 0, note);
    set_languages(document_,
                  text::detect_language(document_.text, declared.empty() ? reading_.hints.language : declared));
    return {};
  }

 private:
  void metadata(std::string& language) {
    pugi::xml_document tree;
    if (!package_.parse("meta.xml", tree, document_.truncated)) return;
    const pugi::xml_node meta = descend(tree, {"document-meta", "meta"});
    document_.title = title_of(child(meta, "title").child_value());
    add_author(document_, child(meta, "initial-creator").child_value());
    if (document_.authors.empty()) add_author(document_, child(meta, "creator").child_value());
    document_.published = parse_date_time(child(meta, "creation-date").child_value());
    document_.modified = parse_date_time(child(meta, "date").child_value());
    language = child(meta, "language").child_value();
  }

  // Automatic styles stand between a paragraph and the style that has a name ("Title", "Quotations").
  void styles(const pugi::xml_node& parent) {
    for (const pugi::xml_node& node : parent.children()) {
      if (local_name(node) != "style") continue;
      const std::string name(attribute(node, "name"));
      parents_.emplace(name, std::string(attribute(node, "parent-style-name")));
      if (attribute(child(node, "table-properties"), "display") == "false") hidden_tables_.push_back(name);
    }
  }

  std::string_view named_style(const pugi::xml_node& node) const {
    const std::string_view own = attribute(node, "style-name");
    const auto found = parents_.find(own);
    return found == parents_.end() || found->second.empty() ? own : std::string_view(found->second);
  }

  Result<void> blocks(const pugi::xml_node& parent, std::uint8_t list_level) {
    for (const pugi::xml_node& node : parent.children()) {
      if (builder_.full()) return {};
      if (++seen_ % kBlocksBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this OpenDocument file"));
      const std::string_view name = local_name(node);
      if (name == "h") {
        heading(node);
      } else if (name == "p") {
        paragraph(node, list_level);
      } else if (name == "list") {
        RENVOI_CHECK(blocks(node, static_cast<std::uint8_t>(std::min(list_level + 1, 6))));
      } else if (name == "table") {
        TableWriter writer(builder_, TableStyle::rows);
        RENVOI_CHECK(rows(node, writer));
        writer.finish();
        in_list_ = false;
      } else if (!is_left_out(name) && node.type() == pugi::node_element && name != "notes") {
        RENVOI_CHECK(blocks(node, list_level));  // sections, list items, frames, groups, ...
      }
      RENVOI_CHECK(boxes());
    }
    return {};
  }

  // Text boxes that stand in a paragraph come after it.
  Result<void> boxes() {
    for (const pugi::xml_node& box : std::exchange(boxes_, {})) RENVOI_CHECK(blocks(box, 0));
    return {};
  }

  void heading(const pugi::xml_node& node) {
    std::string line;
    inline_text(node, line);
    in_list_ = false;
    const std::size_t level = count_of(attribute(node, "outline-level"), 6);
    builder_.add(BlockKind::heading, static_cast<std::uint8_t>(level), line);
  }

  void paragraph(const pugi::xml_node& node, std::uint8_t list_level) {
    std::string line;
    inline_text(node, line);
    if (collapse_space(line).empty()) return;
    const std::string_view style = named_style(node);
    if (style == "Title" && document_.blocks.empty()) {
      if (document_.title.empty()) document_.title = title_of(line);
      if (text::fold(document_.title) == text::fold(title_of(line))) return;
      return builder_.add(BlockKind::heading, 1, line);
    }
    if (list_level > 0) {
      builder_.add(BlockKind::list_item, list_level, line, in_list_);
      in_list_ = true;
      return;
    }
    in_list_ = false;
    const bool code = style.starts_with("Preformatted");
    builder_.add(code                             ? BlockKind::code
                 : style.starts_with("Quotation") ? BlockKind::quote
                                                  : BlockKind::paragraph,
                 0, line,
                 code && in_code_ && !document_.blocks.empty() && document_.blocks.back().kind == BlockKind::code);
    in_code_ = code;
  }

  // Paragraph content (section 6): white space is collapsed but for text:s, text:tab and text:line-break.
  void inline_text(const pugi::xml_node& parent, std::string& line) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
        line += node.value();
      } else if (name == "s") {
        line.append(count_of(attribute(node, "c"), kMaxSpaces), ' ');
      } else if (name == "tab") {
        line += '\t';
      } else if (name == "line-break") {
        line += '\n';
      } else if (name == "note") {
        note(node, line);
      } else if (name == "text-box") {
        if (boxes_.size() < 1'000) boxes_.push_back(node);
      } else if (name == "a") {
        link(node, line);
      } else if (!is_left_out(name) && name != "title") {
        inline_text(node, line);
      }
    }
  }

  void note(const pugi::xml_node& node, std::string& line) {
    const std::string mark = "[" + std::to_string(notes_.size() + 1) + "]";
    line += mark;
    const std::size_t place = notes_.size();
    notes_.emplace_back();
    std::string text;
    for (const pugi::xml_node& paragraph : child(node, "note-body").children()) {
      text += ' ';
      inline_text(paragraph, text);
    }
    notes_[place] = mark + text;
  }

  void link(const pugi::xml_node& node, std::string& line) {
    const std::size_t begin = line.size();
    inline_text(node, line);
    const std::string_view target = attribute(node, "href");
    if (!target.starts_with("http") || document_.links.size() >= reading_.limits.max_links) return;
    const std::string text = collapse_space(std::string_view(line).substr(begin));
    document_.links.push_back({repair_utf8(target), std::string(truncate_utf8(text, kMaxLinkTextBytes)), false});
  }

  Result<void> rows(const pugi::xml_node& parent, TableWriter& writer) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (builder_.full()) return {};
      if (name == "table-header-rows" || name == "table-rows" || name == "table-row-group") {
        RENVOI_CHECK(rows(node, writer));
      } else if (name == "table-row") {
        if (++seen_ % kBlocksBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this OpenDocument file"));
        const std::vector<std::string> cells = cells_of(node);
        // Empty rows are repeated to the end of the sheet.
        const bool empty =
            std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); });
        const std::size_t times = empty ? 0 : count_of(attribute(node, "number-rows-repeated"), kMaxRepeatedRows);
        for (std::size_t i = 0; i < times && !builder_.full(); ++i) writer.add_row(cells);
      }
    }
    return {};
  }

  std::vector<std::string> cells_of(const pugi::xml_node& row) {
    std::vector<std::string> cells;
    for (const pugi::xml_node& node : row.children()) {
      const std::string_view name = local_name(node);
      if (name != "table-cell" && name != "covered-table-cell") continue;
      std::string text;
      cell_text(node, text);
      text = collapse_space(text);
      // Dates are shown as the author's country writes them; the value can be read anywhere.
      if (const std::string_view date = attribute(node, "date-value"); !text.empty() && parse_date_time(date)) {
        text = date.substr(0, 16);
        std::replace(text.begin(), text.end(), 'T', ' ');
      }
      const std::size_t room = kMaxSheetColumns - std::min(kMaxSheetColumns, cells.size());
      const std::size_t times = std::min(room, count_of(attribute(node, "number-columns-repeated"), kMaxSheetColumns));
      cells.insert(cells.end(), times, text);
    }
    return cells;
  }

  void cell_text(const pugi::xml_node& parent, std::string& out) {
    for (const pugi::xml_node& node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "p" || name == "h") {
        out += ' ';
        inline_text(node, out);
      } else if (!is_left_out(name) && name != "shapes") {
        cell_text(node, out);
      }
    }
  }

  Result<void> tables(const pugi::xml_node& sheets) {
    for (const pugi::xml_node& table : sheets.children()) {
      if (local_name(table) != "table") continue;
      const std::string_view style = attribute(table, "style-name");
      if (std::find(hidden_tables_.begin(), hidden_tables_.end(), style) != hidden_tables_.end()) continue;
      const std::size_t text = document_.text.size(), blocks = document_.blocks.size();
      builder_.add(BlockKind::heading, 2, attribute(table, "name"));
      const std::size_t with_heading = document_.text.size();
      TableWriter writer(builder_, TableStyle::named_rows);
      RENVOI_CHECK(rows(table, writer));
      writer.finish();
      if (document_.text.size() > with_heading) continue;
      document_.text.resize(text);  // an empty sheet
      document_.blocks.resize(blocks);
    }
    return {};
  }

  Result<void> pages(const pugi::xml_node& slides) {
    std::size_t number = 0;
    for (const pugi::xml_node& page : slides.children()) {
      if (local_name(page) != "page") continue;
      ++number;
      std::string title;
      pugi::xml_node titled;
      for (const pugi::xml_node& frame : page.children()) {
        if (attribute(frame, "class") != "title" || titled) continue;
        titled = frame;
        cell_text(frame, title);
      }
      title = collapse_space(title);
      builder_.add(BlockKind::heading, 2, title.empty() ? fmt::format("Slide {}", number) : title);
      for (const pugi::xml_node& frame : page.children()) {
        const std::string_view name = local_name(frame);
        if (frame == titled || name == "notes" || is_left_out(name)) continue;
        in_list_ = false;
        RENVOI_CHECK(blocks(frame, 0));
      }
      for (const pugi::xml_node& frame : child(page, "notes").children())
        if (attribute(frame, "class") == "notes") RENVOI_CHECK(blocks(frame, 0));
    }
    return {};
  }

  const Package& package_;
  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  std::map<std::string, std::string, std::less<>> parents_;
  std::vector<std::string> hidden_tables_, notes_;
  std::vector<pugi::xml_node> boxes_;
  std::uint32_t seen_ = 0;
  bool in_list_ = false, in_code_ = false;
};

}  // namespace

Result<void> read_odf(const Package& package, const Reading& reading, Document& document) {
  if (package.part("META-INF/manifest.xml").find("encryption-data") != std::string_view::npos)
    return Error{ErrorCode::invalid, "this OpenDocument file is protected by a password: save it without one"};
  return OdfReader(package, reading, document).run();
}

}  // namespace renvoi::extract
