// What tests of readers ask of a document.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "extract/extract.h"

namespace renvoi::extract::test {

// The document, after a check of what every document promises (document.h).
inline Document read(const std::string& bytes, const std::string& name = "", const std::string& content_type = "") {
  auto document = extract(bytes, {.content_type = content_type, .name = name});
  EXPECT_TRUE(document.ok()) << name << ": " << document.error().describe();
  if (!document.ok()) return {};
  EXPECT_TRUE(is_valid_utf8(document->text));
  EXPECT_TRUE(is_valid_utf8(document->title));
  std::uint32_t end = 0;
  for (const Block& block : document->blocks) {
    EXPECT_LE(end, block.range.begin);
    EXPECT_LT(block.range.begin, block.range.end);
    end = block.range.end;
  }
  EXPECT_EQ(end, document->text.size());
  return *document;
}

inline Error refusal(const std::string& bytes, const std::string& name = "", const Limits& limits = {}) {
  const auto document = extract(bytes, {.name = name}, limits);
  EXPECT_FALSE(document.ok()) << document->text.substr(0, 300);
  return document.ok() ? Error{} : document.error();
}

inline std::vector<std::string> blocks(const Document& document, BlockKind kind) {
  std::vector<std::string> out;
  for (const Block& block : document.blocks)
    if (block.kind == kind) out.emplace_back(text::slice(document.text, block.range));
  return out;
}

// "h2 Part", "p Text", "li1 item", "tr a | b", "code x", "q quote": a document at a glance.
inline std::vector<std::string> outline(const Document& document) {
  std::vector<std::string> out;
  for (const Block& block : document.blocks) {
    std::string line;
    switch (block.kind) {
      case BlockKind::heading:
        line = "h" + std::to_string(block.level);
        break;
      case BlockKind::list_item:
        line = "li" + std::to_string(block.level);
        break;
      case BlockKind::paragraph:
        line = "p";
        break;
      case BlockKind::table_row:
        line = "tr";
        break;
      case BlockKind::code:
        line = "code";
        break;
      case BlockKind::quote:
        line = "q";
        break;
    }
    out.push_back(line + " " + std::string(text::slice(document.text, block.range)));
  }
  return out;
}

}  // namespace renvoi::extract::test
