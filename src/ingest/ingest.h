// The write path in one place: sync -> extract -> passages -> embed -> index, with bounded queues between.
//
// Above crawl, model and search, below the program. The one writer of the collection while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "crawl/document_cache.h"
#include "crawl/sync.h"
#include "extract/document.h"
#include "extract/passages.h"
#include "model/embedder.h"
#include "search/collection.h"

namespace renvoi::ingest {

struct IngestProgress {
  crawl::SyncProgress sync;
  std::uint64_t documents_indexed = 0;
  std::uint64_t passages_indexed = 0;
  std::uint64_t passages_waiting = 0;  // extracted, not yet encoded
  double passages_per_s = 0;           // over the last seconds
};

struct IngestOptions {
  crawl::SyncOptions sync;                                 // its on_progress is not used
  std::uint32_t batch_passages = 64;                       // encoded together
  std::uint32_t commit_every_s = 5;                        // or when a batch is full, whichever is later
  std::function<void(const IngestProgress&)> on_progress;  // at most ten times a second
  crawl::DocumentCache* cache = nullptr;  // what the source's retention keeps goes here; must outlive the call
};

struct IngestReport {
  crawl::SyncReport sync;
  std::uint64_t documents_indexed = 0;
  std::uint64_t passages_indexed = 0;
  std::uint64_t text_bytes = 0;
  double seconds = 0;
};

// Interrupted (stop, crash, error), everything acknowledged stays and the next call goes on. Errors: of sync_source,
// Embedder::embed and Collection::put.
Result<IngestReport> ingest_source(const catalog::Source& source, search::Collection& collection,
                                   crawl::Fetcher& fetcher, model::Embedder& embedder,
                                   const IngestOptions& options = {}, std::stop_token stop = {});

// One document as the index takes it: the same path for a crawl and for an evaluation. `terms` and `vectors` own what
// the PassageInputs view.
struct PreparedDocument {
  std::vector<extract::Passage> passages;
  std::vector<std::string> inputs;                  // extract::passage_input of each
  std::vector<std::vector<text::TermCount>> terms;  // of body, heading path and title, by the document's language
};
PreparedDocument prepare(const extract::Document& document, const extract::PassageOptions& options = {});
std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const model::Embeddings& embeddings,
                                                std::size_t first_row);

}  // namespace renvoi::ingest
