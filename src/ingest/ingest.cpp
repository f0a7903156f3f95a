#include "ingest/ingest.h"

#include <map>
#include <optional>
#include <thread>

#include "ingest/document_queue.h"
#include "ingest/encoder.h"
#include "ingest/first_tier.h"
#include "ingest/progress.h"

namespace renvoi::ingest {
namespace {

constexpr std::size_t kQueuePassages = 2'048;

// Takes what the sync finds: documents go to the queue, states straight to the collection. Of the sync's thread.
class QueueSink final : public crawl::SyncSink {
 public:
  QueueSink(const catalog::Source& source, search::Collection& collection, DocumentQueue& queue,
            crawl::DocumentCache* cache, std::stop_token stop, bool in_first_tier)
      : source_(source),
        collection_(collection),
        queue_(queue),
        cache_(cache),
        stop_(std::move(stop)),
        in_first_tier_(in_first_tier) {}

  Result<void> on_page(const catalog::Reference& reference, const crawl::Observation& seen) override {
    if (source_.policy.retention == catalog::Retention::page)
      keep(reference, {seen.content_type, seen.body, reference.fingerprint});
    return {};
  }

  Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool changed) override {
    if (document.noarchive)
      forget(reference);
    else if (source_.policy.retention == catalog::Retention::text)
      keep(reference, {"text/plain; charset=utf-8", document.text, reference.fingerprint});
    QueuedDocument queued{reference, prepare(document), changed, in_first_tier_};
    queued.reference.passages = static_cast<std::uint32_t>(queued.prepared.passages.size());
    if (!queue_.push(std::move(queued), stop_))
      return Error{ErrorCode::unavailable, "stopped before " + reference.address + " was indexed"};
    return {};
  }

  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override {
    // 451 withdraws the text, too.
    if (reference.state == catalog::ReferenceState::gone || reference.state == catalog::ReferenceState::blocked)
      forget(reference);
    return collection_.update_state(reference, event);
  }

 private:
  // A cache that is full or broken costs a fetch later, not the index.
  void keep(const catalog::Reference& reference, const crawl::CachedPage& page) {
    if (cache_ != nullptr) (void)cache_->put(reference.id, page);
  }
  void forget(const catalog::Reference& reference) {
    if (cache_ != nullptr) cache_->remove(reference.id);
  }

  const catalog::Source& source_;
  search::Collection& collection_;
  DocumentQueue& queue_;
  crawl::DocumentCache* cache_;
  std::stop_token stop_;
  const bool in_first_tier_;
};

// The threads of one pass over a source: reader -> [first tier ->] encoder, the last on the calling thread.
class Pipeline {
 public:
  Pipeline(const catalog::Source& source, search::Collection& collection, crawl::Fetcher& fetcher,
           model::Embedder& embedder, const IngestOptions& options, Progress& progress, std::stop_token stop)
      : source_(source),
        collection_(collection),
        fetcher_(fetcher),
        embedder_(embedder),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)) {}

  // The reader stops when the caller asks for it, and when a later stage failed. `again`: see SyncOptions::only; these
  // are in the first tier already.
  Result<crawl::SyncReport> run(const std::optional<std::set<ReferenceId>>& again) {
    const std::stop_callback on_stop(stop_, [&] { reader_stop_.request_stop(); });
    const bool two_tiers = !again && collection_.has_first_tier();
    const bool fast = two_tiers && options_.fast;
    QueueSink sink(source_, collection_, two_tiers ? read_ : extracted_, options_.cache, reader_stop_.get_token(),
                   again.has_value());
    crawl::SyncOptions sync = options_.sync;
    sync.only = again;
    sync.on_progress = [&](const crawl::SyncProgress& now) { progress_.sync(now); };
    const bool local = source_.kind == catalog::SourceKind::folder || source_.kind == catalog::SourceKind::file;
    FirstTier first_tier(collection_, read_, fast ? nullptr : &extracted_, local ? WhenFull::leave : WhenFull::wait,
                         progress_, stop_);
    Encoder encoder(collection_, embedder_, options_, extracted_, progress_, stop_);
    std::optional<Result<crawl::SyncReport>> synced;
    Result<void> first, last;
    {
      const std::jthread reader([&] {
        synced = crawl::sync_source(source_, collection_.catalog(), fetcher_, collection_.clock(), sink, sync,
                                    reader_stop_.get_token());
        (two_tiers ? read_ : extracted_).close();
      });
      std::jthread middle;
      if (two_tiers && !fast) {
        middle = std::jthread([&] {
          first = first_tier.run();
          ends(first);
          extracted_.close();
        });
      }
      last = fast ? first_tier.run() : encoder.run();
      ends(last);
    }
    if (!first.ok()) return std::move(first).error();
    if (!last.ok()) return std::move(last).error();
    // Stopped in the middle of handing a document over: not an error of the sync.
    if (!synced->ok() && !stop_.stop_requested()) return synced->error();
    crawl::SyncReport report;
    if (synced->ok()) report = std::move(**synced);
    if (stop_.stop_requested()) report.complete = false;
    return report;
  }

 private:
  // Nobody waits for a stage that ended before its time.
  void ends(const Result<void>& outcome) {
    if (outcome.ok() && !stop_.stop_requested()) return;
    reader_stop_.request_stop();
    read_.close();
    extracted_.close();
  }

  const catalog::Source& source_;
  search::Collection& collection_;
  crawl::Fetcher& fetcher_;
  model::Embedder& embedder_;
  const IngestOptions& options_;
  Progress& progress_;
  std::stop_token stop_;
  std::stop_source reader_stop_;
  DocumentQueue read_{kQueuePassages};       // to the first tier
  DocumentQueue extracted_{kQueuePassages};  // to the encoder
};

// Adds the totals of one pass to another's.
void add(crawl::SyncReport&& more, crawl::SyncReport& all) {
  all.totals.fetched += more.totals.fetched;
  all.totals.failed += more.totals.failed;
  all.totals.gone += more.totals.gone;
  all.totals.changed_documents += more.totals.changed_documents;
  all.totals.bytes += more.totals.bytes;
  all.held |= more.held;
  all.problems.insert(all.problems.end(), more.problems.begin(), more.problems.end());
}

// What of the first tier belongs to which source.
Result<std::map<SourceId, std::set<ReferenceId>>> waiting_by_source(search::Collection& collection,
                                                                    std::optional<SourceId> source) {
  std::map<SourceId, std::set<ReferenceId>> waiting;
  for (const ReferenceId id : collection.only_in_first_tier()) {
    const Result<catalog::Reference> reference = collection.catalog().reference(id);
    if (!reference.ok() && reference.error().code != ErrorCode::not_found) return reference.error();
    if (reference.ok() && (!source || *source == reference->source)) waiting[reference->source].insert(id);
  }
  return waiting;
}

Result<crawl::SyncReport> encode_all(search::Collection& collection, crawl::Fetcher& fetcher, model::Embedder& embedder,
                                     const IngestOptions& options, Progress& progress, const std::stop_token& stop,
                                     std::optional<SourceId> source) {
  RENVOI_TRY(const auto waiting, waiting_by_source(collection, source));
  crawl::SyncReport all;
  all.complete = true;
  for (const auto& [id, references] : waiting) {
    if (stop.stop_requested()) break;
    const Result<catalog::Source> of = collection.catalog().source(id);
    if (!of.ok() && of.error().code == ErrorCode::not_found) continue;  // removed meanwhile
    if (!of.ok()) return of.error();
    auto report = Pipeline(*of, collection, fetcher, embedder, options, progress, stop).run(references);
    if (!report.ok()) return std::move(report).error();
    all.complete = all.complete && report->complete;
    add(std::move(report).value(), all);
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
  report.text_bytes = progress.text_bytes();
  report.seconds = seconds(Steady::now() - started);
  return report;
}

}  // namespace

Result<IngestReport> ingest_source(const catalog::Source& source, search::Collection& collection,
                                   crawl::Fetcher& fetcher, model::Embedder& embedder, const IngestOptions& options,
                                   std::stop_token stop) {
  const auto started = Steady::now();
  Progress progress(options);
  auto synced = Pipeline(source, collection, fetcher, embedder, options, progress, stop).run({});
  if (!synced.ok()) return std::move(synced).error();
  const bool rest = collection.has_first_tier() && !options.fast;
  if (rest && !stop.stop_requested()) {
    auto encoded = encode_all(collection, fetcher, embedder, options, progress, stop, source.id);
    if (!encoded.ok()) return std::move(encoded).error();
    if (stop.stop_requested()) synced->complete = false;
    add(std::move(encoded).value(), *synced);
  }
  progress.show(0, true);
  return report_of(std::move(synced).value(), progress, started);
}

Result<IngestReport> encode_waiting(search::Collection& collection, crawl::Fetcher& fetcher, model::Embedder& embedder,
                                    const IngestOptions& options, std::stop_token stop,
                                    std::optional<SourceId> source) {
  const auto started = Steady::now();
  Progress progress(options);
  auto encoded = encode_all(collection, fetcher, embedder, options, progress, stop, source);
  if (!encoded.ok()) return std::move(encoded).error();
  progress.show(0, true);
  return report_of(std::move(encoded).value(), progress, started);
}

}  // namespace renvoi::ingest
