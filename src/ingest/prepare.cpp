#include <algorithm>
#include <map>
#include <set>

#include "ingest/ingest.h"
#include "text/terms.h"

namespace renvoi::ingest {
namespace {

// The body's terms, and those of the words around it, each once: a title counts, and does not drown the text.
std::vector<text::TermCount> terms_of(std::string_view body, const std::set<std::string>& around,
                                      const std::string& language) {
  std::map<std::string, std::uint32_t> counted;
  for (text::TermCount& term : text::count_terms(body, language)) counted[std::move(term.term)] += term.frequency;
  for (const std::string& term : around) ++counted[term];
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
  for (const extract::Passage& passage : prepared.passages) {
    prepared.inputs.push_back(extract::passage_input(document, passage));
    const auto around = text::terms(passage.heading_path + "\n" + document.title, document.language);
    prepared.terms.push_back(terms_of(text::slice(document.text, passage.range),
                                      std::set<std::string>(around.begin(), around.end()), document.language));
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
