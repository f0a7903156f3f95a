// The first stage of a pass: what the sync finds goes to a queue, states straight to the collection.
#pragma once

#include <stop_token>
#include <string>

#include "crawl/document_cache.h"
#include "crawl/sync.h"
#include "ingest/document_queue.h"
#include "search/collection.h"

namespace renvoi::ingest {

// Of the sync's thread. What it is given must outlive it.
class QueueSink : public crawl::SyncSink {
 public:
  QueueSink(const catalog::Source& source, search::Collection& collection, DocumentQueue& queue,
            crawl::DocumentCache* cache, std::stop_token stop, bool in_first_tier)
      : source_(source),
        collection_(collection),
        queue_(queue),
        cache_(cache),
        stop_(std::move(stop)),
        in_first_tier_(in_first_tier) {}
  Result<void> on_page(const catalog::Reference& reference, const crawl::Observation& seen) override;
  // Errors: `unavailable` when it was stopped while it waited for room.
  Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool changed) override;
  Result<void> on_state(const catalog::Reference& reference, const std::string& event) override;

 private:
  void keep(const catalog::Reference& reference, const crawl::CachedPage& page);
  void forget(const catalog::Reference& reference);
  std::uint32_t cost_ms() const;

  const catalog::Source& source_;
  search::Collection& collection_;
  DocumentQueue& queue_;
  crawl::DocumentCache* cache_;
  std::stop_token stop_;
  const bool in_first_tier_;
};

}  // namespace renvoi::ingest
