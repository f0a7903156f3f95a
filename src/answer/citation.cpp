#include "answer/citation.h"

#include "answer/instruction_like.h"
#include "answer/screen.h"
#include "extract/text_fragment.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

constexpr std::size_t kAround_bytes = 200;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\t'; }

// The end of what stands before a quote, from a whole word on.
std::string_view tail(std::string_view text) {
  if (text.size() <= kAround_bytes) return text;
  std::size_t begin = text.size() - kAround_bytes;
  while (begin < text.size() && !is_space(text[begin - 1])) ++begin;
  return text.substr(begin);
}

std::string_view head(std::string_view text) {
  if (text.size() <= kAround_bytes) return text;
  std::size_t end = kAround_bytes;
  while (end > 0 && !is_space(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace

bool quote_stands(std::string_view document, std::string_view quote, text::Range range) {
  if (range.begin >= range.end || range.end > document.size()) return false;
  if (is_continuation(document[range.begin])) return false;
  if (range.end < document.size() && is_continuation(document[range.end])) return false;
  const std::string wanted = text::normalize_for_quotes(quote);
  return !wanted.empty() && wanted == text::normalize_for_quotes(text::slice(document, range)) &&
         text::find_quote(document, quote).has_value();
}

std::optional<Citation> cite(const EvidenceDocument& evidence, text::Range range, std::uint32_t number) {
  const std::string& document = evidence.document.text;
  if (range.begin > range.end || range.end > document.size()) return std::nullopt;
  Citation citation;
  citation.quote = std::string(text::slice(document, range));
  if (!quote_stands(document, citation.quote, range)) return std::nullopt;
  citation.number = number;
  citation.reference = evidence.reference.id;
  citation.address = evidence.reference.address;
  citation.link = extract::link_to(citation.address, document, range);
  citation.title = evidence.document.title.empty() ? evidence.reference.title : evidence.document.title;
  citation.heading_path = extract::heading_path_at(evidence.document, range.begin);
  citation.page = extract::page_at(evidence.document, range.begin);
  citation.range = range;
  citation.state = evidence.reference.state;
  citation.checked_at = evidence.checked_at;
  citation.verified = evidence.verified;
  citation.date = evidence.reference.date;
  const text::Range around = shown_around(evidence, range);
  citation.before = tail(text::slice(document, {around.begin, range.begin}));
  citation.after = head(text::slice(document, {range.end, around.end}));
  // What stands beyond the passages that were found was not screened.
  if (!suspects_in(citation.before).empty()) citation.before.clear();
  if (!suspects_in(citation.after).empty()) citation.after.clear();
  return citation;
}

}  // namespace renvoi::answer
