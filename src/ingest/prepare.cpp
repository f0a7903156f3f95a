#include <algorithm>
#include <map>
#include <string>

#include "index/passage_fingerprint.h"
#include "ingest/ingest.h"
#include "ingest/kept_codes.h"
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

std::uint64_t passage_fingerprint(const extract::Passage& passage) {
  return index::passage_fingerprint(passage.fingerprint, passage.heading_path);
}

std::vector<std::uint64_t> passage_fingerprints(const PreparedDocument& prepared) {
  std::vector<std::uint64_t> fingerprints;
  for (const extract::Passage& passage : prepared.passages) fingerprints.push_back(passage_fingerprint(passage));
  return fingerprints;
}

std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const model::Embeddings& embeddings,
                                                std::size_t first_row) {
  return passage_inputs(prepared, {}, embeddings, first_row);
}

}  // namespace renvoi::ingest
