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
                         search::SearchMode mode, bool fast, std::vector<double>* search_ms) {
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
    sum.ndcg_each.push_back(ndcg_at(10, ranking, judgments));
    sum.ndcg_at_10 += sum.ndcg_each.back();
    sum.recall_at_100 += recall_at(kDepth, ranking, judgments);
    sum.mrr += reciprocal_rank(ranking, judgments);
    if (search_ms != nullptr) search_ms->push_back(response.timings.search_ms);
  }
  const auto queries = static_cast<double>(set.queries.size());
  sum.ndcg_at_10 /= queries;
  sum.recall_at_100 /= queries;
  sum.mrr /= queries;
  return sum;
}

Result<Evaluation> evaluate(const std::filesystem::path& folder, model::Embedder& embedder, io::FileSystem& files,
                            const Clock& clock, const EvaluationOptions& options) {
  RENVOI_TRY(const BeirSet set, read_beir(folder, files));
  std::vector<BeirSet> others;
  for (const std::filesystem::path& other : options.others) {
    RENVOI_TRY(BeirSet read, read_beir(other, files));
    others.push_back(std::move(read));
  }
  RENVOI_TRY(const std::unique_ptr<ScratchFolder> scratch, ScratchFolder::make());
  const index::Identity identity{embedder.digest(), static_cast<std::uint32_t>(embedder.dimensions()),
                                 extract::kExtractorVersion};
  RENVOI_TRY(const std::unique_ptr<search::Collection> collection,
             search::Collection::open(files, clock, scratch->path(), identity, search::Collection::Mode::write));
  RENVOI_TRY(const BuiltCorpus built, build_corpus(set, *collection, embedder, options.on_progress));
  RENVOI_CHECK(collection->compact());  // as after an `add`
  search::Searcher searcher(*collection, embedder);
  Evaluation evaluation;
  RENVOI_TRY(evaluation.bm25, measure(set, built, searcher, search::SearchMode::bm25));
  RENVOI_TRY(evaluation.semantic, measure(set, built, searcher, search::SearchMode::semantic));
  RENVOI_TRY(evaluation.hybrid,
             measure(set, built, searcher, search::SearchMode::hybrid, false, &evaluation.search_ms));
  evaluation.documents = set.documents.size();
  evaluation.passages = built.passages;
  evaluation.queries = set.queries.size();
  evaluation.index_bytes = collection->disk_use().index_bytes;
  evaluation.text_bytes = built.text_bytes;
  evaluation.encode_seconds = built.encode_seconds;
  for (const BeirQuery& query : set.queries) evaluation.question_ids.push_back(query.id);
  if (!options.answers) return evaluation;
  AnswerEvaluationOptions answering{options.most_answered, {}, options.on_progress};
  for (const BeirSet& other : others) answering.others.push_back(&other);
  RENVOI_TRY(evaluation.answers, evaluate_answers(set, built, *collection, searcher, embedder, answering));
  return evaluation;
}

}  // namespace renvoi::quality
