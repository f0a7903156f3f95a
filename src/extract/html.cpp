#include "extract/html.h"

#include "extract/document_builder.h"
#include "extract/linked_data.h"
#include "extract/main_content.h"
#include "extract/page_dates.h"
#include "extract/page_facts.h"
#include "extract/page_kind.h"
#include "extract/page_text.h"
#include "extract/section_languages.h"
#include "text/language.h"

namespace renvoi::extract {

namespace {

// Everything but the languages; gives the language that the page declares. The tree is gone when this returns: what
// guesses languages takes 170 KiB of its own.
Result<std::string> read_page(std::string_view html, const Limits& limits, Deadline deadline, Document& document) {
  RENVOI_TRY(const PageTree page, PageTree::parse(html, deadline));
  document.truncated |= page.truncated();
  const std::vector<LinkedThing> things = read_linked_data(page);
  read_page_facts(page, things, limits, document);
  read_page_dates(page, things, document);
  DocumentBuilder builder(document, limits.max_text_bytes);
  const MainContent content = find_main_content(page, page_kind(page, things), document.title);
  document.hidden_characters = content.hidden_characters;
  document.masked_characters = content.masked_characters;
  const std::vector<TakenText> taken = write_page_text(page, content, document.title, builder, document.anchors);
  document.elements = map_elements(page, taken);
  return declared_language(page);
}

}  // namespace

Result<void> read_html(std::string_view html, const Hints& hints, const Limits& limits, Deadline deadline,
                       Document& document) {
  RENVOI_TRY(std::string declared, read_page(html, limits, deadline, document));
  if (declared.empty()) declared = hints.language;
  set_languages(document, text::detect_language(document.text, declared));
  if (std::chrono::steady_clock::now() > deadline)
    return Error{ErrorCode::exhausted, "reading this page took longer than its time limit"};
  return {};
}

}  // namespace renvoi::extract
