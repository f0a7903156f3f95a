// The write path in one place: sync -> extract -> passages -> embed -> index, with bounded queues between.
//
// Where the collection has a table of token vectors (search/tier.h), a document is committed to the first tier at most
// about a second after it was read, and goes on to the encoder, whose vectors replace the table's.
// Above crawl, model and search, below the program. The one writer of the collection while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

class TableFitter;

struct IngestProgress {
  crawl::SyncProgress sync;
  std::uint64_t documents_indexed = 0;  // searchable: in the first tier at least
  std::uint64_t passages_indexed = 0;
  std::uint64_t documents_encoded = 0;  // in the full tier
  std::uint64_t passages_encoded = 0;
  std::uint64_t passages_kept = 0;     // of those: by their codes, not by the encoder
  std::uint64_t passages_waiting = 0;  // extracted, not yet through the last stage
  double passages_per_s = 0;           // through the last stage, over the last seconds
};

struct IngestOptions {
  crawl::SyncOptions sync;                                 // its on_progress is not used
  std::uint32_t batch_passages = 64;                       // encoded together
  std::uint32_t commit_every_s = 5;                        // or when a batch is full, whichever is later
  std::function<void(const IngestProgress&)> on_progress;  // at most ten times a second
  crawl::DocumentCache* cache = nullptr;  // what the source's retention keeps goes here; must outlive the call
  bool fast = false;                      // where there is a first tier: end when all is in it
  TableFitter* fitter = nullptr;          // is told what was encoded (table_fitter.h; in a sweep that of the next
                                          // model); must outlive the call
};

struct IngestReport {
  crawl::SyncReport sync;
  std::uint64_t documents_indexed = 0;
  std::uint64_t passages_indexed = 0;
  std::uint64_t documents_encoded = 0, passages_encoded = 0;
  std::uint64_t passages_kept = 0;  // of those encoded: they were in the full tier and have kept their codes
  std::uint64_t text_bytes = 0;
  double seconds = 0;
};

// Interrupted (stop, crash, error), everything acknowledged stays, in the first tier if the encoder had not come to it,
// and the next call goes on. Unless `fast`, the source has nothing in the first tier at the end but what could not be
// read again. Errors: of sync_source, Embedder::embed and Collection::put.
Result<IngestReport> ingest_source(const catalog::Source& source, search::Collection& collection,
                                   crawl::Fetcher& fetcher, model::Embedder& embedder,
                                   const IngestOptions& options = {}, std::stop_token stop = {});

// Takes what is only in the first tier to the full one: reads each document again by the path of a sync (politely; what
// is gone leaves), encodes it and replaces it. Only of `source` when it is given. Stopped, it goes on with the next
// call. Errors: as above; a source that cannot be read is a problem in the report.
Result<IngestReport> encode_waiting(search::Collection& collection, crawl::Fetcher& fetcher, model::Embedder& embedder,
                                    const IngestOptions& options = {}, std::stop_token stop = {},
                                    std::optional<SourceId> source = {});

// One document as the index takes it: the same path for a crawl and for an evaluation. `terms` and `vectors` own what
// the PassageInputs view.
struct PreparedDocument {
  std::vector<extract::Passage> passages;
  std::vector<std::string> inputs;                  // extract::passage_input of each
  std::vector<std::vector<text::TermCount>> terms;  // of body, heading path and title, by the document's language
};
PreparedDocument prepare(const extract::Document& document, const extract::PassageOptions& options = {});
// As the index has it: of the text and of the headings above it (index/passage_fingerprint.h).
std::uint64_t passage_fingerprint(const extract::Passage& passage);
std::vector<std::uint64_t> passage_fingerprints(const PreparedDocument& prepared);
std::vector<index::PassageInput> passage_inputs(const PreparedDocument& prepared, const model::Embeddings& embeddings,
                                                std::size_t first_row);

}  // namespace renvoi::ingest
