#include "quality/evaluate.h"

#include <memory>
#include <optional>

#include "extract/document.h"
#include "quality/build.h"
#include "quality/scratch_folder.h"
#include "search/search.h"

namespace renvoi::quality {
namespace {

constexpr std::uint32_t kDepth = 100;  // documents ranked for each query

}  // namespace

Result<Measures> measure(const BeirSet& set, const BuiltCorpus& built, search::Searcher& searcher,
                         search::SearchMode mode, bool fast) {
  Measures sum;
  for (const BeirQuery& query : set.queries) {
    search::SearchRequest request;
    request.query = query.text;
    request.limit = kDepth;
    request.mode = mode;
    request.fast = fast;
    RENVOI_TRY(const search::SearchResponse response, searcher.search(request));
    std::vector<std::string> ranking;
    for (const search::SearchHit& hit : response.hits) {
      ranking.push_back(built.document_of.at(to_number(hit.reference.id)));
    }
    const Judgments& judgments = set.judgments.at(query.id);
    sum.ndcg_at_10 += ndcg_at(10, ranking, judgments);
    sum.recall_at_100 += recall_at(kDepth, ranking, judgments);
  }
  const auto queries = static_cast<double>(set.queries.size());
  return Measures{sum.ndcg_at_10 / queries, sum.recall_at_100 / queries};
}

Result<Evaluation> evaluate(const std::filesystem::path& folder, model::Embedder& embedder, io::FileSystem& files,
                            const Clock& clock, const std::function<void(std::size_t, std::size_t)>& on_progress) {
  RENVOI_TRY(const BeirSet set, read_beir(folder, files));
  RENVOI_TRY(const std::unique_ptr<ScratchFolder> scratch, ScratchFolder::make());
  const index::Identity identity{embedder.digest(), static_cast<std::uint32_t>(embedder.dimensions()),
                                 extract::kExtractorVersion};
  RENVOI_TRY(const std::unique_ptr<search::Collection> collection,
             search::Collection::open(files, clock, scratch->path(), identity, search::Collection::Mode::write));
  RENVOI_TRY(const BuiltCorpus built, build_corpus(set, *collection, embedder, on_progress));
  RENVOI_CHECK(collection->compact());  // as after an `add`
  search::Searcher searcher(*collection, embedder);
  Evaluation evaluation;
  RENVOI_TRY(evaluation.bm25, measure(set, built, searcher, search::SearchMode::bm25));
  RENVOI_TRY(evaluation.semantic, measure(set, built, searcher, search::SearchMode::semantic));
  RENVOI_TRY(evaluation.hybrid, measure(set, built, searcher, search::SearchMode::hybrid));
  evaluation.documents = set.documents.size();
  evaluation.passages = built.passages;
  evaluation.queries = set.queries.size();
  evaluation.index_bytes = collection->disk_use().index_bytes;
  evaluation.text_bytes = built.text_bytes;
  evaluation.encode_seconds = built.encode_seconds;
  return evaluation;
}

}  // namespace renvoi::quality
