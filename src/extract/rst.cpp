#include "extract/rst.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/date.h"
#include "extract/lines.h"
#include "extract/markup_writer.h"
#include "extract/rst_inline.h"
#include "extract/section_languages.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kLinesBetweenClockReads = 4'096;
constexpr std::string_view kAdornments = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

// Directives whose content is code, none of the document's text, or stands by its argument.
constexpr std::array kCode{"code-block"sv, "code"sv, "sourcecode"sv, "parsed-literal"sv, "literalinclude"sv,
                           "highlight"sv,  "math"sv, "doctest"sv,    "testcode"sv,       "prompt"sv};
constexpr std::array kDropped{"toctree"sv,       "contents"sv,     "index"sv,     "raw"sv,        "include"sv,
                              "image"sv,         "meta"sv,         "only"sv,      "tags"sv,       "sectnum"sv,
                              "role"sv,          "default-role"sv, "autoclass"sv, "automodule"sv, "autofunction"sv,
                              "currentmodule"sv, "module"sv};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_adornment(std::string_view line) {
  const std::string_view text = trim_right(line);
  return line_of_one(text) != 0 && kAdornments.find(text.front()) != std::string_view::npos;
}

// "* ", "- ", "1. ", "#. ", "(a) ": how many bytes the mark takes; 0 when there is none.
std::size_t list_mark(std::string_view text) {
  if (text.starts_with("* ") || text.starts_with("- ") || text.starts_with("+ ") || text.starts_with("• "))
    return text.find(' ') + 1;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space < 2 || space > 5) return 0;
  std::string_view mark = text.substr(0, space);
  if (mark.back() != '.' && mark.back() != ')') return 0;
  mark.remove_suffix(1);
  if (mark.starts_with('(')) mark.remove_prefix(1);
  const bool number = !mark.empty() && mark.find_first_not_of("0123456789") == std::string_view::npos;
  return number || mark == "#" || (mark.size() == 1 && std::isalpha(static_cast<unsigned char>(mark[0])) != 0)
             ? space + 1
             : 0;
}

// "====  =====" of a simple table: where its columns begin; nothing when it is no such line.
std::vector<std::size_t> simple_columns(std::string_view line) {
  line = trim_right(line);
  if (!trim_left(line).starts_with("==") || line.find_first_not_of("= ") != std::string_view::npos) return {};
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '=' && (i == 0 || line[i - 1] == ' ')) columns.push_back(i);
  if (columns.size() < 2) columns.clear();
  return columns;
}

class RstReader {
 public:
  RstReader(std::string_view text, const Reading& reading, Document& document)
      : rest_(text), reading_(reading), writer_(reading, document), document_(document) {}

  Result<void> run() {
    while (!rest_.empty() && !writer_.full()) {
      if (++lines_ % kLinesBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this reStructuredText"));
      block(next_line(rest_));
    }
    writer_.flush();
    return {};
  }

 private:
  void block(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty()) return end_paragraph();
    if (text == "::") return literal(indent_of(line));
    if (writer_.empty() && !simple_columns(line).empty()) return simple_table(simple_columns(line));
    if (writer_.empty() && text.starts_with("+-") && text.find_first_not_of("+-=") == std::string_view::npos)
      return grid_table();
    if (is_adornment(line) && indent_of(line) == 0 && title(line)) return;
    if (text.starts_with(".. ") || text == "..") return explicit_markup(line, text);
    if (text.starts_with(">>> ")) return doctest(text);
    if (writer_.empty() && text.starts_with(':') && field(text)) return;
    if (const std::size_t mark = list_mark(text); mark > 0 && writer_.empty()) {
      start_item(indent_of(line));
      return add(text.substr(mark), line);
    }
    if (const std::size_t mark = list_mark(text); mark > 0 && in_item_) {
      start_item(indent_of(line));
      return add(text.substr(mark), line);
    }
    if (writer_.empty() && indent_of(line) == 0) item_indents_.clear();
    if (text.starts_with("| ")) writer_.flush();  // a line block
    add(text.starts_with("| ") ? text.substr(2) : text, line);
  }

  void add(std::string_view text, std::string_view line) {
    last_line_ = text;
    last_indent_ = indent_of(line);
    const bool literal_next = text.ends_with("::");
    std::string plain = rst_inline(literal_next ? text.substr(0, text.size() - 1) : text, writer_);
    if (literal_next) literal_after_ = true;
    writer_.text(plain);
    one_line_ = !one_line_ && !started_ ? true : false;
    started_ = true;
  }

  void end_paragraph() {
    writer_.flush();
    started_ = one_line_ = false;
    in_item_ = false;
    if (std::exchange(literal_after_, false)) literal(last_indent_);
  }

  void start_item(std::size_t indent) {
    writer_.flush();
    started_ = one_line_ = false;
    while (!item_indents_.empty() && item_indents_.back() > indent) item_indents_.pop_back();
    if (item_indents_.empty() || item_indents_.back() < indent) item_indents_.push_back(indent);
    writer_.item(static_cast<std::uint8_t>(std::min<std::size_t>(item_indents_.size(), 6)));
    in_item_ = true;
  }

  // A line of punctuation under one line of text, or over and under it.
  bool title(std::string_view line) {
    const char mark = trimmed(line).front();
    if (started_ && one_line_ && !in_item_ && last_indent_ == 0) {
      writer_heading(mark, false, last_line_);
      return true;
    }
    if (started_) return false;
    std::string_view ahead = rest_;
    const std::string_view text = trimmed(next_line(ahead)), under = trimmed(next_line(ahead));
    if (!text.empty() && is_adornment(under) && under.front() == mark) {
      rest_ = ahead;
      writer_heading(mark, true, text);
      return true;
    }
    return true;  // a transition
  }

  void writer_heading(char mark, bool over, std::string_view text) {
    const std::string plain = rst_inline(text, writer_);
    writer_.drop();
    started_ = one_line_ = false;
    item_indents_.clear();
    const std::pair style{mark, over};
    auto found = std::find(levels_.begin(), levels_.end(), style);
    if (found == levels_.end() && levels_.size() < 100) found = levels_.insert(levels_.end(), style);
    writer_.heading(static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(found - levels_.begin() + 1, 6)), plain);
  }

  // The lines that are indented deeper than `indent`, without what indents them all.
  std::string indented(std::size_t indent) {
    std::string out;
    std::size_t own = 0;
    while (!rest_.empty()) {
      std::string_view ahead = rest_;
      const std::string_view line = next_line(ahead);
      const bool blank = trimmed(line).empty();
      if (!blank && indent_of(line) <= indent) break;
      rest_ = ahead;
      if (own == 0 && !blank) own = indent_of(line);
      const std::size_t cut = std::min(line.size() - trim_left(line).size(), own);
      out.append(blank ? std::string_view{} : line.substr(cut)).append("\n");
    }
    return out;
  }

  void literal(std::size_t indent) {
    started_ = one_line_ = false;
    writer_.code(indented(indent));
  }

  void doctest(std::string_view first) {
    std::string code(first);
    while (!rest_.empty()) {
      std::string_view ahead = rest_;
      const std::string_view line = next_line(ahead);
      if (trimmed(line).empty()) break;
      rest_ = ahead;
      code.append("\n").append(line);
    }
    writer_.code(code);
  }

  // ":Author: Anna" at the start of the document; elsewhere ":param x: what" is text.
  bool field(std::string_view text) {
    const std::size_t end = text.find(": ", 1);
    if (end == std::string_view::npos || text.substr(1, end - 1).find('`') != std::string_view::npos) return false;
    const std::string name = lower(text.substr(1, end - 1));
    const std::string_view value = trimmed(text.substr(end + 2));
    if (!document_.blocks.empty()) return false;
    if (name == "author" || name == "authors") {
      add_author(document_, value);
      return true;
    }
    if (name != "date") return false;
    document_.published = parse_date_time(value);
    return true;
  }

  void explicit_markup(std::string_view line, std::string_view text) {
    end_paragraph();
    const std::size_t indent = indent_of(line);
    std::string_view rest = trim_left(text.substr(2));
    if (rest.starts_with('[')) {  // a footnote or citation
      return add(rest, line);
    }
    if (rest.starts_with('_')) {  // a link's target
      const std::size_t colon = rest.find(": ");
      if (colon != std::string_view::npos)
        writer_.link(trimmed(rest.substr(colon + 2)), trimmed(rest.substr(1, colon - 1)));
      return;
    }
    const std::size_t colons = rest.find("::");
    if (colons == std::string_view::npos || rest.substr(0, colons).find(' ') != std::string_view::npos) {
      indented(indent);  // a comment, or a substitution
      return;
    }
    std::string_view name = rest.substr(0, colons);
    name = name.substr(name.rfind(':') == std::string_view::npos ? 0 : name.rfind(':') + 1);
    directive(name, trimmed(rest.substr(colons + 2)), indent);
  }

  void directive(std::string_view name, std::string_view argument, std::size_t indent) {
    if (is_one_of(kDropped, name)) {
      indented(indent);
      return;
    }
    std::string content = indented(indent);
    std::string_view body = content;
    while (true) {  // options
      std::string_view ahead = body;
      const std::string_view line = trimmed(next_line(ahead));
      if (!line.starts_with(':') || line.find(':', 1) == std::string_view::npos) break;
      body = ahead;
    }
    if (is_one_of(kCode, name)) return writer_.code(trimmed(body).empty() ? argument : body);
    if (!argument.empty() && name != "figure" && name != "list-table" && name != "csv-table" && name != "table")
      writer_.text(rst_inline(argument, writer_));
    if (body.data() != content.data() || trimmed(content.substr(0, content.find('\n'))).empty()) writer_.flush();
    if (depth_ >= kMaxDepth) {
      writer_.text(body);
      return writer_.flush();
    }
    // Notes, figures and tables have text of their own.
    const std::string_view outer = std::exchange(rest_, body);
    ++depth_;
    while (!rest_.empty() && !writer_.full()) block(next_line(rest_));
    end_paragraph();
    --depth_;
    rest_ = outer;
  }

  void simple_table(const std::vector<std::size_t>& columns) {
    bool first = true;
    while (!rest_.empty()) {
      const std::string_view line = next_line(rest_);
      if (trimmed(line).empty()) {
        if (first) continue;
        break;
      }
      if (!simple_columns(line).empty() || (is_adornment(line) && trimmed(line).front() == '-')) continue;
      std::string row;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::size_t begin = std::min(columns[i], line.size());
        const std::size_t end = i + 1 < columns.size() ? std::min(columns[i + 1], line.size()) : line.size();
        row += (i == 0 ? "" : " | ") + rst_inline(trimmed(line.substr(begin, end - begin)), writer_);
      }
      writer_.row(row, first);
      first = false;
    }
  }

  void grid_table() {
    std::vector<std::string> cells;
    bool first = true;
    const auto flush = [&] {
      std::string row;
      for (const std::string& cell : cells) row += (row.empty() ? "" : " | ") + std::string(trimmed(cell));
      if (!cells.empty()) {
        writer_.row(row, first);
        first = false;
      }
      cells.clear();
    };
    while (!rest_.empty()) {
      std::string_view ahead = rest_;
      const std::string_view line = trimmed(next_line(ahead));
      if (!line.starts_with('+') && !line.starts_with('|')) break;
      rest_ = ahead;
      if (line.starts_with('+')) {
        flush();
        continue;
      }
      std::size_t column = 0;
      for (std::string_view text = line.substr(1); !text.empty() && column < 200; ++column) {
        const std::size_t end = std::min(text.find('|'), text.size());
        if (cells.size() <= column) cells.emplace_back();
        cells[column] += " " + rst_inline(trimmed(text.substr(0, end)), writer_);
        text.remove_prefix(std::min(text.size(), end + 1));
      }
    }
    flush();
  }

  static constexpr int kMaxDepth = 8;  // of directives in one another

  std::string_view rest_;
  const Reading& reading_;
  MarkupWriter writer_;
  Document& document_;
  std::vector<std::pair<char, bool>> levels_;  // of titles: their mark, and whether it stands over them too
  std::vector<std::size_t> item_indents_;
  std::string_view last_line_;
  std::size_t last_indent_ = 0;
  std::uint32_t lines_ = 0;
  int depth_ = 0;
  bool started_ = false, one_line_ = false, in_item_ = false, literal_after_ = false;
};

}  // namespace

Result<void> read_rst(std::string_view text, const Reading& reading, Document& document) {
  document.media_type = "text/x-rst";
  RENVOI_CHECK(RstReader(text, reading, document).run());
  set_languages(document, text::detect_language(document.text, reading.hints.language));
  return {};
}

}  // namespace renvoi::extract
