#include "answer/web_evidence.h"

#include <utility>

#include "answer/look_round.h"
#include "answer/nearest.h"

namespace renvoi::answer {
namespace {

constexpr NearestOptions kOfAPage{6, 2};  // six pages are read: a second of encoding on two cores

}  // namespace

Result<Evidence> read_web_evidence(const EvidenceReader& reader, std::span<const crawl::FoundPage> pages,
                                   const catalog::SourcePolicy& policy, const Question& question,
                                   const TermWeights& weights, const LookBudget& budget, std::stop_token stop) {
  std::vector<std::optional<Look>> looks = look_in_order(
      pages.size(),
      [&](std::size_t i, std::stop_token cut) {
        return look_at_page(reader, pages[i].address, policy, std::move(cut));
      },
      budget, stop);
  Evidence evidence;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (!looks[i]) continue;
    Look& look = *looks[i];
    if (look.document) {
      EvidenceDocument document;
      document.reference = std::move(look.reference);
      document.document = std::move(*look.document);
      document.checked_at = look.checked_at;
      document.verified = true;
      const float rank_score = 1.0F - static_cast<float>(i) / static_cast<float>(pages.size());
      RENVOI_CHECK(add_nearest(document, extract::passages(document.document), rank_score, kOfAPage, reader.embedder,
                               question, weights, stop));
      if (!document.passages.empty()) {
        evidence.documents.push_back(std::move(document));
        continue;
      }
      look.reason = "holds no text";
    }
    evidence.dropped.push_back({ReferenceId::none, pages[i].address, pages[i].title, look.reason});
  }
  return evidence;
}

}  // namespace renvoi::answer
