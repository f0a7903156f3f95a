// A question to ranked references: semantic and BM25 hits, fused.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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
  // Without the encoder: the table makes the query's vector for both tiers. Without a table by words alone, and in mode
  // `semantic` nothing is found.
  bool fast = false;
};

struct SearchHit {
  catalog::Reference reference;
  std::uint32_t ordinal = 0;  // of the passage in its document
  text::Range range;
  std::uint64_t fingerprint = 0;  // index/passage_fingerprint.h
  float score = 0;                // fused, 0 to 1; in the other modes the part's own score (with hits of both tiers in
                    // mode `semantic`: their cosines scaled to 0 to 1, those of one tier are not the other's)
  float semantic = 0;  // cosine, of the hit's tier
  float bm25 = 0;      // BM25 units, of both tiers together
  Tier tier = Tier::full;
};

// What made the query's vector for the full tier; where that holds nothing, for the first.
enum class QueryBy : std::uint8_t {
  words,    // nothing: mode `bm25`, nothing to search by meaning, or no table and no encoder
  encoder,  // the embedding model
  table,    // the table of token vectors: asked to be fast, or the encoder is busy
};
std::string_view to_string(QueryBy by);  // "words", "encoder", "table"

struct SearchTimings {
  double embed_ms = 0;
  double search_ms = 0;
};

struct SearchResponse {
  std::vector<SearchHit> hits;  // best first
  // Of the model that the index which was searched is bound to: what is compared with the hits is encoded with it.
  model::Embedder* embedder = nullptr;
  std::string query_language;
  QueryBy query_by = QueryBy::words;
  // The encoder's vector of the query where it made one: whoever needs it again need not ask.
  std::vector<float> query_vector;
  SearchTimings timings;
};

struct SearcherOptions {
  FusionOptions fusion;
  // A query that would wait longer than this for the encoder is answered by the table, where there is one.
  std::chrono::milliseconds busy_after{150};
};

// How many queries were answered by what.
struct QueryCounts {
  std::uint64_t words = 0, encoder = 0, table = 0;
};

// Thread-safe. What it is given must outlive it. Queries for the first tier are embedded by the table that made its
// vectors, for the full tier by `embedder` or by the newest of the collection's tables. Each is asked only where its
// tier holds something. Errors: `invalid` (empty or longer than 8,000 bytes query; a filter as check() refuses), those
// of the embedders and of Collection::refresh.
class Searcher {
 public:
  Searcher(Collection& collection, model::Embedder& embedder, const SearcherOptions& options = {});
  ~Searcher();
  // While the model changes, the next one too, before the first search: each search asks the one that its snapshots are
  // bound to, and the tables of that one.
  void add_model(model::Embedder& embedder);
  Result<SearchResponse> search(const SearchRequest& request);
  // Of the index as it is now.
  model::Embedder& embedder() const;
  QueryCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::search
