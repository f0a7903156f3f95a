// The last stage of an ingest: batches of whole documents through the encoder, into the full tier.
#pragma once

#include <cstddef>
#include <stop_token>
#include <utility>
#include <vector>

#include "ingest/document_queue.h"
#include "ingest/progress.h"
#include "model/embedder.h"
#include "search/collection.h"

namespace renvoi::ingest {

// Of one thread. What it is given must outlive it.
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

  // Until the queue is finished, or stopped, or something failed. Errors: of Embedder::embed and Collection::put.
  Result<void> run();

 private:
  struct Batch {
    std::vector<QueuedDocument> documents;
    model::Embeddings embeddings;  // of the passages that have not kept their codes
  };
  Result<void> encode();
  Result<void> commit();
  void tell_fitter() const;

  search::Collection& collection_;
  model::Embedder& embedder_;
  const IngestOptions& options_;
  DocumentQueue& queue_;
  Progress& progress_;
  std::stop_token stop_;
  std::vector<QueuedDocument> waiting_;
  std::size_t waiting_passages_ = 0;  // that are to be encoded
  std::vector<Batch> encoded_;
  Steady::time_point committed_ = Steady::now();
};

}  // namespace renvoi::ingest
