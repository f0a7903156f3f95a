#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
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
  index::PassageNumber passage = 0;
  PartScores parts;
  float score = 0;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Result<void> check(const SearchRequest& request) {
  if (request.query.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{ErrorCode::invalid, "the query is empty: ask something"};
  }
  if (request.query.size() > kMaxQueryBytes) {
    return Error{ErrorCode::invalid, "the query has " + std::to_string(request.query.size()) +
                                         " bytes, more than the 8,000 that are read: make it shorter"};
  }
  if (request.limit == 0 || request.limit > kMaxLimit) {
    return Error{ErrorCode::invalid, "limit is " + std::to_string(request.limit) + ": it must be from 1 to 1,000"};
  }
  return {};
}

// What one query looks for, in the forms the index takes.
struct Probe {
  std::vector<std::string> terms;
  std::vector<float> vector;  // empty in mode bm25
};

// Passages that either part found, each once, with the scores of both parts.
std::vector<Candidate> gather(const index::Snapshot& snapshot, const Probe& probe, SearchMode mode, std::size_t wanted,
                              const index::Accept& accept) {
  std::vector<Candidate> found;
  std::unordered_map<index::PassageNumber, std::size_t> position;
  if (mode != SearchMode::bm25) {
    for (const index::Hit& hit : snapshot.semantic(probe.vector, wanted, accept)) {
      position.emplace(hit.passage, found.size());
      found.push_back({hit.passage, {hit.score, snapshot.bm25_of(probe.terms, hit.passage)}, 0});
    }
  }
  if (mode != SearchMode::semantic && !probe.terms.empty()) {
    for (const index::Hit& hit : snapshot.bm25(probe.terms, wanted, accept)) {
      if (const auto known = position.find(hit.passage); known != position.end()) {
        found[known->second].parts.bm25 = hit.score;
        continue;
      }
      const float cosine = mode == SearchMode::bm25 ? 0.0F : snapshot.similarity(probe.vector, hit.passage);
      found.push_back({hit.passage, {cosine, hit.score}, 0});
    }
  }
  return found;
}

void score(std::vector<Candidate>& candidates, SearchMode mode) {
  std::vector<PartScores> parts;
  parts.reserve(candidates.size());
  for (const Candidate& candidate : candidates) parts.push_back(candidate.parts);
  const std::vector<float> fused = mode == SearchMode::hybrid ? fuse(parts) : std::vector<float>{};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].score = mode == SearchMode::hybrid     ? fused[i]
                          : mode == SearchMode::semantic ? parts[i].semantic
                                                         : parts[i].bm25;
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.passage < b.passage;
  });
}

bool in_showable_state(const catalog::Reference& reference) {
  using enum catalog::ReferenceState;
  return reference.indexed && (reference.state == live || reference.state == moved || reference.state == host_down);
}

}  // namespace

struct Searcher::Impl {
  Collection& collection;
  model::Embedder& embedder;
  ShowableCache showable;

  Result<Probe> probe(const SearchRequest& request, const std::string& language) {
    Probe probe;
    RENVOI_TRY(const std::vector<std::string> others, showable.languages());
    probe.terms = query_terms(request.query, language, others);
    if (request.mode == SearchMode::bm25) return probe;
    const std::array<std::string_view, 1> texts{request.query};
    RENVOI_TRY(model::Embeddings embedded, embedder.embed(texts, model::EmbedRole::query));
    probe.vector = std::move(embedded.values);
    return probe;
  }

  // Best first, at most `passages_per_reference` of each reference. A reference that changed its state since it was
  // accepted, or is no more, is passed over.
  Result<std::vector<SearchHit>> choose(const index::Snapshot& snapshot, const std::vector<Candidate>& candidates,
                                        const SearchRequest& request) {
    std::vector<SearchHit> hits;
    std::unordered_map<std::uint32_t, std::pair<std::uint32_t, std::optional<catalog::Reference>>> taken;
    for (const Candidate& candidate : candidates) {
      if (hits.size() == request.limit) break;
      const index::PassageRecord record = snapshot.record(candidate.passage);
      const auto [entry, first] = taken.try_emplace(to_number(record.reference));
      auto& [count, reference] = entry->second;
      if (first) {
        Result<catalog::Reference> read = collection.catalog().reference(record.reference);
        if (read.ok() && in_showable_state(*read)) {
          reference = std::move(read).value();
        } else if (!read.ok() && read.error().code != ErrorCode::not_found) {
          return std::move(read).error();
        }
      }
      if (!reference) continue;
      if (request.passages_per_reference != 0 && count == request.passages_per_reference) continue;
      ++count;
      hits.push_back({*reference, record.ordinal, record.range, record.fingerprint, candidate.score,
                      candidate.parts.semantic, candidate.parts.bm25});
    }
    return hits;
  }
};

Searcher::Searcher(Collection& collection, model::Embedder& embedder)
    : impl_(new Impl{collection, embedder, ShowableCache(collection.catalog())}) {}
Searcher::~Searcher() = default;

Result<SearchResponse> Searcher::search(const SearchRequest& request) {
  RENVOI_CHECK(check(request));
  SearchResponse response;
  response.query_language = text::detect_language(request.query);
  const auto embed_start = std::chrono::steady_clock::now();
  RENVOI_TRY(const Probe probe, impl_->probe(request, response.query_language));
  response.timings.embed_ms = milliseconds_since(embed_start);

  const auto search_start = std::chrono::steady_clock::now();
  // A reader follows the writer of another process here; for the writer itself there is nothing to follow.
  if (!impl_->collection.writable()) RENVOI_CHECK(impl_->collection.index().refresh());
  RENVOI_TRY(const std::shared_ptr<const ReferenceSet> allowed, impl_->showable.get(request.source, request.language));
  const std::shared_ptr<const index::Snapshot> snapshot = impl_->collection.index().snapshot();
  const std::size_t wanted = std::max(kCandidatesOfEachPart, kCandidatesPerHit * request.limit);
  std::vector<Candidate> candidates = gather(*snapshot, probe, request.mode, wanted,
                                             [&](ReferenceId reference) { return allowed->contains(reference); });
  score(candidates, request.mode);
  RENVOI_TRY(response.hits, impl_->choose(*snapshot, candidates, request));
  response.timings.search_ms = milliseconds_since(search_start);
  return response;
}

}  // namespace renvoi::search
