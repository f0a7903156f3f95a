// A question to ranked references: semantic and BM25 hits, fused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/types.h"
#include "model/embedder.h"
#include "search/collection.h"
#include "search/filter.h"
#include "search/fusion.h"
#include "text/range.h"

namespace renvoi::search {

enum class SearchMode : std::uint8_t { hybrid, semantic, bm25 };

struct SearchRequest {
  std::string query;
  std::uint32_t limit = 10;  // passages, 1 to 1,000
  SearchMode mode = SearchMode::hybrid;
  SearchFilter filter;
  std::uint32_t passages_per_reference = 1;  // best first; 0: no limit
  // Without the encoder: by words, and by meaning in the first tier only. In mode `semantic` nothing else is found.
  bool fast = false;
};

struct SearchHit {
  catalog::Reference reference;
  std::uint32_t ordinal = 0;  // of the passage in its document
  text::Range range;
  std::uint64_t fingerprint = 0;  // of the passage's text
  float score = 0;                // fused, 0 to 1; in the other modes the part's own score (with hits of both tiers in
                    // mode `semantic`: their cosines scaled to 0 to 1, those of one tier are not the other's)
  float semantic = 0;  // cosine, of the hit's tier
  float bm25 = 0;      // BM25 units, of both tiers together
  Tier tier = Tier::full;
};

struct SearchTimings {
  double embed_ms = 0;
  double search_ms = 0;
};

struct SearchResponse {
  std::vector<SearchHit> hits;  // best first
  // Of the model that the index which was searched is bound to: what is compared with the hits is encoded with it.
  model::Embedder* embedder = nullptr;
  std::string query_language;
  SearchTimings timings;
};

// Thread-safe. What it is given must outlive it. `table` embeds queries for the first tier: absent, that tier is
// searched by words only. Each is asked only where its tier holds something. Errors: `invalid` (empty or longer than
// 8,000 bytes query; a filter as check() refuses), those of the embedders and of Collection::refresh.
class Searcher {
 public:
  Searcher(Collection& collection, model::Embedder& embedder, model::Embedder* table = nullptr,
           const FusionOptions& fusion = {});
  ~Searcher();
  // While the model changes, the next one too, before the first search: each search asks the one that its snapshots are
  // bound to.
  void add_model(model::Embedder& embedder, model::Embedder* table = nullptr);
  Result<SearchResponse> search(const SearchRequest& request);
  // Of the index as it is now.
  model::Embedder& embedder() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::search
