#include "extract/document_builder.h"

#include <unicode/uchar.h>

#include <algorithm>

#include "base/utf8.h"

namespace renvoi::extract {
namespace {

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF; }

// Lines kept, trailing white space of each and empty lines around dropped.
std::string tidy_code(std::string_view text) {
  std::string out;
  std::string line;
  const auto end_line = [&] {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (line.empty()) return;
    if (!out.empty()) out += '\n';  // never two in a row: those separate blocks
    out += line;
    line.clear();
  };
  while (!text.empty()) {
    const DecodedCodePoint c = decode_utf8(text);
    text.remove_prefix(c.length);
    if (c.code_point == '\n') {
      end_line();
    } else if (c.code_point == '\t') {
      line += "    ";
    } else if (!is_control(c.code_point)) {
      append_utf8(line, c.code_point);
    }
  }
  end_line();
  return out;
}

}  // namespace

void SpaceCollapser::add(std::string_view piece) {
  text_.reserve(text_.size() + piece.size());
  while (!piece.empty()) {
    if (const char first = piece.front(); first > ' ' && first < 0x7F) {
      std::size_t run = 1;
      while (run < piece.size() && piece[run] > ' ' && piece[run] < 0x7F) ++run;
      if (space_) text_ += ' ';
      space_ = false;
      text_.append(piece.substr(0, run));
      piece.remove_prefix(run);
      continue;
    }
    const DecodedCodePoint c = decode_utf8(piece);
    piece.remove_prefix(c.length);
    if (u_isUWhiteSpace(static_cast<UChar32>(c.code_point)) != 0) {
      space_ = !text_.empty();
    } else if (!is_control(c.code_point)) {
      if (space_) text_ += ' ';
      space_ = false;
      append_utf8(text_, c.code_point);
    }
  }
}

std::string collapse_space(std::string_view text) {
  SpaceCollapser collapser;
  collapser.add(text);
  return collapser.text();
}

void DocumentBuilder::add(BlockKind kind, std::uint8_t level, std::string_view text, bool joined) {
  if (full_) return;
  const std::string block = kind == BlockKind::code ? tidy_code(text) : collapse_space(text);
  if (block.empty()) return;
  std::string& out = document_.text;
  const std::string_view separator = out.empty() ? "" : joined ? "\n" : "\n\n";
  const std::size_t room = max_text_bytes_ - std::min<std::size_t>(max_text_bytes_, out.size() + separator.size());
  const std::string_view fitting = truncate_utf8(block, room);
  if (fitting.size() < block.size()) {
    full_ = true;
    document_.truncated = true;
  }
  if (fitting.empty()) return;
  out += separator;
  const auto begin = static_cast<std::uint32_t>(out.size());
  out += fitting;
  document_.blocks.push_back({kind, level, {begin, static_cast<std::uint32_t>(out.size())}});
}

}  // namespace renvoi::extract
