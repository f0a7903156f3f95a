#include "ingest/ingest.h"

#include <optional>
#include <thread>

#include "ingest/document_queue.h"
#include "ingest/encoder.h"
#include "ingest/first_tier.h"
#include "ingest/progress.h"
#include "ingest/queue_sink.h"
#include "ingest/reading_again.h"

namespace renvoi::ingest {
namespace {

constexpr std::size_t kQueuePassages = 2'048;
// Where nothing is searchable before it is encoded: what waits is read again after a kill, from people's servers. Four
// batches keep the encoder busy.
constexpr std::size_t kUnacknowledgedPassages = 256;

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
    const bool local = catalog::has_local_documents(source_.kind);
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
  DocumentQueue read_{kQueuePassages};  // to the first tier
  DocumentQueue extracted_{collection_.has_first_tier() ? kQueuePassages : kUnacknowledgedPassages};  // to the encoder
};

Result<crawl::SyncReport> encode_all(search::Collection& collection, crawl::Fetcher& fetcher, model::Embedder& embedder,
                                     const IngestOptions& options, Progress& progress, const std::stop_token& stop,
                                     std::optional<SourceId> source) {
  return read_again(collection, collection.only_in_first_tier(), source, stop,
                    [&](const catalog::Source& of, const std::set<ReferenceId>& references) {
                      return Pipeline(of, collection, fetcher, embedder, options, progress, stop).run(references);
                    });
}

}  // namespace

Result<IngestReport> ingest_source(const catalog::Source& source, search::Collection& collection,
                                   crawl::Fetcher& fetcher, model::Embedder& embedder, const IngestOptions& options,
                                   std::stop_token stop) {
  const auto started = Steady::now();
  Progress progress(options);
  auto synced = Pipeline(source, collection, fetcher, embedder, options, progress, stop).run({});
  if (!synced.ok()) return std::move(synced).error();
  // While the model changes, what waits for the present one is encoded for the next one instead.
  const bool rest = collection.has_first_tier() && !options.fast && !collection.change().has_value();
  if (rest && !stop.stop_requested()) {
    auto encoded = encode_all(collection, fetcher, embedder, options, progress, stop, source.id);
    if (!encoded.ok()) return std::move(encoded).error();
    if (stop.stop_requested()) synced->complete = false;
    add_totals(std::move(encoded).value(), *synced);
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
