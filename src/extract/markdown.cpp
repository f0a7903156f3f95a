#include "extract/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/date.h"
#include "base/utf8.h"
#include "extract/document_builder.h"
#include "extract/section_languages.h"
#include "text/language.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxLinkTextBytes = 200;
constexpr std::size_t kMaxMarkdownBytes = 4u << 20;  // cmark cannot be stopped while it parses
constexpr std::size_t kMaxFrontMatterBytes = 16'384;
constexpr std::size_t kMaxDeclarations = 200;
constexpr std::size_t kMaxTableCells = 200;
constexpr std::size_t kChunkBytes = 64 * 1'024;

struct FreeParser {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\"'";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// "key: value" lines between two "---" lines at the very start. Nothing else of YAML is read.
std::map<std::string, std::string> take_front_matter(std::string_view& text) {
  std::map<std::string, std::string> fields;
  if (!text.starts_with("---\n") && !text.starts_with("---\r\n")) return fields;
  const std::size_t end = text.substr(0, kMaxFrontMatterBytes).find("\n---", 3);
  if (end == std::string_view::npos) return fields;
  std::string_view lines = text.substr(4, end - 4 + 1);
  text.remove_prefix(std::min(text.size(), text.find('\n', end + 1)));
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
      fields.emplace(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return fields;
}

std::optional<Timestamp> first_date(const std::map<std::string, std::string>& fields,
                                    std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = fields.find(name); found != fields.end())
      if (const auto date = parse_date_time(found->second)) return date;
  return std::nullopt;
}

// The table extension's node types are not in its public header; their names are.
enum class Table : std::uint8_t { no, table, row, cell };
Table table_part(cmark_node* node) {
  const std::string_view name = cmark_node_get_type_string(node);
  if (name == "table") return Table::table;
  if (name == "table_row" || name == "table_header") return Table::row;
  return name == "table_cell" ? Table::cell : Table::no;
}

// cmark fills every row of a table to the width of its head: a head of thousands of cells is an attack.
bool has_too_wide_a_row(std::string_view text) {
  std::size_t bars = 0;
  for (const char c : text) {
    bars = c == '\n' ? 0 : bars + (c == '|' ? 1 : 0);
    if (bars > kMaxTableCells) return true;
  }
  return false;
}

// For each "<!" and "<?" in a line of text cmark looks for its end to the end of the paragraph. Beyond a number that no
// honest text has, their "<" is made a space.
std::string without_markup_bombs(std::string_view text) {
  std::string out(text);
  std::size_t seen = 0;
  for (std::size_t at = 0; (at = out.find('<', at)) != std::string::npos; ++at)
    if (at + 1 < out.size() && (out[at + 1] == '!' || out[at + 1] == '?') && ++seen > kMaxDeclarations) out[at] = ' ';
  return out;
}

void attach(cmark_parser* parser, const char* name) {
  if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name))
    cmark_parser_attach_syntax_extension(parser, extension);
}

const char* or_empty(const char* text) { return text == nullptr ? "" : text; }

class MarkdownWriter {
 public:
  MarkdownWriter(const Limits& limits, Document& document)
      : limits_(limits), document_(document), builder_(document, limits.max_text_bytes) {}

  void event(cmark_event_type event, cmark_node* node) {
    const bool enter = event == CMARK_EVENT_ENTER;
    const cmark_node_type type = cmark_node_get_type(node);
    if (table_part(node) == Table::table || type == CMARK_NODE_LIST) {
      if (enter) end_block(node);
      if (depth_ == 0 && enter) joined_ = false;
      depth_ += enter ? 1 : -1;
    }
    if ((type & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_BLOCK)
      block(enter, type, node);
    else
      inline_text(enter, type, node);
  }

  bool full() const { return builder_.full(); }

 private:
  void block(bool enter, cmark_node_type type, cmark_node* node) {
    if (type == CMARK_NODE_CODE_BLOCK) {
      builder_.add(BlockKind::code, 0, or_empty(cmark_node_get_literal(node)));
      joined_ = false;
    } else if (table_part(node) == Table::cell) {
      if (enter && !line_.empty()) line_ += " | ";
    } else if (table_part(node) == Table::row || type == CMARK_NODE_HEADING || type == CMARK_NODE_PARAGRAPH) {
      if (enter)
        line_.clear();
      else
        end_block(node);
    }
  }

  // Gives the line gathered so far as a block of the kind of the node it stands in.
  void end_block(cmark_node* node) {
    const std::string line = std::move(line_);
    line_.clear();
    if (collapse_space(line).empty()) return;
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_HEADING) return heading(line, static_cast<std::uint8_t>(cmark_node_get_heading_level(node)));
    BlockKind kind = BlockKind::paragraph;
    std::uint8_t level = 0;
    if (table_part(node) == Table::row) {
      kind = BlockKind::table_row;
    } else if (depth_ > 0) {
      kind = BlockKind::list_item;
      level = static_cast<std::uint8_t>(std::min(depth_, 6));
    } else if (const cmark_node* parent = cmark_node_parent(node);
               parent != nullptr && cmark_node_get_type(const_cast<cmark_node*>(parent)) == CMARK_NODE_BLOCK_QUOTE) {
      kind = BlockKind::quote;
    }
    builder_.add(kind, level, line, depth_ > 0 && joined_);
    joined_ = depth_ > 0;
  }

  // The first heading of the first level is the title, when the front matter gives none or the same.
  void heading(const std::string& line, std::uint8_t level) {
    const std::string text = collapse_space(line);
    joined_ = false;
    if (level == 1 && !title_seen_ && (document_.title.empty() || text::fold(document_.title) == text::fold(text))) {
      title_seen_ = true;
      if (document_.title.empty()) document_.title = truncate_utf8(text, kMaxTitleBytes);
      if (document_.title == text) return;
    }
    builder_.add(BlockKind::heading, level, text);
  }

  void inline_text(bool enter, cmark_node_type type, cmark_node* node) {
    if (type == CMARK_NODE_LINK) {
      if (enter) {
        link_begin_ = line_.size();
      } else if (document_.links.size() < limits_.max_links) {
        const std::string_view target = or_empty(cmark_node_get_url(node));
        const std::string text = collapse_space(std::string_view(line_).substr(std::min(link_begin_, line_.size())));
        if (!target.empty() && target.front() != '#' && !target.starts_with("mailto:"))
          document_.links.push_back({std::string(target), std::string(truncate_utf8(text, kMaxLinkTextBytes)), false});
      }
    } else if (enter && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)) {
      const std::string_view literal = or_empty(cmark_node_get_literal(node));
      if (type == CMARK_NODE_TEXT) bare_links(literal);
      line_ += literal;
    } else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
      line_ += ' ';
    }
  }

  // cmark's own extension for bare addresses takes quadratic time.
  void bare_links(std::string_view text) {
    for (std::size_t at = 0; (at = text.find("http", at)) != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(" \t\n<>\"|)]}", at), text.size());
      const std::string_view address = text.substr(at, end - at);
      const bool whole = address.starts_with("http://") || address.starts_with("https://");
      if (whole && address.size() > 10 && address.size() < 2'000 && document_.links.size() < limits_.max_links)
        document_.links.push_back({std::string(address), {}, false});
      at = end;
    }
  }

  const Limits& limits_;
  Document& document_;
  DocumentBuilder builder_;
  std::string line_;
  std::size_t link_begin_ = 0;
  int depth_ = 0;  // of lists and tables
  bool joined_ = false, title_seen_ = false;
};

Error too_slow() { return {ErrorCode::exhausted, "parsing this Markdown took longer than its time limit"}; }

}  // namespace

Result<void> read_markdown(std::string_view text, const Hints& hints, const Limits& limits, Deadline deadline,
                           Document& document) {
  const auto fields = take_front_matter(text);
  if (const auto found = fields.find("title"); found != fields.end())
    document.title = truncate_utf8(collapse_space(found->second), kMaxTitleBytes);
  document.published = first_date(fields, {"date", "published"});
  document.modified = first_date(fields, {"lastmod", "last_modified", "modified", "updated"});
  if (text.size() > kMaxMarkdownBytes) {
    text = truncate_utf8(text, kMaxMarkdownBytes);
    document.truncated = true;
  }
  const std::string safe = without_markup_bombs(text);
  text = safe;
  cmark_gfm_core_extensions_ensure_registered();
  const std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  attach(parser.get(), "strikethrough");
  if (!has_too_wide_a_row(text)) attach(parser.get(), "table");
  for (std::size_t at = 0; at < text.size(); at += kChunkBytes) {
    const std::string_view chunk = text.substr(at, kChunkBytes);
    cmark_parser_feed(parser.get(), chunk.data(), chunk.size());
    if (std::chrono::steady_clock::now() > deadline) return too_slow();
  }
  const std::unique_ptr<cmark_node, FreeNode> root(cmark_parser_finish(parser.get()));
  const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(root.get()));
  MarkdownWriter writer(limits, document);
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE && !writer.full();)
    writer.event(event, cmark_iter_get_node(iterator.get()));
  if (std::chrono::steady_clock::now() > deadline) return too_slow();
  auto language = fields.find("lang");
  if (language == fields.end()) language = fields.find("language");
  set_languages(document,
                text::detect_language(document.text, language == fields.end() ? hints.language : language->second));
  return {};
}

}  // namespace renvoi::extract
