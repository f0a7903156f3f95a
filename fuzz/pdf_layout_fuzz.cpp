// rooms: extract text base
// Any bytes as what pdftotext could say of a PDF: the pages must hold what document.h promises.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "extract/pdf_layout.h"
#include "extract/pdf_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  auto layout = extract::read_pdf_layout({reinterpret_cast<const char*>(data), size});
  extract::Document document;
  extract::write_pdf_text(layout, {.max_text_bytes = 100'000}, document);
  if (!is_valid_utf8(document.text) || !is_valid_utf8(document.title)) std::abort();
  std::uint32_t end = 0;
  for (const auto& block : document.blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  if (end != document.text.size()) std::abort();
  end = 0;
  std::uint32_t number = 0;
  for (const auto& page : document.pages) {
    if (page.range.begin < end || page.range.end < page.range.begin || page.number <= number) std::abort();
    end = page.range.end;
    number = page.number;
  }
  if (end > document.text.size()) std::abort();
  return 0;
}
