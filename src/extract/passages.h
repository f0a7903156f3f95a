// Document to passages: the unit of retrieval. By structure first (a heading starts a passage, but for the small
// subsections of a section, which it takes in), then by sentences, about 200 tokens each; never cuts a sentence unless
// it is longer than a passage may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extract/document.h"

namespace renvoi::extract {

struct Passage {
  std::uint32_t ordinal = 0;      // 0, 1, ... in the document
  text::Range range;              // in Document::text
  std::string heading_path;       // "Title > Chapter > Section", at most 300 bytes; "" when there is none
  std::uint64_t fingerprint = 0;  // of the passage's text
};

struct PassageOptions {
  std::uint32_t target_tokens = 200;  // by text::estimate_tokens
  std::uint32_t max_tokens = 400;     // a longer sentence is cut at white space
  std::uint32_t min_tokens = 40;      // a shorter section is joined to the next one of the same chapter
};

// In order, not overlapping, covering every block but headings that no passage spans (their words are in
// heading_path); a document of headings alone is a body.
std::vector<Passage> passages(const Document& document, const PassageOptions& options = {});

// The headings above that byte of the text, as in Passage::heading_path. A passage of several small sections has the
// path of the first; a sentence in it has its own. O(blocks).
std::string heading_path_at(const Document& document, std::uint32_t offset);

// What is given to the embedder for a passage: its heading path, a newline, its text.
std::string passage_input(const Document& document, const Passage& passage);

}  // namespace renvoi::extract
