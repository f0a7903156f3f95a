#include <algorithm>

#include "extract/extract.h"

namespace renvoi::extract {
namespace {

// Characters that would start Markdown's own syntax at the beginning of a line.
std::string escaped(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '#' || text.front() == '>' || text.front() == '+' || text.front() == '-'))
    out += '\\';
  out += text;
  return out;
}

std::string fence_for(std::string_view code) {
  std::string fence = "```";
  while (code.find(fence) != std::string_view::npos) fence += '`';
  return fence;
}

}  // namespace

std::string to_markdown(const Document& document) {
  std::string out;
  if (!document.title.empty()) out += "# " + document.title + "\n";
  const Block* before = nullptr;
  for (const Block& block : document.blocks) {
    const std::string_view text = text::slice(document.text, block.range);
    const bool joined = before != nullptr && before->kind == block.kind && block.range.begin - before->range.end == 1;
    if (!out.empty() && !joined) out += '\n';
    switch (block.kind) {
      case BlockKind::heading:
        out.append(std::max<std::size_t>(block.level, 1), '#').append(" ").append(text).append("\n");
        break;
      case BlockKind::list_item:
        out.append(block.level > 1 ? 2u * (block.level - 1u) : 0u, ' ').append("- ").append(text).append("\n");
        break;
      case BlockKind::table_row:
        out.append("| ").append(text).append(" |\n");
        if (!joined) {
          const auto bars = static_cast<std::size_t>(std::count(text.begin(), text.end(), '|'));
          for (std::size_t column = 0; column <= bars; ++column) out += "| --- ";
          out += "|\n";
        }
        break;
      case BlockKind::code: {
        const std::string fence = fence_for(text);
        out.append(fence).append("\n").append(text).append("\n").append(fence).append("\n");
        break;
      }
      case BlockKind::quote:
        out.append("> ").append(text).append("\n");
        break;
      case BlockKind::paragraph:
        out.append(escaped(text)).append("\n");
        break;
    }
    before = &block;
  }
  return out;
}

}  // namespace renvoi::extract
