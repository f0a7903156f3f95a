// Writes a document's text block by block, with white space collapsed. For the room's own use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "extract/document.h"

namespace renvoi::extract {

// Every run of Unicode white space one ASCII space, none at either end; control characters and U+FEFF dropped.
std::string collapse_space(std::string_view text);

// The same, piece by piece; no piece may begin or end within a character.
class SpaceCollapser {
 public:
  void add(std::string_view piece);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool space_ = false;  // before what comes next
};

class DocumentBuilder {
 public:
  DocumentBuilder(Document& document, std::uint32_t max_text_bytes)
      : document_(document), max_text_bytes_(max_text_bytes) {}

  // Adds a block; one without text is not added. `joined`: the block goes on the list or table of the one before it,
  // and stands one "\n" after it. Code keeps its lines; in every other kind white space is collapsed.
  void add(BlockKind kind, std::uint8_t level, std::string_view text, bool joined = false);

  // How many blocks there are, and where the last one is; there must be one.
  std::size_t size() const { return document_.blocks.size(); }
  std::uint32_t last_begin() const { return last().begin; }
  text::Range last() const { return document_.blocks.back().range; }

  // The text limit was met; nothing more is added.
  bool full() const { return full_; }

 private:
  Document& document_;
  std::uint32_t max_text_bytes_;
  bool full_ = false;
};

}  // namespace renvoi::extract
