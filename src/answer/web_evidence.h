// Evidence from the web: pages that a search engine named, read now. Nothing of them is stored.
#pragma once

#include <span>
#include <stop_token>

#include "answer/evidence.h"
#include "crawl/search_engine.h"

namespace renvoi::answer {

// Reads `pages` within `budget`, in their order, and takes the passages of each that are nearest to the question. A
// page that cannot be read, or that asks not to be indexed, is dropped with the reason. `policy`: robots.txt and the
// address guard hold as for any source. Errors: those of the embedder.
Result<Evidence> read_web_evidence(const EvidenceReader& reader, std::span<const crawl::FoundPage> pages,
                                   const catalog::SourcePolicy& policy, const Question& question,
                                   const TermWeights& weights, const LookBudget& budget, std::stop_token stop);

}  // namespace renvoi::answer
