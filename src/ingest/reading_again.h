// Reading given references again, source by source, and what such passes have in common.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "crawl/sync.h"
#include "ingest/progress.h"
#include "search/collection.h"

namespace renvoi::ingest {

// Adds the totals of one pass to another's.
void add_totals(crawl::SyncReport&& more, crawl::SyncReport& all);

// One pass over some references of one source.
using ReadSome =
    std::function<Result<crawl::SyncReport>(const catalog::Source& source, const std::set<ReferenceId>& references)>;
// `references`, or those of `source` only, by their sources. One whose source is being removed is passed over. Errors:
// of the catalogue and of `pass`.
Result<crawl::SyncReport> read_again(search::Collection& collection, const std::vector<ReferenceId>& references,
                                     std::optional<SourceId> source, const std::stop_token& stop, const ReadSome& pass);

IngestReport report_of(crawl::SyncReport sync, const Progress& progress, Steady::time_point started);

}  // namespace renvoi::ingest
