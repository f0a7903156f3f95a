// An HTML page as one array of nodes in document order, parsed by lexbor behind a guard. For the room's own use.
//
// lexbor has no limits of its own, so the guard (DESIGN section 7) sets them: start tags above 512 open elements are
// dropped, formatting elements above 64 active ones too, and parsing stops at 1,024 attributes of one tag, at too many
// nodes or mistakes, or when the time is spent. A flat array is walked by loops: no page can exhaust the stack.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace renvoi::extract {

using Deadline = std::chrono::steady_clock::time_point;

// An element, or a text (tag 0). The subtree of node i is [i, nodes[i].end).
struct PageNode {
  std::uint32_t parent = 0;  // of the root: itself
  std::uint32_t end = 0;
  std::uint16_t tag = 0;  // LXB_TAG_*; 0 for text; kForeignTag and kCustomTag for what has none
  std::uint16_t depth = 0;
  std::uint32_t attributes = 0;   // which it may have, a bit for several names: most questions end here
  std::string_view text;          // of a text node
  const void* element = nullptr;  // lexbor's, for attribute()
};
inline constexpr std::uint16_t kForeignTag = UINT16_MAX;     // SVG, MathML
inline constexpr std::uint16_t kCustomTag = UINT16_MAX - 1;  // <my-element>: HTML that no standard names

class PageTree {
 public:
  // `html` is UTF-8. Errors: `exhausted` when the deadline passes, or memory.
  static Result<PageTree> parse(std::string_view html, Deadline deadline);
  PageTree(PageTree&&) noexcept;
  PageTree& operator=(PageTree&&) noexcept;
  ~PageTree();

  // nodes()[0] is the root; there is always one.
  const std::vector<PageNode>& nodes() const { return nodes_; }
  bool truncated() const { return truncated_; }

  // The value of an attribute; empty when there is none. has_attribute tells the two apart.
  std::string_view attribute(std::uint32_t node, std::string_view name) const;
  bool has_attribute(std::uint32_t node, std::string_view name) const;

  // The local name of an element ("p", "my-element"), as the page's own tree has it.
  std::string_view name(std::uint32_t node) const;

 private:
  struct Document;
  PageTree();
  void flatten();

  std::unique_ptr<Document> document_;
  std::vector<PageNode> nodes_;
  bool truncated_ = false;
};

}  // namespace renvoi::extract
