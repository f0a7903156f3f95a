#include "answer/evidence.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "answer/look_round.h"
#include "answer/nearest.h"
#include "base/hash.h"
#include "index/passage_fingerprint.h"
#include "text/terms.h"

namespace renvoi::answer {
namespace {

struct Wanted {
  catalog::Reference reference;
  std::vector<const search::SearchHit*> hits;
};

std::vector<Wanted> by_reference(std::span<const search::SearchHit> hits, std::size_t spare_from) {
  std::vector<Wanted> wanted;
  std::size_t first = 0;  // references that are not spares
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const search::SearchHit& hit = hits[i];
    const auto known = std::find_if(wanted.begin(), wanted.end(),
                                    [&](const Wanted& one) { return one.reference.id == hit.reference.id; });
    if (known == wanted.end())
      wanted.push_back({hit.reference, {&hit}});
    else if (i < spare_from || known - wanted.begin() >= static_cast<std::ptrdiff_t>(first))
      known->hits.push_back(&hit);
    if (i < spare_from) first = wanted.size();
  }
  return wanted;
}

// The passage of the text as it is now that `hit` meant: the same words, nearest to where they were.
const extract::Passage* locate(const std::vector<extract::Passage>& passages, const search::SearchHit& hit) {
  const extract::Passage* best = nullptr;
  const auto distance = [&](const extract::Passage& passage) {
    return std::max(passage.ordinal, hit.ordinal) - std::min(passage.ordinal, hit.ordinal);
  };
  for (const extract::Passage& passage : passages) {
    if (!index::has_text(hit.fingerprint, passage.fingerprint)) continue;
    if (best == nullptr || distance(passage) < distance(*best)) best = &passage;
  }
  return best;
}

Result<void> add_passages(EvidenceDocument& document, const Wanted& wanted, const EvidenceReader& reader,
                          const Question& question, const TermWeights& weights, std::stop_token stop) {
  std::vector<extract::Passage> passages = extract::passages(document.document);
  for (const search::SearchHit* hit : wanted.hits) {
    if (const extract::Passage* passage = locate(passages, *hit))
      add_passage(document, *passage, hit->score, hit->semantic);
  }
  if (passages.empty() || (!document.changed && !document.passages.empty())) return {};
  return add_nearest(document, std::move(passages), wanted.hits.front()->score, {}, reader.embedder, question, weights,
                     stop);
}

}  // namespace

Result<Evidence> read_evidence(const EvidenceReader& reader, std::span<const search::SearchHit> hits,
                               std::size_t spare_from, const Question& question, const TermWeights& weights,
                               const LookBudget& budget, std::stop_token stop) {
  const std::vector<Wanted> wanted = by_reference(hits, spare_from);
  std::vector<catalog::Reference> references;
  for (const Wanted& one : wanted) references.push_back(one.reference);
  std::vector<std::optional<Look>> looks = look_in_order(reader, references, budget, stop);
  Evidence evidence;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!looks[i]) continue;
    Look& look = *looks[i];
    if (look.document) {
      EvidenceDocument document;
      document.changed = fingerprint(look.document->text) != wanted[i].reference.fingerprint;
      document.reference = std::move(look.reference);
      document.document = std::move(*look.document);
      document.checked_at = look.checked_at;
      document.verified = look.verified;
      RENVOI_CHECK(add_passages(document, wanted[i], reader, question, weights, {}));
      if (!document.passages.empty()) {
        evidence.documents.push_back(std::move(document));
        continue;
      }
      look.reason = "holds no text any more";
    }
    const catalog::Reference& reference = wanted[i].reference;
    evidence.dropped.push_back({reference.id, reference.address, reference.title, look.reason});
  }
  return evidence;
}

}  // namespace renvoi::answer
