// What a pass does with a page that was read: index it, leave it out, and follow its links.
#include <algorithm>
#include <optional>

#include "base/date.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "crawl/session_ids.h"
#include "crawl/sync_pass.h"
#include "extract/document_type.h"
#include "extract/extract.h"

namespace renvoi::crawl {

using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

namespace {

extract::Hints hints_of(const Observation& seen) {
  const auto url = net::Url::parse(seen.final_address);
  return {seen.content_type, url ? url->scheme() == "file" ? url->file_path() : url->path() : "",
          seen.content_language};
}

// The later of what the document says; else when its server or file system says that it was modified. A date of
// tomorrow is wrong: what is dated by the day alone may be of a zone fourteen hours ahead. The epoch's own day is what
// a program writes that knows no date.
Timestamp date_of(const extract::Document& document, const Observation& seen) {
  constexpr std::int64_t kEasternmostZone_s = 14 * 3'600;
  const auto sound = [&](Timestamp date) { return day_of(date) != 0 && date <= seen.at + kEasternmostZone_s; };
  std::optional<Timestamp> date;
  for (const auto& said : {document.published, document.modified})
    if (said && sound(*said)) date = std::max(date.value_or(*said), *said);
  if (!date && sound(seen.modified_at)) date = seen.modified_at;
  return date.value_or(0);
}

std::string file_name_of(const std::string& address) {
  const auto url = net::Url::parse(address);
  const std::string path = !url ? address : url->scheme() == "file" ? url->file_path() : url->path();
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

// The page is there and is not to be indexed: what was indexed of it leaves.
Result<void> SyncPass::leave_out(const Wanted& wanted, const std::optional<Reference>& known, const Observation& seen,
                                 const std::string& why) {
  ++report_.totals.skipped;
  if (!known) {
    drop(wanted.address);
    return {};
  }
  if (known->state == ReferenceState::gone) {
    Observation absent = seen;
    absent.outcome = Outcome::missing;
    return state(next_of(*known, absent), *known);
  }
  return withdraw(*known, why);
}

// It leaves at once, though nobody says that it is dead.
Result<void> SyncPass::withdraw(const Reference& reference, const std::string& why) {
  Reference next = reference;
  next.state = ReferenceState::gone;
  next.state_since = next.checked_at = clock_.now();
  next.reason = "not indexed: " + why;
  next.failures = 0;
  next.next_check_at = clock_.now() + options_.life.gone_recheck_s[0];
  return state(std::move(next), reference);
}

// Whether the page says that it is another one of this source, and that one is, or will be, indexed.
Result<bool> SyncPass::belongs_to_canonical(const Wanted& wanted, const std::optional<Reference>& known,
                                            const Observation& seen, const extract::Document& document) {
  // What was named one by one is meant.
  if (source_.kind == SourceKind::url || source_.kind == SourceKind::list || !scope_) return false;
  if (wanted.ignore_canonical || document.canonical.empty()) return false;
  const auto base = net::Url::parse(seen.final_address);
  if (!base) return false;
  const auto canonical = resolve_link(document.canonical, *base);
  if (!canonical || !scope_->holds(*canonical)) return false;
  // What a page says must not lead to a host that nobody named.
  if (scope_->anywhere() && canonical->host() != base->host()) return false;
  const std::string& address = canonical->href();
  if (address == wanted.address || address == seen.final_address) return false;
  RENVOI_TRY(const auto held, catalog_.find_reference(address));
  if (held && held->source == source_.id && may_be_shown(held->state) &&
      (held->indexed || looked_at_.contains(address)))
    return true;
  if (known && known->indexed) return false;  // it stays until the canonical page is really there
  // Looked at, and not indexed (perhaps because it waits for this one): then this one is as good.
  if (looked_at_.contains(address)) return false;
  waits_for_[address].push_back(wanted);
  RENVOI_CHECK(catalog_.add_to_frontier(source_.id, {{address, wanted.depth}}));
  want(address, wanted.depth);
  return true;
}

Result<void> SyncPass::follow_links(const extract::Document& document, const Observation& seen, std::uint32_t depth) {
  if (options_.only || source_.kind != SourceKind::site || seen.nofollow || document.nofollow ||
      depth >= source_.policy.max_depth)
    return {};
  const auto page = net::Url::parse(seen.final_address);
  if (!page) return {};
  const auto base = resolve_link(document.base, *page).value_or(*page);
  const std::size_t limit = std::size_t{source_.policy.max_pages} * 10 + 1'000;
  std::vector<catalog::FrontierEntry> found;
  for (const extract::Link& link : document.links) {
    if (link.nofollow) continue;
    auto url = resolve_link(link.target, base);
    if (url) url = resolve_link(without_session_id(url->href()), base);
    if (!url || !scope_->holds(*url) || known_.contains(url->href()) || queued_.contains(url->href())) continue;
    if (queued_.size() >= limit) {
      cut_ = true;
      break;
    }
    found.push_back({url->href(), depth + 1});
    want(url->href(), depth + 1);
  }
  return found.empty() ? Result<void>{} : catalog_.add_to_frontier(source_.id, found);
}

Result<void> SyncPass::index_document(Reference reference, const Observation& seen, extract::Document document,
                                      bool changed) {
  reference.title = std::string(truncate_utf8(document.title, 200));
  if (reference.title.empty()) reference.title = std::string(truncate_utf8(file_name_of(reference.address), 200));
  reference.language = document.language;
  reference.fingerprint = fingerprint(document.text);
  reference.text_bytes = document.text.size();
  reference.indexed = true;
  ++(changed ? report_.totals.changed_documents : report_.totals.new_documents);
  return hand_over(std::move(reference), seen, std::move(document), changed);
}

Result<void> SyncPass::hand_over(Reference reference, const Observation& seen, extract::Document document,
                                 bool changed) {
  if (!seen.noarchive && !document.noarchive) RENVOI_CHECK(sink_.on_page(reference, seen));
  document.noarchive |= seen.noarchive;
  return sink_.on_document(reference, std::move(document), changed);
}

// Of an address that another source has: a document on its server is worth more than a recorded one, and a recorded one
// more than none.
Result<bool> SyncPass::takes_over(const Reference& held) {
  if (!held.indexed) return true;
  if (source_.kind == SourceKind::archive) return false;
  const auto owner = catalog_.source(held.source);
  if (!owner.ok() && owner.error().code != ErrorCode::not_found) return owner.error();
  return owner.ok() && owner->kind == SourceKind::archive;
}

// The same permanent target twice, and the same text there: that is where it lives now. The old address stays known.
Result<void> SyncPass::settle_move(Reference& next, const Reference& before) {
  if (source_.kind == SourceKind::list) return {};  // its addresses tell what belongs to it
  const std::string target = next.moved_to;
  if (source_.kind != SourceKind::url && scope_) {
    const auto url = net::Url::parse(target);
    if (!url || !scope_->holds(*url)) return {};  // out of the source: it keeps the address that belongs to it
  }
  RENVOI_TRY(const auto there, catalog_.find_reference(target));
  if (there && there->id != next.id) {
    if (!may_be_shown(there->state) || !there->indexed) return {};
    // Two references of one text: the one with the address of today is enough.
    next.state = ReferenceState::gone;
    next.state_since = next.checked_at;
    next.reason = "not indexed: it moved to " + target + ", which has a reference of its own";
    next.next_check_at = next.checked_at + options_.life.gone_recheck_s[0];
    return {};
  }
  next.address = target;
  next.moved_to.clear();
  next.reason = "it moved here from " + before.address;
  queued_.insert(target);
  looked_at_.insert(target);
  return {};
}

Result<void> SyncPass::read_document(const Wanted& wanted, std::optional<Reference> known, Observation seen) {
  const bool redirected = !seen.final_address.empty() && seen.final_address != wanted.address;
  const auto final_url = net::Url::parse(seen.final_address);
  if (!known && redirected && source_.kind != SourceKind::url && scope_) {
    if (!final_url || !scope_->holds(*final_url)) return leave_out(wanted, known, seen, "it redirects elsewhere");
    RENVOI_TRY(const auto there, catalog_.find_reference(seen.final_address));
    if (there || queued_.contains(seen.final_address)) return leave_out(wanted, known, seen, "it redirects");
  }
  auto document = extract::extract(seen.body, hints_of(seen));
  if (!document) {
    problem(wanted.address, document.error().message);
    if (!known && wanted.address == source_.address && source_.kind != SourceKind::site)
      start_failed_ = document.error();
    if (!known) {
      drop(wanted.address);
      return {};
    }
    Observation refused = seen;
    refused.outcome = Outcome::refused;
    refused.reason = document.error().message;
    return state(next_of(*known, refused), *known);
  }
  const bool same_text = known && known->fingerprint == fingerprint(document->text);
  if (known && redirected && !same_text && !wanted.second_look && known->state != ReferenceState::gone) {
    want_again({wanted.address, wanted.depth, wanted.ignore_canonical, true});
    return {};
  }
  // The links first: what is in the frontier survives, whatever happens to this page.
  RENVOI_CHECK(follow_links(*document, seen, wanted.depth));
  if (seen.noindex || document->noindex) return leave_out(wanted, known, seen, "the page asks for it (noindex)");
  return judge({wanted, std::move(known), std::move(seen), std::move(*document)});
}

// Whether it is the page that its status says; then it is indexed. What has to be asked of its host for that is the
// next thing that is asked of it, and the page waits.
Result<void> SyncPass::judge(Reading reading) {
  const Wanted& wanted = reading.wanted;
  RENVOI_TRY(const Judgment judgment, unmask(reading));
  if (!judgment.ask.empty()) {
    looked_at_.erase(wanted.address);  // not yet
    parked_bytes_ += reading.seen.body.size();
    const std::string host = origin_of(wanted.address);
    Errand errand;
    errand.wanted.address = judgment.ask;
    errand.reading = std::make_unique<Reading>(std::move(reading));
    queue_.push_front(host, std::move(errand));
    return {};
  }
  looked_at_.insert(wanted.address);
  if (!judgment.mask) return index_page(std::move(reading));
  if (reading.known) return look_known(*reading.known, wanted, *judgment.mask);
  problem(wanted.address, judgment.mask->reason);
  drop(wanted.address);
  return {};
}

Result<void> SyncPass::index_page(Reading reading) {
  const auto& [wanted, known, seen, document] = reading;
  RENVOI_TRY(const bool other, belongs_to_canonical(wanted, known, seen, document));
  if (other) return leave_out(wanted, known, seen, "another address is its canonical one");
  const bool redirected = !seen.final_address.empty() && seen.final_address != wanted.address;
  Reference before;
  if (known) before = *known;
  if (!known) {
    before.source = source_.id;
    // A permanent redirect names the address; a temporary one asks to keep the old. So does a list, whose addresses
    // tell what belongs to it.
    const bool renamed = redirected && seen.permanent_redirect && source_.kind != SourceKind::list;
    before.address = renamed ? seen.final_address : wanted.address;
    before.depth = wanted.depth;
    before.state_since = seen.at;
    Observation direct = seen;
    if (before.address == seen.final_address) direct.permanent_redirect = false;
    before = next_of(before, direct);
    before.checked_at = 0;  // until it is indexed
    before.validators = {};
    before.history = {};
    RENVOI_TRY(Reference added, catalog_.add_reference(before, seen.at));
    before = std::move(added);
    if (before.address != wanted.address) RENVOI_CHECK(catalog_.remove_from_frontier(source_.id, wanted.address));
    queued_.insert(before.address);
    looked_at_.insert(before.address);
    if (before.source != source_.id) {
      RENVOI_TRY(const bool ours, takes_over(before));
      if (!ours) {  // another source has it
        ++report_.totals.skipped;
        return {};
      }
      before.source = source_.id;
    }
    ++pages_;
  } else if (known->state == ReferenceState::gone) {
    ++pages_;
  }
  const std::uint64_t now_fingerprint = fingerprint(document.text);
  const bool same = before.fingerprint == now_fingerprint;
  Reference next = next_of(before, seen, before.indexed && !same);
  next.type = extract::document_type(document.media_type);
  next.date = date_of(document, seen);
  // Another text at the new address: not the same document moved.
  if (next.state == ReferenceState::moved && !same) next.state = ReferenceState::live;
  if (next.state == ReferenceState::moved && before.indexed) RENVOI_CHECK(settle_move(next, before));
  if (same && before.indexed && before.state != ReferenceState::gone) {
    ++report_.totals.unchanged;
    if (is_read_again(before)) return hand_over(std::move(next), seen, std::move(reading.document), false);
    return state(std::move(next), before);
  }
  return index_document(std::move(next), seen, std::move(reading.document), before.fingerprint != 0 && before.indexed);
}

}  // namespace renvoi::crawl
