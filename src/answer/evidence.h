// Evidence: the documents an answer may cite, read again now. The fetch is the liveness check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "answer/answer.h"
#include "answer/question.h"
#include "answer/time_limit.h"
#include "extract/document.h"
#include "extract/passages.h"

namespace renvoi::answer {

struct EvidencePassage {
  extract::Passage passage;
  float search_score = 0;  // fused, 0 to 1
  float semantic = 0;      // cosine of the question with the passage
};

struct EvidenceDocument {
  catalog::Reference reference;           // with the state this look gave it
  extract::Document document;             // as it is now
  std::vector<EvidencePassage> passages;  // best first, at least one
  Timestamp checked_at = 0;
  bool changed = false;  // the text is not the one that was indexed
};

struct Evidence {
  std::vector<EvidenceDocument> documents;  // in the order of the hits
  std::vector<Dropped> dropped;
};

// What reading again needs. Everything must outlive the call.
struct EvidenceReader {
  search::Collection& collection;
  crawl::Fetcher& fetcher;
  model::Embedder& embedder;
  crawl::DocumentCache* cache;  // may be null
};

// Reads the documents of `hits` again (at most `most_references`, one thread each), finds the hit passages in them by
// fingerprint, or, when the text has changed or none is found (another extractor made them), takes the passages of the
// text as it is now that are nearest to the question. The ranges of the hits are not used. What is gone, blocked, forbidden to index or out of time is dropped, with the reason; what was learnt of a
// reference is written back. Errors: those of the embedder.
Result<Evidence> read_evidence(const EvidenceReader& reader, std::span<const search::SearchHit> hits,
                               const Question& question, const TermWeights& weights, std::uint32_t most_references,
                               const TimeLimit& limit);

}  // namespace renvoi::answer
