// How much text lies below each node of a page, and of what sort. For the room's own use.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "extract/page_tree.h"

namespace renvoi::extract {

// In characters that are not white space.
struct Measure {
  std::uint32_t text = 0;   // below the node
  std::uint32_t links = 0;  // of those, in links
  std::uint32_t prose = 0;  // of those, in lines that read like sentences
};

std::uint32_t visible_characters(std::string_view text);

class PageMeasure {
 public:
  // The page must outlive it. O(nodes).
  explicit PageMeasure(const PageTree& page);

  // Measures anew what is left without the subtrees of the nodes marked in `dropped`. O(nodes).
  void measure(const std::vector<std::uint8_t>& dropped);

  // Of a block, or of anything that holds blocks: the text of an inline element is that of its line; whole() knows it.
  const Measure& operator[](std::uint32_t node) const { return measures_[node]; }
  // Characters below a node, whatever was dropped, without what is never content.
  std::uint32_t whole(std::uint32_t node) const { return before_[nodes_[node].end] - before_[node]; }

 private:
  const std::vector<PageNode>& nodes_;
  std::vector<std::uint32_t> before_;  // characters before each node
  std::vector<std::uint32_t> block_;   // of each text: the block on whose line it is
  std::vector<Measure> measures_, lines_;
  std::vector<std::uint8_t> dropped_;  // when it was measured
  bool measured_ = false;
};

}  // namespace renvoi::extract
