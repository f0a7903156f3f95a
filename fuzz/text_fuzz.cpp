// rooms: text base
// Any bytes as a text: terms, sentences, language, and a quote of it that must be found in it.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "text/language.h"
#include "text/normalize.h"
#include "text/sentences.h"
#include "text/terms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string language = text::detect_language(text, "fr");
  for (const auto& term : text::terms(text, language))
    if (term.empty() || term.size() > 64 || !is_valid_utf8(term)) std::abort();
  std::uint32_t end = 0;
  for (const auto& sentence : text::sentences(text, language)) {
    if (sentence.begin < end || sentence.end <= sentence.begin || sentence.end > size) std::abort();
    end = sentence.end;
  }
  text::estimate_tokens(text);
  const std::string normal = text::normalize_for_quotes(text);
  if (text::normalize_for_quotes(normal) != normal) std::abort();
  const auto found = text::find_quote(text, text);
  if (found.has_value() == normal.empty()) std::abort();
  return 0;
}
