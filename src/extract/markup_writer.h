// What the readers of plain markup (reStructuredText, AsciiDoc, LaTeX) gather and write. For the room's own use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "extract/document_builder.h"
#include "extract/reading.h"

namespace renvoi::extract {

class MarkupWriter {
 public:
  MarkupWriter(const Reading& reading, Document& document)
      : reading_(reading), document_(document), builder_(document, reading.limits.max_text_bytes) {}

  // Text of the paragraph or list item that is open; a line's end is a space.
  void text(std::string_view line) { line_.append(line).append(" "); }
  void append(std::string_view piece) { line_.append(piece); }
  // Ends it.
  void flush();
  // Forgets it.
  void drop() { line_.clear(); }
  // Begins a list item; the next flush() writes it.
  void item(std::uint8_t level);
  // Everything until the next call with false is quoted.
  void quote(bool inside);
  // The first heading of the first level is the title, when there is none yet.
  void heading(std::uint8_t level, std::string_view text);
  void code(std::string_view text);
  void row(std::string_view cells, bool first);
  void link(std::string_view target, std::string_view text);

  bool empty() const { return line_.find_first_not_of(" \n\t") == std::string::npos; }
  bool full() const { return builder_.full(); }
  Document& document() { return document_; }

 private:
  const Reading& reading_;
  Document& document_;
  DocumentBuilder builder_;
  std::string line_;
  std::uint8_t item_level_ = 0;  // of the item that is open; 0: a paragraph
  bool in_list_ = false, quoted_ = false, title_seen_ = false;
};

}  // namespace renvoi::extract
