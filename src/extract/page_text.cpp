#include "extract/page_text.h"

#include <lexbor/tag/const.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "extract/page_tags.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxIdBytes = 200;
constexpr std::size_t kMaxAnchors = 5'000;
constexpr std::size_t kMaxCellBytes = 600;  // a longer cell holds prose: the table is one of layout

class PageWriter {
 public:
  PageWriter(const PageTree& page, const MainContent& content, std::string_view title, DocumentBuilder& builder,
             std::vector<Anchor>& anchors)
      : page_(page),
        nodes_(page.nodes()),
        content_(content),
        folded_title_(text::fold(title)),
        builder_(builder),
        anchors_(anchors) {}

  std::vector<TakenText> run() {
    const std::uint32_t end = nodes_[content_.root].end;
    for (std::uint32_t i = content_.root; i < end && !builder_.full();) {
      close_until(i);
      if (content_.dropped[i]) {
        i = nodes_[i].end;
      } else {
        i = nodes_[i].tag == 0 ? take_text(i) : open(i);
      }
    }
    close_until(end);
    flush();
    return std::move(taken_);
  }

 private:
  struct Cell {
    std::size_t end_of_last, begin;  // in line_
    std::uint32_t node;
  };

  static bool is_cell(std::uint16_t tag) { return tag == LXB_TAG_TD || tag == LXB_TAG_TH; }

  static bool says_something(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\f") != std::string_view::npos && !collapse_space(text).empty();
  }

  std::uint32_t take_text(std::uint32_t i) {
    line_ += nodes_[i].text;
    if (says_something(nodes_[i].text)) hold(i);
    breaks_ = nodes_[i].text.find_first_not_of(" \t\r\n\f") == std::string_view::npos ? breaks_ : 0;
    return i + 1;
  }

  // The innermost node that holds all of the line's text: it only ever rises.
  void hold(std::uint32_t text) {
    if (holder_ == 0) holder_ = nodes_[text].parent;
    while (text >= nodes_[holder_].end) holder_ = nodes_[holder_].parent;
  }

  std::uint32_t block_around(std::uint32_t node) const {
    while (node != 0 && !is_block(nodes_[node].tag) && !is_cell(nodes_[node].tag)) node = nodes_[node].parent;
    return node;
  }

  std::uint32_t open(std::uint32_t i) {
    const std::uint16_t tag = nodes_[i].tag;
    if (is_block(tag) && !row_end_) flush();
    note_anchor(i);
    if (tag == LXB_TAG_BR) {
      line_break();
      return i + 1;
    }
    if (tag == LXB_TAG_TABLE && !row_end_ && is_data_table(i)) data_table_end_ = nodes_[i].end;
    if (tag == LXB_TAG_TR && i < data_table_end_) row_end_ = nodes_[i].end;
    if (row_end_ && is_cell(tag)) begin_cell(i);
    if (row_end_ && is_block(tag)) line_ += ' ';
    if (is_list(tag) && i >= list_end_) {
      list_end_ = nodes_[i].end;
      group_started_ = false;
    }
    if (tag == LXB_TAG_TABLE && i >= table_group_end_) {
      table_group_end_ = nodes_[i].end;
      group_started_ = false;
    }
    if (is_block(tag)) open_.push_back({i, tag, heading_level(page_, i)});
    return i + 1;
  }

  void begin_cell(std::uint32_t i) {
    const std::size_t end_of_last = line_.size();
    if (holder_ != 0) line_ += " | ";
    cells_.push_back({end_of_last, line_.size(), i});
  }

  void note_anchor(std::uint32_t i) {
    const std::string_view id = page_.attribute(i, "id");
    if (id.empty() || id.size() > kMaxIdBytes || anchors_.size() + waiting_.size() >= kMaxAnchors) return;
    waiting_.emplace_back(id);
  }

  // Two breaks with nothing between end a paragraph; one is a space, or a line in code.
  void line_break() {
    line_ += '\n';
    if (++breaks_ >= 2 && !row_end_ && !inside(LXB_TAG_PRE)) flush();
  }

  void close_until(std::uint32_t i) {
    while (!open_.empty() && nodes_[open_.back().node].end <= i) {
      const std::uint16_t tag = open_.back().tag;
      if (row_end_ && *row_end_ <= i && tag == LXB_TAG_TR) {
        flush();
        row_end_.reset();
      } else if (!row_end_) {
        flush();
      }
      open_.pop_back();
    }
  }

  bool inside(std::uint16_t tag) const {
    return std::any_of(open_.rbegin(), open_.rend(), [&](const Open& open) { return open.tag == tag; });
  }

  struct Open {
    std::uint32_t node = 0;
    std::uint16_t tag = 0;
    std::uint8_t level = 0;  // of a heading
  };
  struct Shape {
    BlockKind kind = BlockKind::paragraph;
    std::uint8_t level = 0;
    std::uint32_t group_end = 0;  // of the list or table it belongs to
  };

  Shape shape() const {
    if (row_end_) return {BlockKind::table_row, 0, table_group_end_};
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
      const std::uint16_t tag = open->tag;
      if (open->level != 0) return {BlockKind::heading, open->level, 0};
      if (tag == LXB_TAG_PRE) return {BlockKind::code, 0, 0};
      if (tag == LXB_TAG_LI || tag == LXB_TAG_DT || tag == LXB_TAG_DD)
        return {BlockKind::list_item, list_depth(), list_end_};
      if (tag == LXB_TAG_BLOCKQUOTE) return {BlockKind::quote, 0, 0};
    }
    return {};
  }

  std::uint8_t list_depth() const {
    const auto lists = std::count_if(open_.begin(), open_.end(), [](const Open& open) { return is_list(open.tag); });
    return static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(lists, 6));
  }

  void flush() {
    breaks_ = 0;
    if (!line_.empty()) write_line();
    line_.clear();
    cells_.clear();
    holder_ = 0;
  }

  void write_line() {
    const Shape shape = this->shape();
    const std::string plain = collapse_space(line_);
    if (plain.empty() || (shape.kind == BlockKind::table_row && plain.find_first_not_of("| ") == std::string::npos))
      return;
    if (shape.kind == BlockKind::heading && is_title(plain)) return;
    const bool joined = shape.group_end != 0 && group_started_ && shape.group_end == last_group_end_;
    const std::size_t before = builder_.size();
    builder_.add(shape.kind, shape.level, shape.kind == BlockKind::code ? line_ : plain, joined);
    if (builder_.size() > before) {
      for (std::string& id : waiting_) anchors_.push_back({builder_.last_begin(), std::move(id)});
      waiting_.clear();
      note_elements(shape.kind);
    }
    group_started_ = shape.group_end != 0;
    last_group_end_ = shape.group_end;
  }

  void note_elements(BlockKind kind) {
    const text::Range block = builder_.last();
    if (kind != BlockKind::table_row || cells_.empty()) {
      taken_.push_back({block, block_around(holder_)});
      return;
    }
    // The line once more, cell by cell: where each is when white space is collapsed.
    SpaceCollapser line;
    line.add(std::string_view(line_).substr(0, cells_.front().begin));
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const std::size_t end = i + 1 < cells_.size() ? cells_[i + 1].end_of_last : line_.size();
      std::size_t begin = line.text().size();
      line.add(std::string_view(line_).substr(cells_[i].begin, end - cells_[i].begin));
      if (begin < line.text().size() && line.text()[begin] == ' ') ++begin;
      const text::Range range{block.begin + static_cast<std::uint32_t>(begin),
                              std::min(block.end, block.begin + static_cast<std::uint32_t>(line.text().size()))};
      if (range.begin < range.end) taken_.push_back({range, cells_[i].node});
      if (i + 1 < cells_.size()) line.add(std::string_view(line_).substr(end, cells_[i + 1].begin - end));
    }
  }

  // Only the first: a later heading of the same words is a section.
  bool is_title(const std::string& heading) {
    if (title_seen_ || folded_title_.empty() || text::fold(heading) != folded_title_) return false;
    title_seen_ = true;
    return true;
  }

  bool is_data_table(std::uint32_t table) const {
    std::uint32_t rows = 0;
    const std::string_view role = page_.attribute(table, "role");
    if (role == "presentation" || role == "none") return false;
    for (std::uint32_t i = table + 1; i < nodes_[table].end; ++i) {
      const std::uint16_t tag = nodes_[i].tag;
      if (tag == LXB_TAG_TABLE || tag == LXB_TAG_PRE || heading_level(page_, i) != 0) return false;
      if (tag == LXB_TAG_TR) ++rows;
      if ((tag == LXB_TAG_TD || tag == LXB_TAG_TH) && text_below(page_, i, kMaxCellBytes + 1).size() > kMaxCellBytes)
        return false;
    }
    return rows >= 2;
  }

  const PageTree& page_;
  const std::vector<PageNode>& nodes_;
  const MainContent& content_;
  const std::string folded_title_;
  DocumentBuilder& builder_;
  std::vector<Anchor>& anchors_;
  std::vector<std::string> waiting_;  // ids of elements no block of which was written yet
  std::vector<Open> open_;            // the open block elements
  std::vector<TakenText> taken_;
  std::string line_;          // text not yet in a block
  std::uint32_t holder_ = 0;  // the innermost node that holds all that it says; 0 when it says nothing
  std::vector<Cell> cells_;   // of the row that it is
  std::uint32_t breaks_ = 0;
  std::uint32_t list_end_ = 0, table_group_end_ = 0, data_table_end_ = 0, last_group_end_ = 0;
  std::optional<std::uint32_t> row_end_;  // within a row of a data table: where it ends
  bool group_started_ = false, title_seen_ = false;
};

}  // namespace

std::vector<TakenText> write_page_text(const PageTree& page, const MainContent& content, std::string_view title,
                                       DocumentBuilder& builder, std::vector<Anchor>& anchors) {
  return PageWriter(page, content, title, builder, anchors).run();
}

std::string text_below(const PageTree& page, std::uint32_t node, std::size_t max_bytes) {
  const std::vector<PageNode>& nodes = page.nodes();
  std::string raw;
  for (std::uint32_t i = node; i < nodes[node].end && raw.size() < 4 * max_bytes;) {
    if (is_never_content(nodes[i].tag) && i != node) {
      i = nodes[i].end;
      continue;
    }
    if (nodes[i].tag == 0)
      raw += nodes[i].text.substr(0, 4 * max_bytes);
    else if (nodes[i].tag == LXB_TAG_BR || is_block(nodes[i].tag))
      raw += ' ';
    ++i;
  }
  return std::string(truncate_utf8(collapse_space(raw), max_bytes));
}

}  // namespace renvoi::extract
