#include "answer/look.h"

#include <utility>

#include "base/hash.h"
#include "crawl/reference_state.h"
#include "extract/extract.h"

namespace renvoi::answer {
namespace {

using catalog::ReferenceState;

extract::Hints hints(const catalog::Reference& reference, std::string content_type, std::string language) {
  return {std::move(content_type), reference.address.substr(0, reference.address.find('?')), std::move(language)};
}

// Extracts into `look`, or says why not.
void take(Look& look, std::string_view body, const extract::Hints& hints) {
  Result<extract::Document> document = extract::extract(body, hints);
  if (!document.ok()) {
    look.reason = "cannot be read any more: " + document.error().message;
  } else if (document->noindex) {
    look.reason = "the page asks not to be indexed (noindex)";
  } else {
    look.document = std::move(document).value();
  }
}

std::string change_of_state(const catalog::Reference& before, const catalog::Reference& after) {
  if (before.state == after.state) return {};
  return std::string(catalog::to_string(before.state)) + " -> " + std::string(catalog::to_string(after.state));
}

std::string why_dropped(const crawl::Observation& seen, const catalog::Reference& after) {
  std::string reason = seen.reason.empty() ? std::string(crawl::to_string(seen.outcome)) : seen.reason;
  if (crawl::may_be_shown(after.state)) return reason;
  return reason + ": now " + std::string(catalog::to_string(after.state)) + ", out of answers until it is back";
}

// A page that changed must be read whole by the next sync: without validators it cannot answer 304.
void ask_for_new_sync(catalog::Reference& reference, Timestamp now) {
  reference.validators = {};
  reference.next_check_at = now;
}

void write_back(const EvidenceReader& reader, const catalog::Reference& before, const catalog::Reference& after) {
  if (!reader.collection.writable()) return;
  // A sync may have written this reference while it was fetched here: then it knows better.
  const Result<catalog::Reference> current = reader.collection.catalog().reference(before.id);
  if (!current.ok() || current->fingerprint != before.fingerprint || current->state != before.state) return;
  // A failure to write loses what was learnt, not the answer; the next sync learns it again.
  static_cast<void>(reader.collection.update_state(after, change_of_state(before, after)).ok());
}

std::string from_cache_only(Look& look, const std::optional<crawl::CachedPage>& cached, const catalog::Reference& known,
                            std::string reason) {
  if (!cached) return reason + "; its text is not cached";
  take(look, cached->body, hints(known, cached->content_type, known.language));
  // What was last heard of an archived page is that it is missing: its text is as of the look before.
  const bool missing = look.reference.state == ReferenceState::archived;
  look.checked_at = missing && known.history.compared_at != 0 ? known.history.compared_at : known.checked_at;
  look.verified = false;
  return look.reason;
}

}  // namespace

Look look_again(const EvidenceReader& reader, const catalog::Reference& known, std::stop_token stop) {
  Look look;
  look.reference = known;
  const Result<catalog::Source> source = reader.collection.catalog().source(known.source);
  if (!source.ok()) {
    look.reason = "its source was removed";
    return look;
  }
  std::optional<crawl::CachedPage> cached;
  if (reader.cache != nullptr) cached = reader.cache->get(known.id);
  if (cached && cached->fingerprint != known.fingerprint) cached.reset();

  crawl::Fetcher::Request request = crawl::request_for(known, *source);
  request.urgent = true;
  if (cached) request.validators = known.validators;  // a 304 with nothing behind it would be an empty document
  const crawl::Observation seen = reader.fetcher.fetch(request, stop);
  if (stop.stop_requested() && seen.outcome != crawl::Outcome::fetched &&
      seen.outcome != crawl::Outcome::not_modified) {
    look.reason = from_cache_only(look, cached, known, "did not answer in time");
    return look;  // our impatience is no evidence about the host
  }
  const std::int64_t revisit_s =
      crawl::revisit_interval_s(known.history, source->policy.revisit_after_s, reader.revisit);
  const bool kept = cached && source->policy.serve_gone;
  look.reference = crawl::next_reference(known, seen, revisit_s, reader.life, kept);
  look.checked_at = seen.at != 0 ? seen.at : reader.collection.clock().now();
  look.verified = true;

  if (seen.outcome == crawl::Outcome::fetched && seen.noindex) {
    look.reason = "the server asks not to index the page (X-Robots-Tag: noindex)";
    ask_for_new_sync(look.reference, look.checked_at);
  } else if (seen.outcome == crawl::Outcome::fetched) {
    take(look, seen.body, hints(known, seen.content_type, seen.content_language));
    if (!look.document || fingerprint(look.document->text) != known.fingerprint) {
      ask_for_new_sync(look.reference, look.checked_at);
    }
  } else if (seen.outcome == crawl::Outcome::not_modified && cached) {
    take(look, cached->body, hints(known, cached->content_type, known.language));
  } else if (look.reference.state == ReferenceState::host_down || look.reference.state == ReferenceState::archived) {
    look.reason = from_cache_only(look, cached, known, why_dropped(seen, look.reference));
  } else {
    look.reason = why_dropped(seen, look.reference);
  }
  if (look.document && !crawl::may_be_shown(look.reference.state)) {
    look.document.reset();
    look.reason = why_dropped(seen, look.reference);
  }
  write_back(reader, known, look.reference);
  if (reader.cache != nullptr && (look.reference.state == ReferenceState::gone || seen.status == 451)) {
    reader.cache->remove(known.id);
  }
  return look;
}

Look look_at_page(const EvidenceReader& reader, const std::string& address, const catalog::SourcePolicy& policy,
                  std::stop_token stop) {
  Look look;
  look.reference.address = address;
  const crawl::Observation seen = reader.fetcher.fetch({address, {}, policy, true}, stop);
  look.checked_at = look.reference.checked_at = seen.at != 0 ? seen.at : reader.collection.clock().now();
  if (seen.outcome != crawl::Outcome::fetched) {
    look.reason = stop.stop_requested() ? "did not answer in time" : seen.reason;
    return look;
  }
  if (!seen.final_address.empty()) look.reference.address = seen.final_address;
  if (seen.noindex) {
    look.reason = "the server asks not to index the page (X-Robots-Tag: noindex)";
    return look;
  }
  look.verified = true;
  take(look, seen.body, hints(look.reference, seen.content_type, seen.content_language));
  if (look.document) {
    look.reference.title = look.document->title;
    look.reference.language = look.document->language;
  }
  return look;
}

}  // namespace renvoi::answer
