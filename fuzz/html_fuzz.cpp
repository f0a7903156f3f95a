// rooms: extract text base
// Any bytes as a page: the document and its passages must hold what their headers promise.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/passages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto document = extract::extract(bytes, {.content_type = "text/html"});
  if (!document.ok()) return 0;
  if (!is_valid_utf8(document->text) || !is_valid_utf8(document->title) || document->title.size() > 200) std::abort();
  std::uint32_t end = 0;
  for (const auto& block : document->blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  if (end != document->text.size()) std::abort();
  end = 0;
  for (const auto& passage : extract::passages(*document)) {
    if (passage.range.begin < end || passage.range.end > document->text.size()) std::abort();
    if (!is_valid_utf8(text::slice(document->text, passage.range))) std::abort();
    end = passage.range.end;
  }
  extract::to_markdown(*document);
  return 0;
}
