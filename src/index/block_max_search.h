// The best k passages of a segment by BM25, reading only the blocks that can matter: BlockMax-MaxScore.
//
// Passages are taken in windows in which every block is known. In each, the terms are split: the *essential* ones, of
// which a passage must hold one to enter the top k, and the rest, which are looked up only where the essential ones
// leave a chance (Turtle and Flood, "Query evaluation: strategies and optimizations", IP&M 1995; Ding and Suel, "Faster
// top-k document retrieval using block-max indexes", SIGIR 2011; windows as in Lucene's MaxScoreBulkScorer).
//
// Exact: the same passages and bit for bit the same scores as scoring everything. A passage's score is the sum, in
// float, in the order in which the terms are given, of Bm25Curve::score of the terms it holds.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "index/block_cursor.h"
#include "index/index.h"

namespace renvoi::index {

constexpr float kMaxTermWeight = 1e30F;

// A term of a query with its list in one segment.
struct BlockMaxTerm {
  std::string_view list;       // as PostingBlockWriter wrote it
  std::uint32_t postings = 0;  // in the list; 0: the segment does not hold the term
  float weight = 0;            // idf x how often the query holds it; above 0, at most kMaxTermWeight
};

struct BlockMaxSegment {
  std::span<const std::uint8_t> lengths;  // the length code of each passage
  std::span<const std::uint64_t> live;    // bit i % 64 of word i / 64 is passage i; empty: all live
};

// Whether a passage may be hit. Asked for those passages only whose score is enough; empty: all.
using AcceptPassage = std::function<bool(std::uint32_t passage)>;

struct BlockMaxStats {  // of one search
  std::uint64_t windows = 0;
  std::uint64_t windows_skipped = 0;
  std::uint64_t postings_scored = 0;  // of essential terms
  std::uint64_t candidates = 0;       // looked up in the other terms
};

struct BlockMaxOptions {
  // Passages that score less are left out, those that score exactly this are kept: the k-th best score of other
  // segments, so that one top k runs across them.
  float threshold = 0;
  const AcceptPassage* accept = nullptr;
  Kernel kernel = best_kernel();
  BlockMaxStats* stats = nullptr;
};

// The best k of the live and accepted passages that hold a term, best first, ties by the smaller passage, numbered
// within the segment. The passages filtered out never push another out. Errors: `invalid` (a weight), `corrupt` (a
// list). Thread-safe. Memory: 5 KB a term and 20 KB.
Result<std::vector<Hit>> block_max_top_k(std::span<const BlockMaxTerm> terms, std::size_t k,
                                         const BlockMaxSegment& segment, const Bm25Curve& curve,
                                         const BlockMaxOptions& options = {});

// The score of one passage, live or not; 0 when it holds no term. Bit for bit that of block_max_top_k. O(log postings)
// a term. Errors: the same.
Result<float> block_score_of(std::span<const BlockMaxTerm> terms, std::uint32_t passage, const BlockMaxSegment& segment,
                             const Bm25Curve& curve);
// The same of several, strictly increasing: scores[i] is that of passages[i]. Walks each list once.
Result<void> block_scores_of(std::span<const BlockMaxTerm> terms, std::span<const std::uint32_t> passages,
                             const BlockMaxSegment& segment, const Bm25Curve& curve, std::span<float> scores);

}  // namespace renvoi::index
