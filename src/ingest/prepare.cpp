#include <algorithm>
#include <map>
#include <string>

#include "ingest/ingest.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

// What one occurrence in the title, and in the headings above a passage, counts for against one in its text (the field
// weights of BM25F; Robertson, Zaragoza and Taylor 2004). docs/decisions/0003-fusion.md has what was measured.
constexpr std::uint32_t kTitleWeight = 3;
constexpr std::uint32_t kHeadingWeight = 1;

// The body's terms, and those of the words around it, each with the weight of the best field it stands in.
std::vector<text::TermCount> terms_of(std::string_view body, const std::map<std::string, std::uint32_t>& around,
                                      const std::string& language) {
  std::map<std::string, std::uint32_t> counted;
  for (text::TermCount& term : text::count_terms(body, language)) counted[std::move(term.term)] += term.frequency;
  for (const auto& [term, weight] : around) counted[term] += weight;
  std::vector<text::TermCount> terms;
  terms.reserve(counted.size());
  for (auto& [term, frequency] : counted) terms.push_back({term, frequency});
  return terms;
}

}  // namespace

PreparedDocument prepare(const extract::Document& document, const extract::PassageOptions& options) {
  PreparedDocument prepared;
  prepared.passages = extract::passages(document, options);
  prepared.inputs.reserve(prepared.passages.size());
  prepared.terms.reserve(prepared.passages.size());
  std::map<std::string, std::uint32_t> title;
  for (std::string& term : text::terms(document.title, document.language))
    title.try_emplace(std::move(term), kTitleWeight);
  for (const extract::Passage& passage : prepared.passages) {
    prepared.inputs.push_back(extract::passage_input(document, passage));
    std::map<std::string, std::uint32_t> around = title;
    for (std::string& term : text::terms(passage.heading_path, document.language)) {
      around.try_emplace(std::move(term), kHeadingWeight);
    }
    prepared.terms.push_back(terms_of(text::slice(document.text, passage.range), around, document.language));
  }
  return prepared;
}

std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const model::Embeddings& embeddings,
                                                std::size_t first_row) {
  std::vector<index::PassageInput> inputs;
  inputs.reserve(prepared.passages.size());
  for (std::size_t i = 0; i < prepared.passages.size(); ++i) {
    const extract::Passage& passage = prepared.passages[i];
    inputs.push_back(
        {passage.ordinal, passage.range, passage.fingerprint, prepared.terms[i], embeddings.row(first_row + i)});
  }
  return inputs;
}

}  // namespace renvoi::ingest
