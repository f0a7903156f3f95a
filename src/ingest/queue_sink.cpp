#include "ingest/queue_sink.h"

#include <utility>

namespace renvoi::ingest {
namespace {

constexpr std::uint32_t kRequest_ms = 200;  // of a page on the web, guessed

}  // namespace

Result<void> QueueSink::on_page(const catalog::Reference& reference, const crawl::Observation& seen) {
  if (source_.policy.retention == catalog::Retention::page)
    keep(reference, {seen.content_type, seen.body, reference.fingerprint, catalog::Retention::page, cost_ms()});
  return {};
}

Result<void> QueueSink::on_document(const catalog::Reference& reference, extract::Document document, bool changed) {
  if (document.noarchive)
    forget(reference);
  else if (source_.policy.retention == catalog::Retention::text)
    keep(reference,
         {"text/plain; charset=utf-8", document.text, reference.fingerprint, catalog::Retention::text, cost_ms()});
  QueuedDocument queued{reference, prepare(document), changed, in_first_tier_, {}};
  if (!in_first_tier_) queued.kept = kept_codes(*collection_.snapshots().full, reference.id, queued.prepared);
  queued.reference.passages = static_cast<std::uint32_t>(queued.prepared.passages.size());
  if (!queue_.push(std::move(queued), stop_))
    return Error{ErrorCode::unavailable, "stopped before " + reference.address + " was indexed"};
  return {};
}

Result<void> QueueSink::on_state(const catalog::Reference& reference, const std::string& event) {
  // 451 withdraws the text, too.
  if (reference.state == catalog::ReferenceState::gone || reference.state == catalog::ReferenceState::blocked)
    forget(reference);
  return collection_.update_state(reference, event);
}

// A cache that is full or broken costs a fetch later, not the index.
void QueueSink::keep(const catalog::Reference& reference, const crawl::CachedPage& page) {
  if (cache_ != nullptr) (void)cache_->put(reference.id, page);
}

// To get a page again: about that much of another server's time and ours.
std::uint32_t QueueSink::cost_ms() const {
  const bool local = catalog::has_local_documents(source_.kind);
  return local ? 0 : kRequest_ms + source_.policy.min_delay_ms;
}

void QueueSink::forget(const catalog::Reference& reference) {
  if (cache_ != nullptr) cache_->remove(reference.id);
}

}  // namespace renvoi::ingest
