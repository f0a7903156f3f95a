#include "ingest/cached_fetcher.h"

#include <utility>

namespace renvoi::ingest {
namespace {

crawl::Observation as_fetched(crawl::Observation seen, const catalog::Reference& known, crawl::CachedPage page) {
  seen.outcome = crawl::Outcome::fetched;
  seen.status = 200;
  if (seen.final_address.empty()) seen.final_address = known.address;
  seen.content_type = std::move(page.content_type);
  if (seen.content_language.empty()) seen.content_language = known.language;
  if (seen.validators == catalog::Validators{}) seen.validators = known.validators;
  seen.body = std::move(page.body);
  return seen;
}

}  // namespace

crawl::Observation CachedFetcher::fetch(const Request& request, std::stop_token stop) {
  const bool kept = request.policy.retention == catalog::Retention::page && request.validators == catalog::Validators{};
  if (!kept) return below_.fetch(request, stop);
  const Result<std::optional<catalog::Reference>> known = catalog_.find_reference(request.address);
  if (!known.ok() || !known->has_value()) return below_.fetch(request, stop);
  const catalog::Reference& reference = **known;
  std::optional<crawl::CachedPage> page = cache_.get(reference.id);
  if (!page || page->fingerprint != reference.fingerprint) return below_.fetch(request, stop);
  const bool seen_lately = reference.state == catalog::ReferenceState::live && reference.moved_to.empty() &&
                           reference.checked_at + request.policy.revisit_after_s > clock_.now();
  if (seen_lately) {
    crawl::Observation seen;
    seen.at = reference.checked_at;
    return as_fetched(std::move(seen), reference, std::move(*page));
  }
  Request conditional = request;
  conditional.validators = reference.validators;
  crawl::Observation seen = below_.fetch(conditional, stop);
  if (seen.outcome != crawl::Outcome::not_modified) return seen;
  return as_fetched(std::move(seen), reference, std::move(*page));
}

}  // namespace renvoi::ingest
