#include "answer/extractive.h"

#include <algorithm>
#include <utility>

#include "answer/marks.h"
#include "answer/plain_statement.h"
#include "answer/question_kind.h"
#include "text/function_words.h"
#include "text/normalize.h"

namespace renvoi::answer {
namespace {

constexpr float kFurthestBelowBest = 2.4F;  // in units of ScoredUnit::score
constexpr float kClearlyBetter = 2.0F;      // log-odds of e^2, 7 to 1: below it no words are put in bold
constexpr float kSameWords = 0.8F;

std::string_view text_of(const Evidence& evidence, const Unit& unit) {
  return text::slice(evidence.documents[unit.document].document.text, unit.range);
}

// Do most of the words of the shorter stand in the other?
bool says_the_same(const TermSet& a, const TermSet& b) {
  const TermSet& smaller = a.size() < b.size() ? a : b;
  const TermSet& larger = a.size() < b.size() ? b : a;
  const auto shared =
      std::count_if(smaller.begin(), smaller.end(), [&](const std::string& term) { return larger.contains(term); });
  return smaller.empty() || static_cast<float>(shared) >= kSameWords * static_cast<float>(smaller.size());
}

bool overlap(const Unit& a, const Unit& b) {
  return a.document == b.document && a.range.begin < b.range.end && b.range.begin < a.range.end;
}

// Joins `next` to a quote that it directly follows or precedes in the same passage.
bool join(std::vector<Unit>& chosen, const Unit& next, const Evidence& evidence) {
  for (Unit& one : chosen) {
    if (one.is_list || next.is_list || one.document != next.document || one.passage != next.passage) continue;
    const text::Range first = one.range.begin < next.range.begin ? one.range : next.range;
    const text::Range second = one.range.begin < next.range.begin ? next.range : one.range;
    if (second.begin < first.end) continue;
    const std::string_view between =
        text::slice(evidence.documents[one.document].document.text, {first.end, second.begin});
    if (between.find_first_not_of(' ') != std::string_view::npos) continue;
    one.range = {first.begin, second.end};
    return true;
  }
  return false;
}

}  // namespace

std::vector<Unit> choose_units(const Evidence& evidence, std::span<const ScoredUnit> ranked, std::uint32_t most) {
  std::vector<Unit> chosen;
  std::vector<TermSet> said;
  for (const ScoredUnit& candidate : ranked) {
    if (said.size() >= most || candidate.score < ranked.front().score - kFurthestBelowBest) break;
    const Unit& unit = candidate.unit;
    const std::string& language = evidence.documents[unit.document].document.language;
    TermSet terms = term_set(text_of(evidence, unit), language);
    const bool known =
        std::any_of(chosen.begin(), chosen.end(), [&](const Unit& one) { return overlap(one, unit); }) ||
        std::any_of(said.begin(), said.end(), [&](const TermSet& other) { return says_the_same(other, terms); });
    if (known) continue;
    said.push_back(std::move(terms));
    if (!join(chosen, unit, evidence)) chosen.push_back(unit);
  }
  // Sections as their best units rank, and in each section as it is read.
  std::vector<std::pair<std::size_t, std::string>> sections;
  const auto section_of = [&](const Unit& unit) {
    return std::pair(unit.document,
                     extract::heading_path_at(evidence.documents[unit.document].document, unit.range.begin));
  };
  std::vector<std::pair<std::size_t, Unit>> placed;
  for (const Unit& unit : chosen) {
    const auto section = section_of(unit);
    const auto known = std::find(sections.begin(), sections.end(), section);
    placed.emplace_back(static_cast<std::size_t>(known - sections.begin()), unit);
    if (known == sections.end()) sections.push_back(section);
  }
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second.range.begin < b.second.range.begin;
  });
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = placed[i].second;
  return chosen;
}

namespace {

bool is_of_a_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

// With what a hyphen joins to it: "ninety-nine" and "1871-1875" are one, whichever half was found.
text::Range whole_words(std::string_view text, text::Range span) {
  const auto joins = [&](std::size_t at) {
    return is_of_a_word(text[at]) || (text[at] == '-' && at > 0 && at + 1 < text.size() && is_of_a_word(text[at - 1]) &&
                                      is_of_a_word(text[at + 1]));
  };
  while (span.begin > 0 && joins(span.begin - 1)) --span.begin;
  while (span.end < text.size() && joins(span.end)) ++span.end;
  return span;
}

// "eleven crowns", not "eleven": the next word too, unless it is one that only joins.
text::Range with_what_is_counted(std::string_view text, text::Range span) {
  constexpr std::uint32_t kShortest = 3;
  if (span.end + 1 >= text.size() || text[span.end] != ' ' || !is_of_a_word(text[span.end + 1])) return span;
  const text::Range next = whole_words(text, {span.end + 1, span.end + 1});
  const std::string word(text::slice(text, next));
  const bool joins = text::is_function_word(word, "en") || text::is_function_word(word, "fr");
  if (next.size() >= kShortest && !joins) span.end = next.end;
  return span;
}

}  // namespace

std::optional<AnswerSpan> answer_span(const Evidence& evidence, std::span<const ScoredUnit> ranked,
                                      std::string_view question) {
  if (ranked.empty() || (ranked.size() > 1 && ranked[0].score < ranked[1].score + kClearlyBetter)) return std::nullopt;
  const Unit& best = ranked.front().unit;
  const Asked asked = asked_for(question);
  if (best.is_list || asked == Asked::anything || asked == Asked::reason) return std::nullopt;
  const std::vector<text::Range> spans = spans_asked_for(asked, text_of(evidence, best), folded_words(question));
  if (spans.size() != 1) return std::nullopt;
  text::Range whole = whole_words(text_of(evidence, best), spans[0]);
  if (asked == Asked::number) whole = with_what_is_counted(text_of(evidence, best), whole);
  return AnswerSpan{best.document, {best.range.begin + whole.begin, best.range.begin + whole.end}};
}

namespace {
std::string shown(std::string_view text) { return disarmed(without_marks(text)); }
}  // namespace

std::string shown_quote(const Evidence& evidence, const Unit& unit, const std::optional<AnswerSpan>& span) {
  const extract::Document& document = evidence.documents[unit.document].document;
  if (!unit.is_list) {
    const std::string_view text = text_of(evidence, unit);
    const bool inside = span && span->document == unit.document && span->range.begin >= unit.range.begin &&
                        span->range.end <= unit.range.end && text.find('*') == std::string_view::npos;
    if (!inside) return shown(text);
    return shown(text::slice(document.text, {unit.range.begin, span->range.begin})) + "**" +
           shown(text::slice(document.text, span->range)) + "**" +
           shown(text::slice(document.text, {span->range.end, unit.range.end}));
  }
  std::string lines;
  for (const extract::Block& block : document.blocks) {
    if (block.range.begin < unit.range.begin || block.range.end > unit.range.end) continue;
    if (!lines.empty()) lines += '\n';
    if (block.kind == extract::BlockKind::list_item) lines += "- ";
    lines += shown(text::slice(document.text, block.range));
  }
  return lines.empty() ? shown(text_of(evidence, unit)) : lines;
}

}  // namespace renvoi::answer
