#include "extract/asciidoc.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/date.h"
#include "extract/lines.h"
#include "extract/markup_writer.h"
#include "extract/section_languages.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kLinesBetweenClockReads = 4'096;
constexpr std::size_t kMaxSpan = 1'000;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

// "https://a[b]", "link:a[b]", "xref:a[b]", "image:a[b]" at the start of `text`: writes what it shows and takes it off.
bool take_macro(std::string_view& text, std::string& out, MarkupWriter& writer) {
  constexpr std::array<std::string_view, 9> kMacros{
      "http://", "https://", "link:", "xref:", "image:", "footnote:", "mailto:", "kbd:", "btn:"};
  for (const std::string_view macro : kMacros) {
    if (!text.starts_with(macro)) continue;
    const std::string_view span = text.substr(0, kMaxSpan);
    const std::size_t stop = span.find_first_of(" \t\"<>", 0), open = span.find('[');
    const bool address = macro.starts_with("http");
    if (open == std::string_view::npos || (stop != std::string_view::npos && stop < open)) {
      if (!address) return false;
      const std::string_view bare = text.substr(0, std::min(stop, span.size()));
      writer.link(bare, "");
      out += bare;
      text.remove_prefix(bare.size());
      return true;
    }
    const std::size_t close = span.find(']', open);
    if (close == std::string_view::npos) return false;
    std::string_view shown = span.substr(open + 1, close - open - 1);
    if (address || macro == "link:") {
      shown = shown.substr(0, shown.find(','));
      const std::string_view target = span.substr(address ? 0 : macro.size(), open - (address ? 0 : macro.size()));
      writer.link(target, shown);
      if (shown.empty()) shown = target;
    }
    if (shown.ends_with('^')) shown.remove_suffix(1);
    if (macro == "footnote:") out += " (";
    out += shown;
    if (macro == "footnote:") out += ")";
    text.remove_prefix(close + 1);
    return true;
  }
  return false;
}

std::string inline_text(std::string_view text, MarkupWriter& writer) {
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    const bool starts = out.empty() || !is_word(out.back());
    if (starts && take_macro(text, out, writer)) continue;
    if (text.starts_with("<<")) {  // a cross-reference: its text, or its name
      const std::size_t close = text.substr(0, kMaxSpan).find(">>");
      if (close != std::string_view::npos) {
        const std::string_view inside = text.substr(2, close - 2);
        const std::size_t comma = inside.find(',');
        out += trimmed(comma == std::string_view::npos ? inside : inside.substr(comma + 1));
        text.remove_prefix(close + 2);
        continue;
      }
    }
    if (c == '*' || c == '_' || c == '`' || c == '#' || c == '+') {
      const std::size_t marks = text.size() > 1 && text[1] == c ? 2 : 1;
      const std::string_view mark = text.substr(0, marks);
      const bool opens = (starts || marks == 2) && text.size() > marks && text[marks] != ' ' && text[marks] != c;
      const std::size_t end = opens ? text.substr(0, kMaxSpan).find(mark, marks) : std::string_view::npos;
      if (end != std::string_view::npos && (marks == 2 || end + 1 == text.size() || !is_word(text[end + 1]))) {
        out += inline_text(text.substr(marks, end - marks), writer);
        text.remove_prefix(end + marks);
        continue;
      }
    }
    if (c == '{') {  // an attribute: its name says more than nothing
      const std::size_t close = text.substr(0, 60).find('}');
      if (close != std::string_view::npos && close > 1 &&
          text.substr(1, close - 1).find(' ') == std::string_view::npos) {
        const std::string_view name = text.substr(1, close - 1);
        out += name == "nbsp" || name == "empty" || name == "sp" ? " " : name;
        text.remove_prefix(close + 1);
        continue;
      }
    }
    out += c;
    text.remove_prefix(1);
  }
  return out;
}

// How many of `mark` begin the text, before a space; 0 when something else does.
std::size_t marks(std::string_view text, char mark, std::size_t most) {
  const std::size_t count = std::min(text.find_first_not_of(mark), text.size());
  return count >= 1 && count <= most && count < text.size() && text[count] == ' ' ? count : 0;
}

bool is_fence(std::string_view text) {
  const char c = text.size() >= 4 ? line_of_one(text) : '\0';
  return c == '-' || c == '.' || c == '_' || c == '=' || c == '*' || c == '+' || c == '/';
}

class AsciidocReader {
 public:
  AsciidocReader(std::string_view text, const Reading& reading, Document& document)
      : rest_(text), reading_(reading), writer_(reading, document), document_(document) {}

  Result<void> run() {
    std::uint32_t lines = 0;
    while (!rest_.empty() && !writer_.full()) {
      if (++lines % kLinesBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this AsciiDoc"));
      line(next_line(rest_));
    }
    writer_.flush();
    return {};
  }

 private:
  void line(std::string_view raw) {
    const std::string_view text = trimmed(raw);
    if (text.empty()) {
      header_ = false;
      return writer_.flush();
    }
    if (is_fence(text) || text == "--" || text == "```") return fence(text);
    if (text == "|===" || text == "!===" || text == ",===") return table(text);
    if (text.starts_with("//") || text == "'''" || text == "<<<" || text.starts_with("include::") ||
        text.starts_with("ifdef::") || text.starts_with("ifndef::") || text.starts_with("endif::") ||
        text.starts_with("toc::"))
      return;
    if (const std::size_t level = marks(text, '=', 6); level > 0 && writer_.empty()) {
      header_ = level == 1;
      return writer_.heading(static_cast<std::uint8_t>(level), inline_text(text.substr(level + 1), writer_));
    }
    if (text.starts_with(':') && text.find(':', 1) != std::string_view::npos && writer_.empty()) return attribute(text);
    if (header_) return header_line(text);
    if (text.starts_with('[') && text.ends_with(']') && writer_.empty()) {
      source_ = text.starts_with("[source") || text.starts_with("[listing") || text.starts_with("[,");
      return;
    }
    if (text.starts_with("image::")) {
      const std::size_t open = text.find('[');
      if (open != std::string_view::npos && text.ends_with(']'))
        writer_.text(text.substr(open + 1, text.size() - open - 2));
      return writer_.flush();
    }
    if (text.starts_with('.') && text.size() > 1 && text[1] != ' ' && text[1] != '.' && writer_.empty()) {
      writer_.text(inline_text(text.substr(1), writer_));  // a block's title
      return writer_.flush();
    }
    if (source_ && writer_.empty()) return paragraph_of_code(raw);
    for (const char mark : {'*', '-', '.'}) {
      const std::size_t level = marks(text, mark, 5);
      if (level == 0) continue;
      writer_.item(static_cast<std::uint8_t>(level));
      return writer_.text(inline_text(trimmed(text.substr(level)), writer_));
    }
    if (text == "+") return writer_.flush();  // what follows belongs to the item
    if (const std::size_t colons = text.find("::");
        colons != std::string_view::npos && colons > 0 && (colons + 2 == text.size() || text[colons + 2] == ' ')) {
      writer_.item(1);  // a term and its description
      return writer_.text(inline_text(text.substr(0, colons), writer_) + ": " +
                          inline_text(trimmed(text.substr(colons + 2)), writer_));
    }
    writer_.text(inline_text(text, writer_));
  }

  void attribute(std::string_view text) {
    const std::size_t end = text.find(':', 1);
    const std::string_view name = text.substr(1, end - 1), value = trimmed(text.substr(end + 1));
    if (name == "author") add_author(document_, value);
    if (name == "revdate") document_.published = parse_date_time(value);
  }

  // After the title: authors, then a revision ("v1.0, 2026-11-24").
  void header_line(std::string_view text) {
    if (std::isdigit(static_cast<unsigned char>(text.front())) != 0 || text.starts_with('v')) {
      const std::size_t comma = text.find(',');
      document_.published = parse_date_time(trimmed(comma == std::string_view::npos ? text : text.substr(comma + 1)));
      return;
    }
    while (!text.empty()) {
      const std::string_view author = text.substr(0, text.find(';'));
      text.remove_prefix(std::min(text.size(), author.size() + 1));
      add_author(document_, author.substr(0, author.find('<')));
    }
  }

  std::string until(std::string_view fence) {
    std::string out;
    while (!rest_.empty()) {
      const std::string_view line = next_line(rest_);
      if (trim_right(line) == fence) break;
      out.append(line).append("\n");
    }
    return out;
  }

  void fence(std::string_view fence) {
    const char mark = fence.front();
    const bool listing = (mark == '-' && fence != "--") || mark == '.' || mark == '`' || (fence == "--" && source_);
    if (mark == '/' || mark == '+') {
      const std::string dropped = until(fence);  // a comment; what is passed through is not for readers
      return;
    }
    if (listing) {
      source_ = false;
      return writer_.code(until(fence));
    }
    // Examples, sidebars, quotes: the lines in them are read as they come.
    if (mark == '_') writer_.quote(in_quote_ = !in_quote_);
    writer_.flush();
  }

  void paragraph_of_code(std::string_view first) {
    std::string code(first);
    source_ = false;
    while (!rest_.empty()) {
      const std::string_view line = next_line(rest_);
      if (trimmed(line).empty()) break;
      code.append("\n").append(line);
    }
    writer_.code(code);
  }

  // "|a |b": a line with several cells is a row; else the first line tells how many make one.
  void table(std::string_view fence) {
    std::vector<std::string> cells;
    std::size_t columns = 0;
    bool first = true;
    const auto flush = [&] {
      if (cells.empty()) return;
      std::string row;
      for (std::size_t i = 0; i < cells.size(); ++i) row += (i == 0 ? "" : " | ") + cells[i];
      writer_.row(row, first);
      first = false;
      cells.clear();
    };
    while (!rest_.empty() && !writer_.full()) {
      std::string_view line = trimmed(next_line(rest_));
      if (line == fence) break;
      if (!line.starts_with('|')) {
        if (line.empty()) {
          if (columns == 0) columns = cells.size();
        } else if (!cells.empty()) {
          cells.back() += " " + inline_text(line, writer_);
        }
        continue;
      }
      std::size_t here = 0;
      while (line.starts_with('|')) {
        const std::size_t end = std::min(line.find('|', 1), line.size());
        if (columns > 0 && cells.size() >= columns) flush();
        if (cells.size() < 500) cells.push_back(inline_text(trimmed(line.substr(1, end - 1)), writer_));
        line.remove_prefix(end);
        ++here;
      }
      if (columns == 0 && here > 1) columns = here;
      if (columns > 0 && cells.size() >= columns && here > 1) flush();
    }
    flush();
  }

  std::string_view rest_;
  const Reading& reading_;
  MarkupWriter writer_;
  Document& document_;
  bool header_ = false, source_ = false, in_quote_ = false;
};

}  // namespace

Result<void> read_asciidoc(std::string_view text, const Reading& reading, Document& document) {
  document.media_type = "text/asciidoc";
  RENVOI_CHECK(AsciidocReader(text, reading, document).run());
  set_languages(document, text::detect_language(document.text, reading.hints.language));
  return {};
}

}  // namespace renvoi::extract
