// Documents on their way from the thread that reads them to the one that encodes them. Bounded: reading waits for
// encoding.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "catalog/types.h"
#include "ingest/ingest.h"
#include "ingest/kept_codes.h"

namespace renvoi::ingest {

struct QueuedDocument {
  catalog::Reference reference;
  PreparedDocument prepared;
  bool changed = false;
  bool in_first_tier = false;  // searchable already
  KeptCodes kept;              // of passages that it had before
};

// Thread-safe.
class DocumentQueue {
 public:
  explicit DocumentQueue(std::size_t max_passages) : max_passages_(max_passages) {}
  // Waits for room (one document larger than the queue enters an empty one). False when closed or stopped.
  bool push(QueuedDocument document, std::stop_token stop);
  // Without waiting: false when there is no room, too.
  bool try_push(QueuedDocument document);
  // Waits at most `limit`. Nothing when there is none.
  std::optional<QueuedDocument> pop(std::chrono::milliseconds limit);
  // Nothing more comes (push) or is wanted (both).
  void close();
  bool finished() const;  // closed and empty
  std::size_t passages() const;

 private:
  const std::size_t max_passages_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<QueuedDocument> documents_;
  std::size_t passages_ = 0;
  bool closed_ = false;

  bool has_room(std::size_t size) const { return documents_.empty() || passages_ + size <= max_passages_; }
  void append(QueuedDocument document);  // with mutex_ held
};

}  // namespace renvoi::ingest
