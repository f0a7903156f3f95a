#include "answer/excerpt.h"

#include <algorithm>
#include <utility>

#include "answer/look_round.h"
#include "base/utf8.h"
#include "index/passage_fingerprint.h"
#include "text/sentences.h"

namespace renvoi::answer {
namespace {

std::size_t shared_terms(std::string_view text, std::string_view language, const TermSet& wanted) {
  const TermSet held = term_set(text, language);
  return static_cast<std::size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const std::string& term) { return held.contains(term); }));
}

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string_view text_of(const extract::Document& document, text::Range range) {
  return std::string_view(document.text).substr(range.begin, range.end - range.begin);
}

// Null for a document without text.
const extract::Passage* find_passage(const extract::Document& document, const std::vector<extract::Passage>& passages,
                                     const search::SearchHit& hit, const TermSet& wanted) {
  const auto same = std::find_if(passages.begin(), passages.end(), [&](const extract::Passage& passage) {
    return index::has_text(hit.fingerprint, passage.fingerprint);
  });
  if (same != passages.end()) return &*same;
  const extract::Passage* best = nullptr;
  std::size_t most = 0;
  for (const extract::Passage& passage : passages) {
    const std::size_t shared = shared_terms(extract::passage_input(document, passage), document.language, wanted);
    if (best != nullptr && shared <= most) continue;
    best = &passage;
    most = shared;
  }
  return best;
}

Excerpt excerpt_from(Look look, const search::SearchHit& hit, std::string_view query, std::size_t max_bytes) {
  Excerpt excerpt;
  excerpt.reference = std::move(look.reference);
  excerpt.reason = std::move(look.reason);
  excerpt.checked_at = look.checked_at;
  excerpt.verified = look.verified;
  excerpt.withdrawn = look.verified && !look.document;
  if (!look.document) return excerpt;
  const TermSet wanted = term_set(query, look.document->language);
  const std::vector<extract::Passage> passages = extract::passages(*look.document);
  if (const extract::Passage* passage = find_passage(*look.document, passages, hit, wanted))
    excerpt.text = excerpt_of(text_of(*look.document, passage->range), look.document->language, wanted, max_bytes);
  return excerpt;
}

}  // namespace

std::string excerpt_of(std::string_view passage, std::string_view language, const TermSet& wanted,
                       std::size_t max_bytes) {
  std::string whole = folded(passage);
  if (whole.size() <= max_bytes) return whole;
  const std::vector<text::Range> sentences = text::sentences(passage, language);
  std::size_t best = 0, most = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const text::Range range = sentences[i];
    const std::size_t shared = shared_terms(passage.substr(range.begin, range.end - range.begin), language, wanted);
    if (shared <= most) continue;
    most = shared;
    best = i;
  }
  // From the best sentence on; what is before it fills what is left.
  std::string text;
  const auto add = [&](std::size_t i, bool before) {
    const std::string sentence = folded(passage.substr(sentences[i].begin, sentences[i].end - sentences[i].begin));
    if (text.size() + sentence.size() + 1 > max_bytes) return false;
    text = before ? sentence + " " + text : text + (text.empty() ? "" : " ") + sentence;
    return true;
  };
  for (std::size_t i = best; i < sentences.size() && add(i, false);) ++i;
  if (text.empty()) return std::string(truncate_utf8(whole, max_bytes));  // one sentence longer than that
  for (std::size_t i = best; i > 0 && add(i - 1, true);) --i;
  return text;
}

std::vector<Excerpt> read_excerpts(const EvidenceReader& reader, std::span<const search::SearchHit> hits,
                                   std::string_view query, const ExcerptOptions& options, std::stop_token stop) {
  std::vector<catalog::Reference> references;
  for (const search::SearchHit& hit : hits.first(std::min(hits.size(), kMostExcerpts)))
    references.push_back(hit.reference);
  const LookBudget budget{static_cast<std::uint32_t>(references.size()), options.time_ms, options.time_ms};
  std::vector<std::optional<Look>> looks = look_in_order(reader, references, budget, std::move(stop));
  std::vector<Excerpt> excerpts;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (i < looks.size() && looks[i]) {
      excerpts.push_back(excerpt_from(std::move(*looks[i]), hits[i], query, options.max_bytes));
      continue;
    }
    Excerpt unread;
    unread.reference = hits[i].reference;
    unread.reason = "was not read in time";
    unread.checked_at = hits[i].reference.checked_at;
    excerpts.push_back(std::move(unread));
  }
  return excerpts;
}

}  // namespace renvoi::answer
