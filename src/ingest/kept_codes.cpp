#include "ingest/kept_codes.h"

#include <map>
#include <utility>

#include "index/passage_fingerprint.h"

namespace renvoi::ingest {

KeptCodes kept_codes(const index::Snapshot& full, ReferenceId reference, const PreparedDocument& prepared) {
  std::map<std::uint64_t, index::PassageNumber> held;
  for (const index::PassageNumber number : full.passages_of(reference))
    held.emplace(full.record(number).fingerprint, number);
  if (held.empty()) return {};
  KeptCodes kept(prepared.passages.size());
  bool any = false;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto found = held.find(passage_fingerprint(prepared.passages[i]));
    if (found == held.end()) continue;
    Result<index::StoredCode> code = full.code(found->second);
    if (!code.ok()) continue;
    kept[i] = std::move(code).value();
    any = true;
  }
  return any ? kept : KeptCodes();
}

std::vector<std::size_t> to_encode(const PreparedDocument& prepared, const KeptCodes& kept) {
  std::vector<std::size_t> passages;
  for (std::size_t i = 0; i < prepared.passages.size(); ++i)
    if (kept.empty() || !kept[i].has_value()) passages.push_back(i);
  return passages;
}

std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const KeptCodes& kept,
                                                const model::Embeddings& embeddings, std::size_t first_row) {
  std::vector<index::PassageInput> inputs;
  inputs.reserve(prepared.passages.size());
  std::size_t row = first_row;
  for (std::size_t i = 0; i < prepared.passages.size(); ++i) {
    const extract::Passage& passage = prepared.passages[i];
    inputs.push_back({passage.ordinal, passage.range, passage_fingerprint(passage), prepared.terms[i], {}});
    if (!kept.empty() && kept[i].has_value())
      inputs.back().code = &*kept[i];
    else
      inputs.back().vector = embeddings.row(row++);
  }
  return inputs;
}

}  // namespace renvoi::ingest
