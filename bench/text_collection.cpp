#include "text_collection.h"

#include <algorithm>

#include "ingest/ingest.h"
#include "quality/build.h"
#include "text/language.h"
#include "text/sentences.h"

namespace renvoi::bench {

std::uint32_t TextCollection::number(const std::string& term) {
  const auto [at, added] = numbers.emplace(term, static_cast<std::uint32_t>(numbers.size()));
  if (added) names.push_back(term);
  return at->second;
}

Counts TextCollection::numbered(const std::vector<text::TermCount>& terms) {
  Counts counts;
  for (const text::TermCount& term : terms) counts.emplace_back(number(term.term), term.frequency);
  return counts;
}

void TextCollection::add_set(const std::string& name, const quality::BeirSet& set) {
  for (const quality::BeirDocument& beir : set.documents) {
    const extract::Document document = quality::as_document(beir);
    for (const auto& terms : ingest::prepare(document).terms) passages.push_back(numbered(terms));
    for (const text::Range range : text::sentences(document.text, document.language)) {
      const std::string_view sentence = text::slice(document.text, range);
      sentences.push_back(
          {numbered(text::count_terms(sentence, document.language)), std::max(1U, text::estimate_tokens(sentence))});
    }
  }
  std::vector<Query>& of_set = queries[name];
  for (const quality::BeirQuery& beir : set.queries) {
    Query query;
    for (const text::TermCount& term : text::count_terms(beir.text, text::detect_language(beir.text)))
      query.terms.push_back(number(term.term));
    if (query.terms.size() >= 2 && query.terms.size() <= 5 && of_set.size() < kQueriesOfASet) of_set.push_back(query);
  }
}

Counts resample(const TextCollection& collection, std::mt19937_64& random) {
  Counts terms;
  std::uint32_t tokens = 0;
  while (tokens < kTargetTokens - 20) {
    std::size_t at = random() % collection.sentences.size();
    for (std::uint64_t run = 1 + random() % 3;
         run > 0 && at < collection.sentences.size() && tokens < kTargetTokens - 20; --run, ++at) {
      const Sentence& sentence = collection.sentences[at];
      if (tokens > 0 && tokens + sentence.tokens > 2 * kTargetTokens) break;
      terms.insert(terms.end(), sentence.terms.begin(), sentence.terms.end());
      tokens += sentence.tokens;
    }
  }
  std::sort(terms.begin(), terms.end());
  Counts merged;
  for (const auto& [term, frequency] : terms) {
    if (!merged.empty() && merged.back().first == term)
      merged.back().second += frequency;
    else
      merged.emplace_back(term, frequency);
  }
  return merged;
}

}  // namespace renvoi::bench
