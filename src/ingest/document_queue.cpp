#include "ingest/document_queue.h"

namespace renvoi::ingest {

bool DocumentQueue::push(QueuedDocument document, std::stop_token stop) {
  const std::size_t size = document.prepared.passages.size();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return closed_ || has_room(size); });
  if (closed_ || stop.stop_requested()) return false;
  append(std::move(document));
  return true;
}

bool DocumentQueue::try_push(QueuedDocument document) {
  const std::scoped_lock lock(mutex_);
  if (closed_ || !has_room(document.prepared.passages.size())) return false;
  append(std::move(document));
  return true;
}

void DocumentQueue::append(QueuedDocument document) {
  passages_ += document.prepared.passages.size();
  documents_.push_back(std::move(document));
  changed_.notify_all();
}

std::optional<QueuedDocument> DocumentQueue::pop(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return closed_ || !documents_.empty(); });
  if (documents_.empty()) return {};
  QueuedDocument document = std::move(documents_.front());
  documents_.pop_front();
  passages_ -= document.prepared.passages.size();
  changed_.notify_all();
  return document;
}

void DocumentQueue::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool DocumentQueue::finished() const {
  const std::scoped_lock lock(mutex_);
  return closed_ && documents_.empty();
}

std::size_t DocumentQueue::passages() const {
  const std::scoped_lock lock(mutex_);
  return passages_;
}

}  // namespace renvoi::ingest
