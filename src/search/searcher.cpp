#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "search/fusion.h"
#include "search/query_terms.h"
#include "search/search.h"
#include "search/showable_set.h"
#include "text/language.h"

namespace renvoi::search {
namespace {

constexpr std::size_t kMaxQueryBytes = 8'000;
constexpr std::uint32_t kMaxLimit = 1'000;
constexpr std::size_t kCandidatesOfEachPart = 200;
constexpr std::size_t kCandidatesPerHit = 3;  // several passages of one reference count once

struct Candidate {
  index::PassageNumber passage = 0;  // in the snapshot of its tier
  PartScores parts;
  float score = 0;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Result<void> check(const SearchRequest& request) {
  if (request.query.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    return Error{ErrorCode::invalid, "the query is empty: ask something"};
  }
  if (request.query.size() > kMaxQueryBytes) {
    return Error{ErrorCode::invalid, "the query has " + std::to_string(request.query.size()) +
                                         " bytes, more than the 8,000 that are read: make it shorter"};
  }
  if (request.limit == 0 || request.limit > kMaxLimit) {
    return Error{ErrorCode::invalid, "limit is " + std::to_string(request.limit) + ": it must be from 1 to 1,000"};
  }
  return check(request.filter);
}

// What one query looks for, in the forms the index takes.
struct Probe {
  std::vector<std::string> terms;
  std::vector<float> full, first;  // the query's vector for each tier; empty where that tier is not searched by meaning
  QueryBy by = QueryBy::words;
  float full_weight = 0, first_weight = 0;  // of meaning against words, by what made the vectors
  std::optional<float> temperature;         // of the full tier's vector, where the model's is known

  const std::vector<float>& vector(Tier tier) const { return tier == Tier::full ? full : first; }
};

// Passages of one tier that either part found, each once, with the scores of both parts.
void gather(const index::Snapshot& snapshot, Tier tier, const Probe& probe, SearchMode mode, std::size_t wanted,
            const index::Accept& accept, std::vector<Candidate>& found) {
  const std::vector<float>& vector = probe.vector(tier);
  std::unordered_map<index::PassageNumber, std::size_t> position;
  std::vector<index::PassageNumber> one_sided;  // found by one part: asked of the other all at once
  if (!vector.empty()) {
    for (const index::Hit& hit : snapshot.semantic(vector, wanted, accept)) {
      position.emplace(hit.passage, found.size());
      found.push_back({hit.passage, {hit.score, 0, tier}, 0});
      one_sided.push_back(hit.passage);
    }
    const std::vector<float> bm25 = snapshot.bm25_scores(probe.terms, one_sided);
    for (std::size_t i = 0; i < bm25.size(); ++i) found[position.at(one_sided[i])].parts.bm25 = bm25[i];
  }
  if (mode == SearchMode::semantic || probe.terms.empty()) return;
  one_sided.clear();
  const std::size_t begin = found.size();
  for (const index::Hit& hit : snapshot.bm25(probe.terms, wanted, accept)) {
    if (position.contains(hit.passage)) continue;
    found.push_back({hit.passage, {0, hit.score, tier}, 0});
    one_sided.push_back(hit.passage);
  }
  if (vector.empty()) return;
  const std::vector<float> cosines = snapshot.similarities(vector, one_sided);
  for (std::size_t i = 0; i < cosines.size(); ++i) found[begin + i].parts.semantic = cosines[i];
}

double idf(double passages, double holding) { return std::log(1.0 + (passages - holding + 0.5) / (holding + 0.5)); }

// Each tier weighs a term by how rare it is in that tier. Here its scores are taken apart by term and put together with
// the rareness in both: then BM25 is that of one index, but for the average length. O(candidates x terms).
void weigh_terms_over_both(const Snapshots& snapshots, std::span<const std::string> terms,
                           std::vector<Candidate>& candidates) {
  struct Term {
    std::vector<std::string> repeated;  // one term, as often as the query holds it
    double full = 0, first = 0;         // what its score in that tier is multiplied by
  };
  std::map<std::string, Term> distinct;
  for (const std::string& term : terms) distinct[term].repeated.push_back(term);
  const auto full_size = static_cast<double>(snapshots.full->size());
  const auto first_size = static_cast<double>(snapshots.first->size());
  for (auto& [text, term] : distinct) {
    const auto in_full = static_cast<double>(snapshots.full->document_frequency(text));
    const auto in_first = static_cast<double>(snapshots.first->document_frequency(text));
    const double joint = idf(full_size + first_size, in_full + in_first);
    term.full = joint / idf(full_size, in_full);
    term.first = joint / idf(first_size, in_first);
  }
  for (Candidate& candidate : candidates) {
    const bool full = candidate.parts.tier == Tier::full;
    const index::Snapshot& snapshot = full ? *snapshots.full : *snapshots.first;
    double sum = 0;
    for (const auto& [text, term] : distinct)
      sum += (full ? term.full : term.first) * snapshot.bm25_of(term.repeated, candidate.passage);
    candidate.parts.bm25 = static_cast<float>(sum);
  }
}

// In a tier that is not searched by meaning BM25 has all the weight.
void score(std::vector<Candidate>& candidates, SearchMode mode, const Probe& probe, FusionOptions options) {
  options.semantic_weight = probe.full.empty() ? 0 : probe.full_weight;
  options.first_tier_weight = probe.first.empty() ? 0 : probe.first_weight;
  std::vector<PartScores> parts;
  parts.reserve(candidates.size());
  for (const Candidate& candidate : candidates) parts.push_back(candidate.parts);
  if (mode == SearchMode::hybrid && probe.temperature) {
    std::vector<PartScores> full;
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(full),
                 [](const PartScores& each) { return each.tier == Tier::full; });
    options.semantic_weight = weight_by_spread(full, *probe.temperature, options);
  }
  const bool one_tier =
      std::none_of(parts.begin(), parts.end(), [&](const PartScores& p) { return p.tier != parts[0].tier; });
  std::vector<float> scores(parts.size());
  if (mode == SearchMode::hybrid) {
    scores = fuse(parts, options);
  } else if (mode == SearchMode::semantic && !one_tier) {
    scores = scale_by_tier(parts);
  } else {
    for (std::size_t i = 0; i < parts.size(); ++i)
      scores[i] = mode == SearchMode::semantic ? parts[i].semantic : parts[i].bm25;
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i].score = scores[i];
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.parts.tier != b.parts.tier ? a.parts.tier == Tier::full : a.passage < b.passage;
  });
}

// Empty when no token of the query says anything.
Result<std::vector<float>> by_table(const TierTable& table, std::string_view query) {
  RENVOI_TRY(model::Embeddings embedded, table.embedder->embed({&query, 1}, model::EmbedRole::query));
  const bool says_nothing = std::all_of(embedded.values.begin(), embedded.values.end(), [](float x) { return x == 0; });
  return says_nothing ? std::vector<float>() : std::move(embedded.values);
}

}  // namespace

struct Searcher::Impl {
  Collection& collection;
  std::vector<model::Embedder*> models;  // the first, unless the index is bound to another of them
  const SearcherOptions options;
  ShowableCache showable;
  std::atomic<std::uint64_t> by_words = 0, by_encoder = 0, by_table_ = 0;

  void count(QueryBy by) {
    (by == QueryBy::words     ? by_words
     : by == QueryBy::encoder ? by_encoder
                              : by_table_)
        .fetch_add(1, std::memory_order_relaxed);
  }

  float weight_of(const TierTable& table, float not_fitted) const {
    return table.held_out_cosine ? fitted_weight(*table.held_out_cosine, options.fusion) : not_fitted;
  }

  model::Embedder& model_of(const Snapshots& snapshots) const {
    for (model::Embedder* model : models)
      if (model->digest() == snapshots.identity.model_digest) return *model;
    return *models.front();
  }

  // By the encoder, unless the caller or the encoder's other work leaves no time for it.
  Result<void> probe_full_tier(const SearchRequest& request, const Snapshots& snapshots, Probe& probe) {
    const FusionOptions& fusion = options.fusion;
    model::Embedder& embedder = model_of(snapshots);
    const bool busy = embedder.expected_wait() > options.busy_after;
    if (request.fast || busy) {
      const std::shared_ptr<const TierTable> table = snapshots.tables->newest();
      if (table != nullptr && table->embedder != nullptr) {
        RENVOI_TRY(probe.full, by_table(*table, request.query));
        probe.full_weight = weight_of(*table, fusion.table_query_weight);
        probe.by = QueryBy::table;
        return {};
      }
      if (request.fast) return {};
    }
    const std::string_view text = request.query;
    RENVOI_TRY(model::Embeddings embedded, embedder.embed({&text, 1}, model::EmbedRole::query));
    probe.full = std::move(embedded.values);
    probe.full_weight = fusion.semantic_weight;
    probe.temperature = embedder.cosine_temperature();
    probe.by = QueryBy::encoder;
    return {};
  }

  Result<Probe> probe(const SearchRequest& request, const std::string& language, const Snapshots& snapshots) {
    Probe probe;
    RENVOI_TRY(const std::vector<std::string> others, showable.languages());
    probe.terms = query_terms(request.query, language, others);
    if (request.mode == SearchMode::bm25) return probe;
    if (snapshots.full->size() > 0) RENVOI_CHECK(probe_full_tier(request, snapshots, probe));
    const TierTable* const table = snapshots.first_table.get();
    if (table != nullptr && table->embedder != nullptr && snapshots.first_size() > 0) {
      RENVOI_TRY(probe.first, by_table(*table, request.query));
      probe.first_weight = weight_of(*table, options.fusion.first_tier_weight);
      if (probe.by == QueryBy::words) probe.by = QueryBy::table;
    }
    return probe;
  }

  std::vector<Candidate> candidates(const SearchRequest& request, const Snapshots& snapshots, const Probe& probe,
                                    const ReferenceSet& allowed) {
    const std::size_t wanted = std::max(kCandidatesOfEachPart, kCandidatesPerHit * request.limit);
    const index::Snapshot& full = *snapshots.full;
    std::vector<Candidate> found;
    gather(
        full, Tier::full, probe, request.mode, wanted,
        [&](ReferenceId reference) { return allowed.contains(reference); }, found);
    if (snapshots.first_size() == 0) return found;
    gather(
        *snapshots.first, Tier::first, probe, request.mode, wanted,
        [&](ReferenceId reference) { return allowed.contains(reference) && full.passages_of(reference).empty(); },
        found);
    if (full.size() > 0) weigh_terms_over_both(snapshots, probe.terms, found);
    return found;
  }

  // Best first, at most `passages_per_reference` of each reference. A reference that changed its state since it was
  // accepted, or is no more, is passed over.
  Result<std::vector<SearchHit>> choose(const Snapshots& snapshots, const std::vector<Candidate>& candidates,
                                        const SearchRequest& request) {
    std::vector<SearchHit> hits;
    std::unordered_map<std::uint32_t, std::pair<std::uint32_t, std::optional<catalog::Reference>>> taken;
    for (const Candidate& candidate : candidates) {
      if (hits.size() == request.limit) break;
      const Tier tier = candidate.parts.tier;
      const index::PassageRecord record =
          (tier == Tier::full ? *snapshots.full : *snapshots.first).record(candidate.passage);
      const auto [entry, first] = taken.try_emplace(to_number(record.reference));
      auto& [count, reference] = entry->second;
      if (first) {
        Result<catalog::Reference> read = collection.catalog().reference(record.reference);
        if (read.ok() && lets_through(request.filter, *read)) {
          reference = std::move(read).value();
        } else if (!read.ok() && read.error().code != ErrorCode::not_found) {
          return std::move(read).error();
        }
      }
      if (!reference) continue;
      if (request.passages_per_reference != 0 && count == request.passages_per_reference) continue;
      ++count;
      hits.push_back({*reference, record.ordinal, record.range, record.fingerprint, candidate.score,
                      candidate.parts.semantic, candidate.parts.bm25, tier});
    }
    return hits;
  }
};

std::string_view to_string(QueryBy by) {
  return by == QueryBy::words ? "words" : by == QueryBy::encoder ? "encoder" : "table";
}

Searcher::Searcher(Collection& collection, model::Embedder& embedder, const SearcherOptions& options)
    : impl_(new Impl{collection, {&embedder}, options, ShowableCache(collection.catalog())}) {}
Searcher::~Searcher() = default;

void Searcher::add_model(model::Embedder& embedder) { impl_->models.push_back(&embedder); }

model::Embedder& Searcher::embedder() const { return impl_->model_of(impl_->collection.snapshots()); }

QueryCounts Searcher::counts() const { return {impl_->by_words, impl_->by_encoder, impl_->by_table_}; }

Result<SearchResponse> Searcher::search(const SearchRequest& request) {
  RENVOI_CHECK(check(request));
  SearchResponse response;
  response.query_language = text::detect_language(request.query);
  // A reader follows the writer of another process here; for the writer itself there is nothing to follow.
  RENVOI_CHECK(impl_->collection.refresh());
  const Snapshots snapshots = impl_->collection.snapshots();
  response.embedder = &impl_->model_of(snapshots);
  const auto embed_start = std::chrono::steady_clock::now();
  RENVOI_TRY(Probe probe, impl_->probe(request, response.query_language, snapshots));
  response.timings.embed_ms = milliseconds_since(embed_start);

  const auto search_start = std::chrono::steady_clock::now();
  RENVOI_TRY(const std::shared_ptr<const ReferenceSet> allowed, impl_->showable.get(request.filter));
  std::vector<Candidate> candidates = impl_->candidates(request, snapshots, probe, *allowed);
  score(candidates, request.mode, probe, impl_->options.fusion);
  RENVOI_TRY(response.hits, impl_->choose(snapshots, candidates, request));
  // What damaged bytes left out of the hits must not pass for "not found".
  RENVOI_CHECK(snapshots.full->sound());
  if (snapshots.first != nullptr) RENVOI_CHECK(snapshots.first->sound());
  response.timings.search_ms = milliseconds_since(search_start);
  response.query_by = probe.by;
  if (probe.by == QueryBy::encoder) response.query_vector = std::move(probe.full);
  impl_->count(probe.by);
  return response;
}

}  // namespace renvoi::search
