// Evidence: the documents an answer may cite, read again now. The fetch is the liveness check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "answer/answer.h"
#include "answer/question.h"
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
  bool verified = false;                // as of checked_at, which is now; false: of an earlier check, from the cache
  bool changed = false;                 // the text is not the one that was indexed
  std::vector<text::Range> kept_out{};  // of the text: in no prompt and no quote (screen.h)
};

struct Evidence {
  std::vector<EvidenceDocument> documents;  // in the order of the hits
  std::vector<Dropped> dropped;
};

struct LookBudget {
  std::uint32_t documents = 6;       // that stand are enough; never are more than that looked at at once
  std::uint32_t verify_ms = 1'500;   // then what stands is enough, if anything does: the rest is cut short
  std::uint32_t timeout_ms = 8'000;  // then everything is cut short
};

// What reading again needs. Everything must outlive the call.
struct EvidenceReader {
  search::Collection& collection;
  crawl::Fetcher& fetcher;
  model::Embedder& embedder;
  crawl::DocumentCache* cache;  // may be null
  crawl::LifePolicy life{};
  crawl::RevisitPolicy revisit{};
};

// Reads the documents of `hits` again within `budget` (a thread each), finds the hit passages in them by fingerprint,
// or, when the text has changed or none is found (another extractor made them), takes the passages of the text as it is
// now that are nearest to the question. The ranges of the hits are not used. What is gone, blocked, forbidden to index
// or out of time is dropped, with the reason, and the next of the hits takes its place; what was learnt of a reference
// is written back. `hits` beyond the first `spare_from` are spares: of references that are among the first they say
// nothing. Errors: those of the embedder.
Result<Evidence> read_evidence(const EvidenceReader& reader, std::span<const search::SearchHit> hits,
                               std::size_t spare_from, const Question& question, const TermWeights& weights,
                               const LookBudget& budget, std::stop_token stop);

}  // namespace renvoi::answer
