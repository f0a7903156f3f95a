// rooms: extract text base
// Any bytes as Markdown.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/passages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  const auto document =
      extract::extract({reinterpret_cast<const char*>(data), size}, {.content_type = "text/markdown"});
  if (!document.ok()) return 0;
  if (!is_valid_utf8(document->text) || !is_valid_utf8(document->title)) std::abort();
  for (const auto& passage : extract::passages(*document))
    if (passage.range.end > document->text.size()) std::abort();
  return 0;
}
