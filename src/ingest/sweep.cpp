#include "ingest/sweep.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "ingest/cached_fetcher.h"
#include "ingest/document_queue.h"
#include "ingest/progress.h"
#include "ingest/queue_sink.h"
#include "ingest/reading_again.h"
#include "ingest/table_fitter.h"

namespace renvoi::ingest {
namespace {

constexpr std::size_t kQueuePassages = 2'048;
constexpr std::chrono::milliseconds kPoll{200};

using Writes = std::vector<search::Collection::DocumentWrite>;

// A document of a batch, and where its passages begin in the batch's embeddings.
struct Placed {
  const QueuedDocument* document = nullptr;
  std::size_t row = 0;
};

std::vector<Placed> place(std::vector<Placed> documents) {
  std::size_t row = 0;
  for (Placed& placed : documents) {
    placed.row = row;
    row += placed.document->prepared.passages.size();
  }
  return documents;
}

Writes writes_of(const std::vector<Placed>& documents, const model::Embeddings& embeddings, const std::string& event) {
  Writes writes;
  for (const auto& [document, row] : documents)
    writes.push_back({document->reference, passage_inputs(document->prepared, embeddings, row), event});
  return writes;
}

// Notes what was looked at and cannot be read, though its server did not say that it is gone: of another kind now, too
// large.
class SweepSink final : public QueueSink {
 public:
  using QueueSink::QueueSink;
  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override {
    using enum catalog::ReferenceState;
    if (reference.state == live || reference.state == moved) unreadable_.push_back(reference.id);
    return QueueSink::on_state(reference, event);
  }
  const std::vector<ReferenceId>& unreadable() const { return unreadable_; }

 private:
  std::vector<ReferenceId> unreadable_;
};

// One pass over one source: a thread reads, the calling one encodes and commits.
class SweepPass {
 public:
  SweepPass(const catalog::Source& source, search::Collection& collection, crawl::Fetcher& fetcher,
            const SweepModels& models, const IngestOptions& options, Progress& progress,
            std::vector<ReferenceId>& unreadable, std::stop_token stop)
      : source_(source),
        collection_(collection),
        fetcher_(fetcher),
        models_(models),
        options_(options),
        progress_(progress),
        unreadable_(unreadable),
        stop_(std::move(stop)) {}

  Result<crawl::SyncReport> run(const std::set<ReferenceId>& references) {
    const std::stop_callback on_stop(stop_, [&] { reader_stop_.request_stop(); });
    SweepSink sink(source_, collection_, queue_, options_.cache, reader_stop_.get_token(), true);
    crawl::SyncOptions sync = options_.sync;
    sync.only = references;
    sync.on_progress = [&](const crawl::SyncProgress& now) { progress_.sync(now); };
    std::optional<Result<crawl::SyncReport>> synced;
    Result<void> encoded;
    {
      const std::jthread reader([&] {
        synced = crawl::sync_source(source_, collection_.catalog(), fetcher_, collection_.clock(), sink, sync,
                                    reader_stop_.get_token());
        queue_.close();
      });
      encoded = take_all();
      if (!encoded.ok() || stop_.stop_requested()) {  // nobody takes what the reader still finds
        reader_stop_.request_stop();
        queue_.close();
      }
    }
    unreadable_.insert(unreadable_.end(), sink.unreadable().begin(), sink.unreadable().end());
    if (!encoded.ok()) return std::move(encoded).error();
    if (!synced->ok() && !stop_.stop_requested()) return synced->error();
    crawl::SyncReport report;
    if (synced->ok()) report = std::move(**synced);
    if (stop_.stop_requested()) report.complete = false;
    return report;
  }

 private:
  Result<void> take_all() {
    while (!stop_.stop_requested() && !queue_.finished()) {
      if (auto document = queue_.pop(kPoll)) {
        batch_passages_ += document->prepared.passages.size();
        batch_.push_back(std::move(*document));
      }
      progress_.show(batch_passages_ + queue_.passages());
      if (batch_passages_ >= options_.batch_passages) RENVOI_CHECK(encode());
    }
    return stop_.stop_requested() ? Result<void>() : encode();
  }

  Result<model::Embeddings> embed(model::Embedder& embedder, const std::vector<Placed>& documents) {
    std::vector<std::string_view> inputs;
    for (const Placed& placed : documents)
      inputs.insert(inputs.end(), placed.document->prepared.inputs.begin(), placed.document->prepared.inputs.end());
    if (inputs.empty()) return model::Embeddings{};
    std::size_t counted = 0;
    return embedder.embed(
        inputs, model::EmbedRole::passage,
        [&](std::size_t done) {
          progress_.embedded(done - std::min(done, counted));
          counted = std::max(counted, done);
          progress_.show(inputs.size() - std::min(done, inputs.size()) + queue_.passages());
        },
        stop_);
  }

  // Which of the batch the present index does not hold as they are now.
  Result<std::vector<Placed>> changed(const std::vector<Placed>& all) {
    std::vector<Placed> found;
    for (const Placed& placed : all) {
      const QueuedDocument& document = *placed.document;
      const auto known = collection_.catalog().reference(document.reference.id);
      if (!known.ok() && known.error().code == ErrorCode::not_found) continue;  // removed meanwhile
      if (!known.ok()) return known.error();
      if (known->fingerprint != document.reference.fingerprint ||
          known->passages != document.prepared.passages.size() || !known->indexed)
        found.push_back(placed);
    }
    return found;
  }

  void tell_fitter(const std::vector<Placed>& documents, const model::Embeddings& embeddings) {
    for (const auto& [document, row] : documents) {
      const PreparedDocument& prepared = document->prepared;
      options_.fitter->encoded(document->reference.id, prepared.inputs, passage_fingerprints(prepared), embeddings,
                               row);
    }
  }

  Result<void> encode() {
    if (batch_.empty()) return {};
    std::vector<Placed> all;
    for (const QueuedDocument& document : batch_) all.push_back({&document, 0});
    all = place(std::move(all));
    RENVOI_TRY(const std::vector<Placed> other, changed(all));
    const auto write = [&]() -> Result<void> {
      RENVOI_TRY(const model::Embeddings next, embed(models_.next, all));
      if (!other.empty() && models_.present.digest() == models_.next.digest()) {
        RENVOI_CHECK(collection_.put(writes_of(other, next, "changed")));
      } else if (!other.empty()) {
        const std::vector<Placed> alone = place(other);
        RENVOI_TRY(const model::Embeddings present, embed(models_.present, alone));
        RENVOI_CHECK(collection_.put(writes_of(alone, present, "changed")));
      }
      RENVOI_CHECK(collection_.put_next(writes_of(all, next, "")));
      if (options_.fitter != nullptr) tell_fitter(all, next);
      return {};
    };
    Result<void> written = write();
    // Stopped: what is not encoded is waiting still.
    if (!written.ok() && stop_.stop_requested() && written.error().code == ErrorCode::unavailable) return {};
    if (!written.ok()) return written;
    progress_.encoded(all.size(), batch_passages_, 0);
    batch_.clear();
    batch_passages_ = 0;
    return {};
  }

  const catalog::Source& source_;
  search::Collection& collection_;
  crawl::Fetcher& fetcher_;
  const SweepModels& models_;
  const IngestOptions& options_;
  Progress& progress_;
  std::vector<ReferenceId>& unreadable_;
  std::stop_token stop_;
  std::stop_source reader_stop_;
  DocumentQueue queue_{kQueuePassages};
  std::vector<QueuedDocument> batch_;
  std::size_t batch_passages_ = 0;
};

}  // namespace

Result<SweepReport> encode_for_next(search::Collection& collection, crawl::Fetcher& fetcher, const SweepModels& models,
                                    const IngestOptions& options, std::stop_token stop,
                                    std::optional<SourceId> source) {
  const auto started = Steady::now();
  Progress progress(options);
  std::optional<CachedFetcher> cached;
  if (options.cache != nullptr) cached.emplace(fetcher, collection.catalog(), *options.cache, collection.clock());
  crawl::Fetcher& reading = cached ? *cached : fetcher;
  std::vector<ReferenceId> unreadable;
  auto swept = read_again(
      collection, collection.waiting_for_next(), source, stop,
      [&](const catalog::Source& of, const std::set<ReferenceId>& references) {
        return SweepPass(of, collection, reading, models, options, progress, unreadable, stop).run(references);
      });
  if (!swept.ok()) return std::move(swept).error();
  progress.show(0, true);
  return SweepReport{report_of(std::move(swept).value(), progress, started), std::move(unreadable)};
}

}  // namespace renvoi::ingest
