#include "extract/markup_writer.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/normalize.h"

namespace renvoi::extract {
namespace {

constexpr std::size_t kMaxLinkTextBytes = 200;
constexpr std::size_t kMaxTargetBytes = 2'000;

}  // namespace

void MarkupWriter::flush() {
  if (empty()) {
    line_.clear();
    return;
  }
  const bool item = item_level_ > 0 && !quoted_;
  builder_.add(quoted_ ? BlockKind::quote
               : item  ? BlockKind::list_item
                       : BlockKind::paragraph,
               item ? item_level_ : 0, line_, item && in_list_);
  in_list_ = item;
  item_level_ = 0;
  line_.clear();
}

void MarkupWriter::item(std::uint8_t level) {
  flush();
  item_level_ = std::clamp<std::uint8_t>(level, 1, 6);
}

void MarkupWriter::quote(bool inside) {
  flush();
  quoted_ = inside;
}

void MarkupWriter::heading(std::uint8_t level, std::string_view text) {
  flush();
  const std::string heading = collapse_space(text);
  in_list_ = false;
  item_level_ = 0;
  if (heading.empty()) return;
  if (level == 1 && !title_seen_ && document_.blocks.empty()) {
    title_seen_ = true;
    if (document_.title.empty()) document_.title = title_of(heading);
    if (text::fold(document_.title) == text::fold(title_of(heading))) return;
  }
  builder_.add(BlockKind::heading, std::clamp<std::uint8_t>(level, 1, 6), heading);
}

void MarkupWriter::code(std::string_view text) {
  flush();
  in_list_ = false;
  builder_.add(BlockKind::code, 0, text);
}

void MarkupWriter::row(std::string_view cells, bool first) {
  flush();
  in_list_ = false;
  builder_.add(BlockKind::table_row, 0, cells, !first);
}

void MarkupWriter::link(std::string_view target, std::string_view text) {
  if (target.empty() || target.front() == '#' || target.size() > kMaxTargetBytes || target.starts_with("mailto:"))
    return;
  if (document_.links.size() >= reading_.limits.max_links) return;
  document_.links.push_back(
      {std::string(target), std::string(truncate_utf8(collapse_space(text), kMaxLinkTextBytes)), false});
}

}  // namespace renvoi::extract
