#include "extract/page_measure.h"

#include <lexbor/tag/const.h>

#include <algorithm>

#include "extract/page_tags.h"

namespace renvoi::extract {
namespace {

constexpr std::uint32_t kProseCharacters = 40;  // of a line that reads like a sentence

}  // namespace

std::uint32_t visible_characters(std::string_view text) {
  std::uint32_t count = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    count += static_cast<std::uint32_t>(u > ' ' && (u & 0xC0) != 0x80);
  }
  return count;
}

PageMeasure::PageMeasure(const PageTree& page)
    : nodes_(page.nodes()), before_(nodes_.size() + 1, 0), block_(nodes_.size(), 0) {
  for (std::uint32_t i = 0, skip_end = 0; i < nodes_.size(); ++i) {
    const std::uint16_t tag = nodes_[i].tag;
    if (tag != 0 && is_never_content(tag)) skip_end = std::max(skip_end, nodes_[i].end);
    before_[i + 1] = before_[i] + (tag == 0 && i >= skip_end ? visible_characters(nodes_[i].text) : 0);
    block_[i] = tag != 0 && is_block(tag) ? i : block_[nodes_[i].parent];
  }
}

void PageMeasure::measure(const std::vector<std::uint8_t>& dropped) {
  if (measured_ && dropped == dropped_) return;
  measured_ = true;
  dropped_ = dropped;
  measures_.assign(nodes_.size(), {});
  lines_.assign(nodes_.size(), {});
  std::uint32_t link_end = 0;
  for (std::uint32_t i = 0; i < nodes_.size();) {
    if (dropped[i]) {
      i = nodes_[i].end;
      continue;
    }
    if (nodes_[i].tag == LXB_TAG_A) link_end = std::max(link_end, nodes_[i].end);
    if (nodes_[i].tag == 0) {
      const std::uint32_t count = before_[i + 1] - before_[i];
      Measure& line = lines_[block_[i]];
      line.text += count;
      if (i < link_end) line.links += count;
    }
    ++i;
  }
  for (std::uint32_t i = static_cast<std::uint32_t>(nodes_.size()); i-- > 0;) {
    Measure& own = measures_[i];
    own.text += lines_[i].text;
    own.links += lines_[i].links;
    const std::uint32_t plain = lines_[i].text - lines_[i].links;
    if (plain >= kProseCharacters && lines_[i].links <= plain) own.prose += plain;
    if (i == 0) break;
    Measure& above = measures_[nodes_[i].parent];
    above.text += own.text;
    above.links += own.links;
    above.prose += own.prose;
  }
}

}  // namespace renvoi::extract
