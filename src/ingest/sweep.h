// The sweep of a change of model: every document of the collection is read again, and encoded for the next index.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "ingest/ingest.h"

namespace renvoi::ingest {

// Of the model that the index is bound to, and of the one that it changes to: the same where only the extractor
// changes.
struct SweepModels {
  model::Embedder& present;
  model::Embedder& next;
};

struct SweepReport {
  IngestReport ingest;
  std::vector<ReferenceId> unreadable;  // looked at, and cannot be read, though it is not gone: another kind, too large
};

// Takes what waits for the next index there (search::Collection::waiting_for_next), only of `source` when it is given,
// by the path of a sync: politely, or from the disk or the cache (cached_fetcher.h); what is gone leaves both. A text
// that has changed goes into both, the present one by its own model. Stopped or killed, the next call goes on. The
// switch is the caller's to make (Collection::switch_to_next). Errors: of the embedders and of Collection; a source
// that cannot be read is a problem in the report.
Result<SweepReport> encode_for_next(search::Collection& collection, crawl::Fetcher& fetcher, const SweepModels& models,
                                    const IngestOptions& options = {}, std::stop_token stop = {},
                                    std::optional<SourceId> source = {});

}  // namespace renvoi::ingest
