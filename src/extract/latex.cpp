#include "extract/latex.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/latex_symbols.h"
#include "extract/lines.h"
#include "extract/markup_writer.h"
#include "extract/section_languages.h"
#include "text/language.h"

namespace renvoi::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kStepsBetweenClockReads = 65'536;
constexpr std::size_t kMaxArgumentBytes = 256 * 1'024;
constexpr std::size_t kMaxPreambleBytes = 256 * 1'024;
constexpr std::uint64_t kMaxWastedBytes = 16u << 20;
constexpr std::size_t kFewBytes = 256;
constexpr int kMaxDepth = 40;

constexpr std::array kSections{std::pair{"part"sv, 1},          std::pair{"chapter"sv, 2},
                               std::pair{"section"sv, 3},       std::pair{"subsection"sv, 4},
                               std::pair{"subsubsection"sv, 5}, std::pair{"paragraph"sv, 6}};
constexpr std::array kVerbatim{"verbatim"sv, "lstlisting"sv, "minted"sv, "Verbatim"sv, "alltt"sv, "verbatim*"sv};
constexpr std::array kLeftOut{"comment"sv, "tikzpicture"sv, "thebibliography"sv, "filecontents"sv, "picture"sv};
constexpr std::array kTables{"tabular"sv, "tabularx"sv, "longtable"sv, "tabular*"sv, "array"sv, "tabu"sv};
constexpr std::array kQuotes{"quote"sv, "quotation"sv, "verse"sv, "displayquote"sv};

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void skip_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

class LatexReader {
 public:
  LatexReader(const Reading& reading, Document& document)
      : reading_(reading), writer_(reading, document), document_(document) {}

  Result<void> run(std::string_view text) {
    if (const std::size_t begin = text.find("\\begin{document}"); begin != std::string_view::npos) {
      preamble(text.substr(0, std::min(begin, kMaxPreambleBytes)));
      text.remove_prefix(begin + "\\begin{document}"sv.size());
      if (const std::size_t end = text.find("\\end{document}"); end != std::string_view::npos)
        text = text.substr(0, end);
    }
    base_level_ =
        text.find("\\chapter") != std::string_view::npos || text.find("\\part{") != std::string_view::npos ? 0 : 2;
    RENVOI_CHECK(read(text, 0));
    writer_.flush();
    return {};
  }

 private:
  // What stands between an opening bracket at the start of `text` and its own closing one; both are taken off. Without
  // a closing one only the opening one is; many of those are looked for less and less far.
  std::string_view take_group(std::string_view& text, char open, char close) {
    int depth = 0;
    const std::size_t most = std::min(text.size(), wasted_bytes_ > kMaxWastedBytes ? kFewBytes : kMaxArgumentBytes);
    for (std::size_t i = 0; i < most; ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == open) {
        ++depth;
      } else if (text[i] == close && --depth == 0) {
        const std::string_view inside = text.substr(1, i - 1);
        text.remove_prefix(i + 1);
        return inside;
      }
    }
    wasted_bytes_ += most;
    text.remove_prefix(std::min<std::size_t>(text.size(), 1));
    return {};
  }

  std::string_view take_argument(std::string_view& text) {
    skip_space(text);
    while (text.starts_with('[')) {
      take_group(text, '[', ']');
      skip_space(text);
    }
    return text.starts_with('{') ? take_group(text, '{', '}') : std::string_view{};
  }

  void preamble(std::string_view text) {
    for (const std::string_view name : {"\\title"sv, "\\author"sv, "\\date"sv}) {
      const std::size_t at = text.find(name);
      if (at == std::string_view::npos) continue;
      std::string_view rest = text.substr(at + name.size());
      facts(name.substr(1), take_argument(rest));
    }
  }

  void facts(std::string_view name, std::string_view value) {
    if (name == "title") document_.title = title_of(inline_text(value, 0));
    if (name == "date") document_.published = parse_date_time(trimmed(value));
    while (name == "author" && !value.empty()) {
      const std::size_t end = std::min(value.find("\\and"), value.size());
      const std::string_view author = value.substr(0, end);
      add_author(document_, inline_text(author.substr(0, author.find("\\\\")), 0));
      value.remove_prefix(std::min(value.size(), end + 4));
    }
  }

  Result<void> read(std::string_view text, int depth) {
    while (!text.empty() && !writer_.full()) {
      if (++steps_ % kStepsBetweenClockReads == 0) RENVOI_CHECK(check_time(reading_, "this LaTeX"));
      if (text.starts_with("\\begin{")) {
        RENVOI_CHECK(environment(text, depth));
      } else if (text.starts_with("\\end{")) {
        text.remove_prefix(4);
        const std::string_view name = take_group(text, '{', '}');
        if (name == "itemize" || name == "enumerate" || name == "description") {
          writer_.flush();
          if (list_level_ > 0) --list_level_;
        }
        if (is_one_of(kQuotes, name)) writer_.quote(false);
      } else if (text.starts_with("\\item")) {
        text.remove_prefix(5);
        writer_.item(static_cast<std::uint8_t>(std::max(list_level_, 1)));
        skip_space(text);
        if (text.starts_with('[')) writer_.text(inline_text(take_group(text, '[', ']'), depth) + ":");
      } else if (!section(text, depth)) {
        step(text, depth);
      }
    }
    return {};
  }

  bool section(std::string_view& text, int depth) {
    if (!text.starts_with('\\')) return false;
    std::string_view rest = text.substr(1);
    std::size_t letters = 0;
    while (letters < rest.size() && is_letter(rest[letters])) ++letters;
    const std::string_view name = rest.substr(0, letters);
    const auto found =
        std::find_if(kSections.begin(), kSections.end(), [&](const auto& each) { return each.first == name; });
    if (found == kSections.end()) return false;
    rest.remove_prefix(letters);
    if (rest.starts_with('*')) rest.remove_prefix(1);
    const std::string heading = inline_text(take_argument(rest), depth);
    writer_.flush();
    // A first section is no title, unlike a first heading elsewhere.
    if (document_.title.empty() && document_.blocks.empty()) document_.title = " ";
    writer_.heading(static_cast<std::uint8_t>(std::max(found->second - base_level_, 1)), heading);
    if (document_.title == " ") document_.title.clear();
    text = rest;
    return true;
  }

  // A paragraph's next piece: up to what could be a block.
  void step(std::string_view& text, int depth) {
    if (const std::size_t blank = blank_line(text); blank > 0) {
      writer_.flush();
      text.remove_prefix(blank);
      return;
    }
    std::string out;
    do {
      piece(text, out, depth);
    } while (!text.empty() && !text.starts_with("\\begin{") && !text.starts_with("\\end{") &&
             !text.starts_with("\\item") && !(text.front() == '\\' && starts_section(text)) && blank_line(text) == 0);
    writer_.append(out);
  }

  static bool starts_section(std::string_view text) {
    return std::any_of(kSections.begin(), kSections.end(), [&](const auto& each) {
      return text.substr(1).starts_with(each.first) && text.size() > each.first.size() + 1 &&
             !is_letter(text[each.first.size() + 1]);
    });
  }

  // The bytes of an empty line at the start of `text` (two line ends with white space between); 0 when there is none.
  static std::size_t blank_line(std::string_view text) {
    if (!text.starts_with('\n')) return 0;
    std::size_t at = 1;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) ++at;
    return at < text.size() && text[at] == '\n' ? at : 0;
  }

  // One character, command or group of inline text.
  void piece(std::string_view& text, std::string& out, int depth) {
    const char c = text.front();
    if (c == '%') {
      text.remove_prefix(std::min(text.size(), text.find('\n')));
      if (text.starts_with('\n') && blank_line(text) == 0) text.remove_prefix(1);
      return;
    }
    if (c == '\\') return command(text, out, depth);
    if (c == '{' || c == '}' || c == '$') {
      if (text.starts_with("$$")) text.remove_prefix(1);
    } else if (c == '~') {
      out += ' ';
    } else if (text.starts_with("---") || text.starts_with("--")) {
      const bool long_dash = text.starts_with("---");
      out += long_dash ? "—" : "–";
      text.remove_prefix(long_dash ? 2 : 1);
    } else if (text.starts_with("``") || text.starts_with("''")) {
      out += text.starts_with("``") ? "“" : "”";
      text.remove_prefix(1);
    } else {
      out += c;
    }
    text.remove_prefix(1);
  }

  void command(std::string_view& text, std::string& out, int depth) {
    text.remove_prefix(1);
    if (text.empty()) return;
    std::size_t letters = 0;
    while (letters < text.size() && is_letter(text[letters])) ++letters;
    const std::string_view name = text.substr(0, std::max<std::size_t>(letters, 1));
    text.remove_prefix(name.size());
    if (text.starts_with('*')) text.remove_prefix(1);
    if (is_latex_accent(name)) return accent(name, text, out);
    if (letters == 0) {  // \% is a character; \\, \, and the like are space
      out += std::string_view("%&#$_{}").find(name) != std::string_view::npos ? name.front() : ' ';
      return;
    }
    if (name == "title" || name == "author" || name == "date") return facts(name, take_argument(text));
    std::string_view symbol;
    switch (latex_use(name, symbol)) {
      case LatexUse::symbol:
        out += symbol;
        if (text.starts_with("{}"))
          text.remove_prefix(2);
        else
          skip_space(text);
        return;
      case LatexUse::dropped:
        skip_space(text);
        for (int arguments = 0; arguments < 4 && (text.starts_with('{') || text.starts_with('[')); ++arguments)
          take_group(text, text.front(), text.front() == '{' ? '}' : ']');
        return;
      case LatexUse::second: {
        const std::string_view first = take_argument(text);
        const std::string shown = inline_text(take_argument(text), depth + 1);
        if (name == "href") writer_.link(first, shown);
        out += shown;
        return;
      }
      case LatexUse::shown:
        break;
    }
    if (name == "url") {
      const std::string_view target = take_argument(text);
      writer_.link(target, "");
      out += target;
    } else if (name == "verb" && !text.empty()) {
      const std::size_t end = std::min(text.find(text.front(), 1), text.size());
      out += text.substr(1, end - 1);
      text.remove_prefix(std::min(text.size(), end + 1));
    } else if (name == "footnote") {
      out += " (" + inline_text(take_argument(text), depth + 1) + ")";
    } else if (name == "item" || name == "begin" || name == "end") {
      take_argument(text);  // within an argument
    } else if (text.starts_with('[')) {
      take_group(text, '[', ']');
    } else if (!text.starts_with('{')) {
      skip_space(text);  // \bfseries and the like end with the space after them
    }
  }

  void accent(std::string_view name, std::string_view& text, std::string& out) {
    skip_space(text);
    std::string_view letter;
    if (text.starts_with('{')) {
      letter = take_group(text, '{', '}');
    } else if (!text.empty()) {
      letter = text.substr(0, decode_utf8(text).length);
      text.remove_prefix(letter.size());
      if (letter == "\\" && !text.empty()) {  // \'\i
        letter = text.substr(0, 1);
        text.remove_prefix(1);
      }
    }
    if (letter.starts_with('\\')) letter.remove_prefix(1);
    out += letter.size() <= 4 ? latex_accent(name, letter) : std::string(letter);
  }

  std::string inline_text(std::string_view text, int depth) {
    std::string out;
    if (depth > kMaxDepth) return std::string(text.substr(0, 1'000));
    while (!text.empty()) piece(text, out, depth);
    return out;
  }

  Result<void> environment(std::string_view& text, int depth) {
    text.remove_prefix(6);
    const std::string_view name = take_group(text, '{', '}');
    const bool verbatim = is_one_of(kVerbatim, name), table = is_one_of(kTables, name);
    if (verbatim || table || is_one_of(kLeftOut, name)) {
      const std::string end = "\\end{" + std::string(name) + "}";
      std::size_t stop = text.find(end);
      if (stop == std::string_view::npos) stop = text.size();
      std::string_view inside = text.substr(0, stop);
      text.remove_prefix(std::min(text.size(), stop + end.size()));
      while (verbatim && (inside.starts_with('[') || inside.starts_with('{')))
        take_group(inside, inside.front(), inside.front() == '[' ? ']' : '}');
      if (verbatim) writer_.code(inside);
      if (table) rows(inside, depth);
      return {};
    }
    if (name == "itemize" || name == "enumerate" || name == "description") {
      writer_.flush();
      list_level_ = std::min(list_level_ + 1, 6);
      if (text.starts_with('[')) take_group(text, '[', ']');
      return {};
    }
    if (is_one_of(kQuotes, name)) {
      writer_.quote(true);
    } else if (name == "abstract") {
      writer_.flush();
    } else if (text.starts_with('[') || text.starts_with('{')) {
      take_group(text, text.front(), text.front() == '[' ? ']' : '}');  // where a figure goes
    }
    return {};
  }

  void rows(std::string_view text, int depth) {
    while (text.starts_with('[') || text.starts_with('{'))  // the columns
      take_group(text, text.front(), text.front() == '[' ? ']' : '}');
    bool first = true;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find("\\\\"), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(text.size(), end + 2));
      std::string row;
      bool any = false;
      while (true) {
        std::size_t cell = 0;
        while (cell < line.size() && (line[cell] != '&' || (cell > 0 && line[cell - 1] == '\\'))) ++cell;
        const std::string shown(trimmed(inline_text(line.substr(0, cell), depth + 1)));
        any |= !shown.empty();
        row += shown;
        if (cell >= line.size()) break;
        row += " | ";
        line.remove_prefix(cell + 1);
      }
      if (!any) continue;
      writer_.row(row, first);
      first = false;
    }
  }

  const Reading& reading_;
  MarkupWriter writer_;
  Document& document_;
  std::uint64_t wasted_bytes_ = 0;  // looked at for brackets that are never closed
  std::uint32_t steps_ = 0;
  int list_level_ = 0, base_level_ = 0;
};

}  // namespace

Result<void> read_latex(std::string_view text, const Reading& reading, Document& document) {
  document.media_type = "text/x-tex";
  std::string unix_ends;
  if (text.find('\r') != std::string_view::npos) {
    while (!text.empty()) unix_ends.append(next_line(text)).append("\n");
    text = unix_ends;
  }
  RENVOI_CHECK(LatexReader(reading, document).run(text));
  set_languages(document, text::detect_language(document.text, reading.hints.language));
  return {};
}

}  // namespace renvoi::extract
