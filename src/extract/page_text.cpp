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

  void run() {
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
  }

 private:
  std::uint32_t take_text(std::uint32_t i) {
    line_ += nodes_[i].text;
    breaks_ = nodes_[i].text.find_first_not_of(" \t\r\n\f") == std::string_view::npos ? breaks_ : 0;
    return i + 1;
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
    if (row_end_ && (tag == LXB_TAG_TD || tag == LXB_TAG_TH) && !collapse_space(line_).empty()) line_ += " | ";
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
    if (line_.empty()) return;
    const Shape shape = this->shape();
    const std::string text = std::move(line_);
    line_.clear();
    const std::string plain = collapse_space(text);
    if (plain.empty() || (shape.kind == BlockKind::table_row && plain.find_first_not_of("| ") == std::string::npos))
      return;
    if (shape.kind == BlockKind::heading && is_title(plain)) return;
    const bool joined = shape.group_end != 0 && group_started_ && shape.group_end == last_group_end_;
    const std::size_t before = builder_.size();
    builder_.add(shape.kind, shape.level, shape.kind == BlockKind::code ? text : plain, joined);
    if (builder_.size() > before) {
      for (std::string& id : waiting_) anchors_.push_back({builder_.last_begin(), std::move(id)});
      waiting_.clear();
    }
    group_started_ = shape.group_end != 0;
    last_group_end_ = shape.group_end;
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
  std::string line_;                  // text not yet in a block
  std::uint32_t breaks_ = 0;
  std::uint32_t list_end_ = 0, table_group_end_ = 0, data_table_end_ = 0, last_group_end_ = 0;
  std::optional<std::uint32_t> row_end_;  // within a row of a data table: where it ends
  bool group_started_ = false, title_seen_ = false;
};

}  // namespace

void write_page_text(const PageTree& page, const MainContent& content, std::string_view title, DocumentBuilder& builder,
                     std::vector<Anchor>& anchors) {
  PageWriter(page, content, title, builder, anchors).run();
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
