#include "ingest/reading_again.h"

#include <map>
#include <utility>

namespace renvoi::ingest {
namespace {

Result<std::map<SourceId, std::set<ReferenceId>>> by_source(search::Collection& collection,
                                                            const std::vector<ReferenceId>& references,
                                                            std::optional<SourceId> source) {
  std::map<SourceId, std::set<ReferenceId>> sorted;
  for (const ReferenceId id : references) {
    const Result<catalog::Reference> reference = collection.catalog().reference(id);
    if (!reference.ok() && reference.error().code != ErrorCode::not_found) return reference.error();
    if (reference.ok() && (!source || *source == reference->source)) sorted[reference->source].insert(id);
  }
  return sorted;
}

}  // namespace

void add_totals(crawl::SyncReport&& more, crawl::SyncReport& all) {
  all.totals.fetched += more.totals.fetched;
  all.totals.failed += more.totals.failed;
  all.totals.gone += more.totals.gone;
  all.totals.changed_documents += more.totals.changed_documents;
  all.totals.bytes += more.totals.bytes;
  all.held |= more.held;
  all.problems.insert(all.problems.end(), more.problems.begin(), more.problems.end());
}

Result<crawl::SyncReport> read_again(search::Collection& collection, const std::vector<ReferenceId>& references,
                                     std::optional<SourceId> source, const std::stop_token& stop,
                                     const ReadSome& pass) {
  RENVOI_TRY(const auto sorted, by_source(collection, references, source));
  crawl::SyncReport all;
  all.complete = true;
  for (const auto& [id, of_source] : sorted) {
    if (stop.stop_requested()) break;
    const Result<catalog::Source> of = collection.catalog().source(id);
    if (!of.ok() && of.error().code == ErrorCode::not_found) continue;  // removed meanwhile
    if (!of.ok()) return of.error();
    Result<crawl::SyncReport> report = pass(*of, of_source);
    if (!report.ok()) return std::move(report).error();
    all.complete = all.complete && report->complete;
    add_totals(std::move(report).value(), all);
  }
  all.complete = all.complete && !stop.stop_requested();
  return all;
}

IngestReport report_of(crawl::SyncReport sync, const Progress& progress, Steady::time_point started) {
  const IngestProgress now = progress.now();
  IngestReport report;
  report.sync = std::move(sync);
  report.documents_indexed = now.documents_indexed;
  report.passages_indexed = now.passages_indexed;
  report.documents_encoded = now.documents_encoded;
  report.passages_encoded = now.passages_encoded;
  report.passages_kept = now.passages_kept;
  report.text_bytes = progress.text_bytes();
  report.seconds = seconds(Steady::now() - started);
  return report;
}

}  // namespace renvoi::ingest
