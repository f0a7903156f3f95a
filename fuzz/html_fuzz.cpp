// rooms: extract text base
// Any bytes as a page: the document and its passages must hold what their headers promise.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "extract/extract.h"
#include "extract/passages.h"
#include "extract/site_boilerplate.h"
#include "extract/text_fragment.h"

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
  for (const auto& anchor : document->anchors)
    if (anchor.offset >= document->text.size()) std::abort();
  for (const auto& other : document->other_languages)
    if (other.range.begin >= other.range.end || other.range.end > document->text.size()) std::abort();
  end = 0;
  for (const auto& place : document->elements.places()) {
    if (place.range.begin < end || place.range.end <= place.range.begin) std::abort();
    if (document->elements.path(place.element).empty()) std::abort();
    if (document->elements.place_at(place.range.begin) != &place) std::abort();
    end = place.range.end;
  }
  if (end > document->text.size()) std::abort();
  if (document->masked_characters > document->hidden_characters) std::abort();
  if (!document->blocks.empty()) extract::text_fragment(document->text, document->blocks.back().range);
  // Its own blocks as those of a site: what is left must hold together too.
  extract::SiteBoilerplate site({.min_pages = 1, .min_block_bytes = 4, .max_blocks = 8, .max_taken_share = 1});
  site.learn(*document);
  site.learn(*document);
  const auto again = extract::SiteBoilerplate::parse(site.state(), {.max_blocks = 8});
  if (!again.ok() || again->state() != site.state()) std::abort();
  auto left = *document;
  site.take_out(left);
  end = 0;
  for (const auto& block : left.blocks) {
    if (block.range.begin < end || block.range.end <= block.range.begin) std::abort();
    end = block.range.end;
  }
  for (const auto& place : left.elements.places())
    if (place.range.end > left.text.size()) std::abort();
  if (end != left.text.size() || !is_valid_utf8(left.text)) std::abort();
  return 0;
}
