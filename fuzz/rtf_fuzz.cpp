// Any bytes after the mark of Rich Text Format: a text in valid UTF-8, in blocks, or an error.
// rooms: extract text base
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/utf8.h"
#include "extract/extract.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = "{\\rtf1" + std::string(reinterpret_cast<const char*>(data), size);
  const auto document = renvoi::extract::extract(bytes, {}, {.max_milliseconds = 2'000});
  if (!document.ok()) return 0;
  if (!renvoi::is_valid_utf8(document->text) || !renvoi::is_valid_utf8(document->title)) std::abort();
  std::uint32_t end = 0;
  for (const auto& block : document->blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  if (end != document->text.size()) std::abort();
  return 0;
}
