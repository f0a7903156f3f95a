#include "extract/append.h"

#include <algorithm>

#include "extract/document_builder.h"

namespace renvoi::extract {

void append(Document& document, const Document& part, std::string_view heading, std::uint8_t level,
            const Limits& limits) {
  DocumentBuilder builder(document, limits.max_text_bytes);
  if (!heading.empty()) builder.add(BlockKind::heading, level, heading);
  const std::uint8_t below = heading.empty() ? 0 : level;
  std::uint32_t end = 0;
  for (const Block& block : part.blocks) {
    const bool joined = block.range.begin == end + 1 && end != 0;
    const auto deeper =
        static_cast<std::uint8_t>(block.kind == BlockKind::heading ? std::min(block.level + below, 6) : block.level);
    builder.add(block.kind, deeper, text::slice(part.text, block.range), joined);
    end = block.range.end;
  }
  document.truncated |= part.truncated;
  for (const Link& link : part.links)
    if (document.links.size() < limits.max_links) document.links.push_back(link);
}

}  // namespace renvoi::extract
