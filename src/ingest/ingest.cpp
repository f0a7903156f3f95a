#include "ingest/ingest.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "ingest/document_queue.h"

namespace renvoi::ingest {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kQueuePassages = 2'048;
constexpr std::chrono::milliseconds kProgressEvery{100};
constexpr std::chrono::milliseconds kPoll{200};
constexpr double kRateWindow_s = 10;

// Takes what the sync finds: documents go to the queue, states straight to the collection. Of the sync's thread.
class QueueSink final : public crawl::SyncSink {
 public:
  QueueSink(const catalog::Source& source, search::Collection& collection, DocumentQueue& queue,
            crawl::DocumentCache* cache, std::stop_token stop)
      : source_(source), collection_(collection), queue_(queue), cache_(cache), stop_(std::move(stop)) {}

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
    QueuedDocument queued{reference, prepare(document), changed};
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
};

// What the two threads tell each other about how far they are.
class Progress {
 public:
  explicit Progress(const IngestOptions& options) : options_(options) {}
  void sync(const crawl::SyncProgress& progress) {
    const std::scoped_lock lock(mutex_);
    now_.sync = progress;
  }
  void encoded(std::size_t passages) {
    const auto at = Steady::now();
    const std::scoped_lock lock(mutex_);
    recent_.emplace_back(at, passages);
    while (seconds(at - recent_.front().first) > kRateWindow_s && recent_.size() > 1) recent_.pop_front();
  }
  void indexed(std::uint64_t documents, std::uint64_t passages) {
    const std::scoped_lock lock(mutex_);
    now_.documents_indexed = documents;
    now_.passages_indexed = passages;
  }
  // Of the encoder's thread.
  void show(std::uint64_t waiting, bool last = false) {
    const auto at = Steady::now();
    if (!options_.on_progress || (!last && at - shown_ < kProgressEvery)) return;
    shown_ = at;
    IngestProgress copy;
    {
      const std::scoped_lock lock(mutex_);
      now_.passages_waiting = waiting;
      now_.passages_per_s = rate(at);
      copy = now_;
    }
    options_.on_progress(copy);
  }
  static double seconds(Steady::duration time) { return std::chrono::duration<double>(time).count(); }

 private:
  double rate(Steady::time_point at) const {
    std::size_t passages = 0;
    for (const auto& [when, count] : recent_) passages += count;
    const double past_s = seconds(at - started_);
    return past_s <= 0 ? 0 : static_cast<double>(passages) / std::clamp(past_s, 0.001, kRateWindow_s);
  }

  const IngestOptions& options_;
  std::mutex mutex_;
  IngestProgress now_;
  std::deque<std::pair<Steady::time_point, std::size_t>> recent_;
  Steady::time_point shown_{};
  const Steady::time_point started_ = Steady::now();
};

// Encodes batches of whole documents and writes them. Of the calling thread.
class Encoder {
 public:
  Encoder(search::Collection& collection, model::Embedder& embedder, const IngestOptions& options, DocumentQueue& queue,
          Progress& progress, std::stop_token stop)
      : collection_(collection),
        embedder_(embedder),
        options_(options),
        queue_(queue),
        progress_(progress),
        stop_(std::move(stop)) {}

  // Until the queue is finished, or stopped, or something failed.
  Result<void> run() {
    while (!stop_.stop_requested() && !queue_.finished()) {
      if (auto document = queue_.pop(kPoll)) {
        waiting_passages_ += document->prepared.passages.size();
        waiting_.push_back(std::move(*document));
      }
      progress_.show(waiting_passages_ + queue_.passages());
      if (waiting_passages_ >= options_.batch_passages) RENVOI_CHECK(encode());
      if (Progress::seconds(Steady::now() - committed_) >= options_.commit_every_s) RENVOI_CHECK(commit());
    }
    if (!stop_.stop_requested()) RENVOI_CHECK(encode());
    return commit();
  }

  std::uint64_t documents = 0, passages = 0, text_bytes = 0;  // indexed

 private:
  struct Batch {
    std::vector<QueuedDocument> documents;
    model::Embeddings embeddings;
  };

  Result<void> encode() {
    if (waiting_.empty()) return {};
    std::vector<std::string_view> inputs;
    for (const auto& document : waiting_)
      inputs.insert(inputs.end(), document.prepared.inputs.begin(), document.prepared.inputs.end());
    std::size_t counted = 0;
    const auto on_done = [&](std::size_t done) {
      progress_.encoded(done - std::min(done, counted));
      counted = std::max(counted, done);
      progress_.show(inputs.size() - std::min(done, inputs.size()) + queue_.passages());
    };
    Batch batch;
    if (!inputs.empty()) {
      auto embeddings = embedder_.embed(inputs, model::EmbedRole::passage, on_done, stop_);
      // Stopped: what is not encoded is read again by the next sync.
      if (!embeddings && stop_.stop_requested()) return {};
      if (!embeddings) return std::move(embeddings).error();
      batch.embeddings = std::move(embeddings).value();
      on_done(inputs.size());
    }
    batch.documents = std::exchange(waiting_, {});
    waiting_passages_ = 0;
    encoded_.push_back(std::move(batch));
    return {};
  }

  Result<void> commit() {
    committed_ = Steady::now();
    if (encoded_.empty()) return {};
    std::vector<search::Collection::DocumentWrite> writes;
    for (const Batch& batch : encoded_) {
      std::size_t row = 0;
      for (const QueuedDocument& document : batch.documents) {
        writes.push_back({document.reference, passage_inputs(document.prepared, batch.embeddings, row),
                          document.changed ? "changed" : "added"});
        row += document.prepared.passages.size();
      }
    }
    RENVOI_CHECK(collection_.put(writes));
    for (const auto& write : writes) {
      ++documents;
      passages += write.passages.size();
      text_bytes += write.reference.text_bytes;
    }
    encoded_.clear();
    committed_ = Steady::now();
    progress_.indexed(documents, passages);
    return {};
  }

  search::Collection& collection_;
  model::Embedder& embedder_;
  const IngestOptions& options_;
  DocumentQueue& queue_;
  Progress& progress_;
  std::stop_token stop_;
  std::vector<QueuedDocument> waiting_;
  std::size_t waiting_passages_ = 0;
  std::vector<Batch> encoded_;
  Steady::time_point committed_ = Steady::now();
};

}  // namespace

Result<IngestReport> ingest_source(const catalog::Source& source, search::Collection& collection,
                                   crawl::Fetcher& fetcher, model::Embedder& embedder, const IngestOptions& options,
                                   std::stop_token stop) {
  const auto started = Steady::now();
  DocumentQueue queue(kQueuePassages);
  Progress progress(options);
  // The reader stops when the caller asks for it, and when the encoder failed.
  std::stop_source reader_stop;
  const std::stop_callback on_stop(stop, [&] { reader_stop.request_stop(); });
  QueueSink sink(source, collection, queue, options.cache, reader_stop.get_token());
  crawl::SyncOptions sync_options = options.sync;
  sync_options.on_progress = [&](const crawl::SyncProgress& now) { progress.sync(now); };
  std::optional<Result<crawl::SyncReport>> synced;
  Encoder encoder(collection, embedder, options, queue, progress, stop);
  Result<void> encoded;
  {
    const std::jthread reader([&] {
      synced = crawl::sync_source(source, collection.catalog(), fetcher, collection.clock(), sink, sync_options,
                                  reader_stop.get_token());
      queue.close();
    });
    encoded = encoder.run();
    if (!encoded.ok() || stop.stop_requested()) {
      reader_stop.request_stop();
      queue.close();
    }
  }
  if (!encoded.ok()) return std::move(encoded).error();
  progress.show(0, true);
  IngestReport report;
  // Stopped in the middle of handing a document over: not an error of the sync.
  if (!synced->ok() && !stop.stop_requested()) return synced->error();
  if (synced->ok()) report.sync = std::move(**synced);
  if (stop.stop_requested()) report.sync.complete = false;
  report.documents_indexed = encoder.documents;
  report.passages_indexed = encoder.passages;
  report.text_bytes = encoder.text_bytes;
  report.seconds = Progress::seconds(Steady::now() - started);
  return report;
}

}  // namespace renvoi::ingest
