// The middle stage of an ingest where there is a table: each document into the first tier at once, then on its way to
// the encoder. It keeps up with any reader: it waits for the encoder only where reading again would trouble a server.
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "ingest/document_queue.h"
#include "ingest/progress.h"
#include "model/embedder.h"
#include "search/collection.h"

namespace renvoi::ingest {

// When the encoder's queue is full.
enum class WhenFull : std::uint8_t {
  wait,   // back-pressure: what is read is encoded before much more is read
  leave,  // it stays in the first tier, and encode_waiting() reads it again
};

// Of one thread. What it is given must outlive it.
class FirstTier {
 public:
  // `encoder_queue` null: nothing goes on.
  FirstTier(search::Collection& collection, DocumentQueue& queue, DocumentQueue* encoder_queue, WhenFull when_full,
            Progress& progress, std::stop_token stop)
      : collection_(collection),
        queue_(queue),
        encoder_queue_(encoder_queue),
        when_full_(when_full),
        progress_(progress),
        stop_(std::move(stop)) {}

  // Until the queue is finished, or stopped, or something failed; what was taken is committed in any case. Errors: of
  // Embedder::embed and Collection::put.
  Result<void> run();

 private:
  Result<void> embed(QueuedDocument document);
  Result<void> commit();
  Result<void> commit_whole();

  search::Collection& collection_;
  DocumentQueue& queue_;
  DocumentQueue* encoder_queue_;
  const WhenFull when_full_;
  Progress& progress_;
  std::stop_token stop_;
  std::shared_ptr<const search::TierTable> table_;  // of what is taken
  std::vector<QueuedDocument> whole_;               // that have kept the code of every passage: into the full tier
  std::vector<QueuedDocument> taken_;
  std::vector<model::Embeddings> embeddings_;  // of each
  std::size_t taken_passages_ = 0;
  Steady::time_point first_taken_{};
};

}  // namespace renvoi::ingest
