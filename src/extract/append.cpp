#include "extract/append.h"

#include <algorithm>

#include "extract/document_builder.h"

namespace renvoi::extract {

void append(Document& document, const Document& part, std::string_view heading, std::uint8_t deeper,
            const Limits& limits) {
  DocumentBuilder builder(document, limits.max_text_bytes);
  if (!heading.empty()) builder.add(BlockKind::heading, 1, heading);
  std::uint32_t end = 0;
  for (const Block& block : part.blocks) {
    const bool joined = block.range.begin == end + 1 && end != 0;
    const int level = block.kind == BlockKind::heading ? std::min(block.level + deeper, 6) : block.level;
    builder.add(block.kind, static_cast<std::uint8_t>(level), text::slice(part.text, block.range), joined);
    end = block.range.end;
  }
  document.truncated |= part.truncated;
  for (const Link& link : part.links)
    if (document.links.size() < limits.max_links) document.links.push_back(link);
}

}  // namespace renvoi::extract
