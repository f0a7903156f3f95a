#include "answer/nearest.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "text/terms.h"

namespace renvoi::answer {

void add_passage(EvidenceDocument& document, const extract::Passage& passage, float search_score, float semantic) {
  for (const EvidencePassage& known : document.passages) {
    if (known.passage.ordinal == passage.ordinal) return;
  }
  document.passages.push_back({passage, search_score, semantic});
}

Result<void> add_nearest(EvidenceDocument& document, std::vector<extract::Passage> passages, float search_score,
                         const NearestOptions& options, model::Embedder& embedder, const Question& question,
                         const TermWeights& weights, std::stop_token stop) {
  const std::string& language = document.document.language;
  const std::vector<std::string> wanted = text::terms(question.text, language);
  std::vector<std::pair<float, extract::Passage>> ranked;
  for (extract::Passage& passage : passages) {
    const std::string input = extract::passage_input(document.document, passage);
    ranked.emplace_back(weights.share_held(wanted, term_set(input, language)), std::move(passage));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  ranked.resize(std::min(ranked.size(), options.encoded));
  std::vector<std::string> inputs;
  for (const auto& [share, passage] : ranked) inputs.push_back(extract::passage_input(document.document, passage));
  const std::vector<std::string_view> views(inputs.begin(), inputs.end());
  RENVOI_TRY(const model::Embeddings vectors, embedder.embed(views, model::EmbedRole::passage, {}, std::move(stop)));
  for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i].first = cosine(question.vector, vectors.row(i));
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < std::min(ranked.size(), options.kept); ++i)
    add_passage(document, ranked[i].second, search_score, ranked[i].first);
  return {};
}

}  // namespace renvoi::answer
