// rooms: extract text base
// Any bytes as each kind of text that has a reader of its own; the first byte picks it.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/passages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  constexpr std::array kNames{"a.eml", "a.mbox", "a.srt", "a.vtt", "a.csv", "a.tsv", "a.json",
                              "a.rst", "a.adoc", "a.tex", "a.py",  "a.cpp", "a.lua", "a.jsonl"};
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto document = extract::extract(bytes, {.name = kNames[data[0] % kNames.size()]}, {.max_milliseconds = 2'000});
  if (!document.ok()) {
    if (document.error().code == ErrorCode::internal) std::abort();
    return 0;
  }
  if (!is_valid_utf8(document->text) || !is_valid_utf8(document->title) || document->title.size() > 200) std::abort();
  for (const std::string& author : document->authors)
    if (!is_valid_utf8(author)) std::abort();
  std::uint32_t end = 0;
  for (const auto& block : document->blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  if (end != document->text.size()) std::abort();
  for (const auto& passage : extract::passages(*document))
    if (passage.range.end > document->text.size()) std::abort();
  extract::to_markdown(*document);
  return 0;
}
