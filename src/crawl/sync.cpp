#include "crawl/sync.h"

#include <algorithm>

#include "base/hash.h"
#include "crawl/sync_pass.h"

namespace renvoi::crawl {
namespace {

using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

constexpr std::size_t kMaxProblems = 1'000;
constexpr std::uint64_t kSmallHost = 4;     // a host of fewer documents may lose most of them
constexpr std::uint32_t kHostFailures = 5;  // in a row, then the host is left alone for this pass

// `noindex` and a duplicate are told by a page that is there; only absence is doubted.
bool was_left_out(const Reference& reference) { return reference.reason.starts_with("not indexed"); }

}  // namespace

std::string origin_of(const std::string& address) {
  const auto url = net::Url::parse(address);
  return url ? url->origin() : "";
}

Error as_error(const Observation& seen, const std::string& address) {
  const ErrorCode code = seen.outcome == Outcome::missing       ? ErrorCode::not_found
                         : seen.outcome == Outcome::unreachable ? ErrorCode::unavailable
                                                                : ErrorCode::denied;
  return Error{code, address + ": " + seen.reason};
}

void SyncPass::problem(const std::string& address, const std::string& reason) {
  ++report_.totals.failed;
  if (report_.problems.size() < kMaxProblems) report_.problems.push_back({address, reason});
}

void SyncPass::progress(const std::string& current) {
  report_.totals.current = current;
  report_.totals.waiting = queue_.size();
  if (options_.on_progress) options_.on_progress(report_.totals);
}

void SyncPass::want(const std::string& address, std::uint32_t depth, bool ignore_canonical) {
  if (!queued_.insert(address).second && !ignore_canonical) return;
  want_again({address, depth, ignore_canonical});
}

void SyncPass::want_again(Wanted wanted) {
  const std::string host = origin_of(wanted.address);
  queue_.push(host, {std::move(wanted)});
}

// A new page that is not indexed leaves the frontier; that this cannot be written will be told by the next write that
// matters. Those that named it as their canonical page are then indexed in its stead.
void SyncPass::drop(const std::string& address) {
  (void)catalog_.remove_from_frontier(source_.id, address);
  const auto waiting = waits_for_.find(address);
  if (waiting == waits_for_.end()) return;
  for (const Wanted& page : waiting->second) want(page.address, page.depth, true);
  waits_for_.erase(waiting);
}

bool SyncPass::is_due(const Reference& reference) const {
  const Timestamp now = clock_.now();
  if (options_.force) return true;
  if (reference.state == ReferenceState::live && !reference.indexed && reference.reason.empty()) return true;
  if (const auto listed = listed_changes_.find(reference.address); listed != listed_changes_.end())
    return is_due_by_listing(reference, listed->second);
  if (reference.next_check_at <= now) return true;
  const std::int64_t interval_s =
      revisit_interval_s(reference.history, source_.policy.revisit_after_s, options_.revisit);
  // What was settled under another policy holds no longer than under this one.
  return (reference.state == ReferenceState::live || reference.state == ReferenceState::moved) &&
         reference.checked_at + interval_s <= now;
}

Reference SyncPass::next_of(const Reference& before, const Observation& seen, std::optional<bool> changed) {
  Reference looked = before;
  if (changed) {
    note_listing(before, *changed);
    looked.history = compared(looked.history, seen.at, *changed);
  }
  const std::int64_t after_s = revisit_interval_s(looked.history, source_.policy.revisit_after_s, options_.revisit);
  const bool missing = seen.outcome == Outcome::missing || before.state == ReferenceState::archived;
  const bool kept = missing && source_.policy.serve_gone && options_.is_cached && options_.is_cached(before);
  return next_reference(looked, seen, after_s, options_.life, kept);
}

catalog::ListingRecord SyncPass::listing_record(const std::string& origin) const {
  const auto found = listings_.find(origin);
  return found == listings_.end() ? catalog::ListingRecord{} : found->second;
}

// Whether the list that dated this page told the truth.
void SyncPass::note_listing(const Reference& before, bool changed) {
  const auto listed = listed_changes_.find(before.address);
  if (listed == listed_changes_.end() || listed->second == 0 || before.history.compared_at == 0) return;
  const std::string origin = origin_of(before.address);
  catalog::ListingRecord& record = listings_[origin];
  record = held_against(std::move(record), listed->second > std::max(before.history.compared_at, before.checked_at),
                        changed);
  record.origin = origin;
  listings_noted_.insert(origin);
}

Result<void> SyncPass::load() {
  RENVOI_TRY(auto references, catalog_.references(source_.id));
  for (Reference& reference : references) {
    if (reference.state != ReferenceState::gone) {
      ++pages_;
      ++hosts_[origin_of(reference.address)].all;
    } else if (reference.state_since + options_.life.mass_death_s > clock_.now() && !was_left_out(reference)) {
      HostTally& host = hosts_[origin_of(reference.address)];
      ++host.all;
      ++host.lost;
    }
    if (reference.state == ReferenceState::host_down)
      host_down_[origin_of(reference.address)].push_back({reference.address, reference.depth});
    known_.emplace(reference.address, std::move(reference));
  }
  alive_ = pages_;
  if (has_local_documents(source_.kind)) return {};
  RENVOI_TRY(auto records, catalog_.listing_records());
  for (catalog::ListingRecord& record : records) listings_.emplace(record.origin, record);
  RENVOI_TRY(Scope scope, Scope::of(source_));
  scope_ = std::move(scope);
  // A page that moved is looked at where it is now; its old address, where something names it, only now and then: it
  // may get a page of its own.
  RENVOI_TRY(const auto aliases, catalog_.aliases(source_.id));
  aliases_.insert(aliases.begin(), aliases.end());
  RENVOI_TRY(const auto looked_at, catalog_.aliases(source_.id, clock_.now() - options_.revisit.longest_s + 1));
  queued_.insert(looked_at.begin(), looked_at.end());
  return {};
}

// Before the pass, for most of its pages.
bool SyncPass::is_known_down(const std::string& origin) const {
  const auto down = host_down_.find(origin);
  const auto known = hosts_.find(origin);
  return down != host_down_.end() && known != hosts_.end() && down->second.size() * 2 > known->second.all;
}

// After so many failures in a row a host is left alone: ten thousand timeouts help nobody. One that was down before is
// down for all when it is for one of its pages.
bool SyncPass::host_given_up(const std::string& address, const Observation* seen) {
  const auto url = net::Url::parse(address);
  if (!url || url->scheme() == "file") return false;
  std::uint32_t& failures = host_failures_[url->origin()];
  if (seen != nullptr) failures = seen->outcome == Outcome::unreachable ? failures + 1 : 0;
  if (failures < kHostFailures && (failures == 0 || !is_known_down(url->origin()))) return false;
  if (seen != nullptr) down_[url->origin()] = *seen;
  return true;
}

Result<void> SyncPass::work() {
  const std::uint32_t at_once = has_local_documents(source_.kind) ? 1 : options_.hosts_at_once;
  LookAhead ahead(fetcher_, {at_once, options_.max_held_bytes}, stop_);
  for (;;) {
    const auto until = begin_some(ahead);
    if (stop_.stop_requested()) {
      cut_ = true;
      return {};
    }
    if (queue_.empty() && running_.empty()) return {};
    auto answer = ahead.next(until);
    if (!answer) continue;
    RENVOI_CHECK(take(std::move(*answer)));
    drop_pointless(ahead);
  }
}

// Begins what may be begun now. Gives the moment at which there may be more of it, whatever answers arrive.
LookAhead::Clock::time_point SyncPass::begin_some(LookAhead& ahead) {
  using Time = LookAhead::Clock;
  constexpr auto kIdle = std::chrono::hours(1);
  while (ahead.has_room() && !stop_.stop_requested()) {
    const auto now = Time::now();
    const auto host = queue_.next_host(now);
    if (!host) break;
    const Errand& errand = queue_.first(*host);
    // Pages that wait for a probe are as much as those that wait to be looked at: then only probes are asked for.
    if (!errand.reading && parked_bytes_ >= options_.max_held_bytes) break;
    if (const auto turn = rate_.next(); turn > now) return turn;
    if (const auto turn = fetcher_.turn(request_of(errand.wanted, nullptr)); turn > now) {
      queue_.defer(*host, turn);
      continue;
    }
    if (begin(ahead, *host)) rate_.count();
  }
  return queue_.next_due().value_or(Time::now() + kIdle);
}

// False when there is no point in it any more.
bool SyncPass::begin(LookAhead& ahead, const std::string& host) {
  Running run{host, queue_.take(host)};
  const Reading* const reading = run.errand.reading.get();
  const Wanted& wanted = run.errand.wanted;
  if (run.errand.page() != nullptr && is_pointless(*run.errand.page())) {
    if (reading != nullptr) parked_bytes_ -= reading->seen.body.size();
    queue_.free(host);
    return false;
  }
  if (reading == nullptr) progress(wanted.address);
  const bool is_page = reading == nullptr && !run.errand.is_feed;
  Fetcher::Request request = is_page ? request_for_look(wanted) : request_of(wanted, nullptr);
  const std::uint64_t ticket = ++last_ticket_;
  running_.emplace(ticket, std::move(run));
  ahead.ask(ticket, std::move(request));
  return true;
}

bool SyncPass::is_new(const Wanted& wanted) const {
  const auto found = known_.find(wanted.address);
  return found == known_.end() || found->second.state == ReferenceState::gone;
}

// Whether a look would be in vain: its host was given up, there may be no more documents (what is cut off so stays in
// the frontier), or another page has moved to this address meanwhile.
bool SyncPass::is_pointless(const Wanted& wanted) {
  if (host_given_up(wanted.address, nullptr) || (is_new(wanted) && pages_ >= source_.policy.max_pages)) {
    cut_ = true;
    return true;
  }
  return !wanted.second_look && !wanted.ignore_canonical && looked_at_.contains(wanted.address);
}

// What was under way when the last document that the source may have was found.
void SyncPass::drop_pointless(LookAhead& ahead) {
  if (pages_ < source_.policy.max_pages) return;
  for (auto run = running_.begin(); run != running_.end();) {
    const Errand& errand = run->second.errand;
    if (errand.page() == nullptr || !is_pointless(*errand.page())) {
      ++run;
      continue;
    }
    ahead.drop(run->first);
    if (errand.reading) parked_bytes_ -= errand.reading->seen.body.size();
    queue_.free(run->second.host);
    run = running_.erase(run);
  }
}

Fetcher::Request SyncPass::request_for_look(const Wanted& wanted) const {
  const auto found = known_.find(wanted.address);
  const bool known = found != known_.end();
  Fetcher::Request request = request_of(wanted, known ? &found->second : nullptr);
  // A 304 with nothing indexed behind it would be an empty document.
  if (request.archive.empty() && known && found->second.indexed && found->second.state != ReferenceState::gone &&
      !is_read_again(found->second) && !wanted.second_look && !asks_unconditionally(found->second, options_.revisit))
    request.validators = found->second.validators;
  return request;
}

// Its host is free for the next only when all is decided that this answer decides.
Result<void> SyncPass::take(LookAhead::Answer answer) {
  const auto found = running_.find(answer.ticket);
  Running run = std::move(found->second);
  running_.erase(found);
  Result<void> done;
  Reading* const parked = run.errand.reading.get();
  if (parked != nullptr) parked_bytes_ -= parked->seen.body.size();
  if (run.errand.is_feed) {
    done = take_feed(run.errand.wanted.address, std::move(answer.seen));
  } else if (is_pointless(*run.errand.page())) {
    // An answer of another host made it so.
  } else if (parked != nullptr) {
    Reading& reading = *parked;
    done = note_probe(reading, run.errand.wanted.address, answer.seen);
    if (done.ok()) done = judge(std::move(reading));
  } else {
    done = look(run.errand.wanted, std::move(answer.seen));
  }
  queue_.free(run.host);
  return done;
}

Result<void> SyncPass::look(const Wanted& wanted, Observation seen) {
  looked_at_.insert(wanted.address);
  host_given_up(wanted.address, &seen);
  if (aliases_.contains(wanted.address)) RENVOI_CHECK(catalog_.alias_looked_at(wanted.address, clock_.now()));
  ++report_.totals.fetched;
  report_.totals.bytes += seen.body.size();
  if (seen.outcome == Outcome::fetched) note_redirect(wanted, seen);
  const auto found = known_.find(wanted.address);
  const bool known = found != known_.end();
  if (known && seen.outcome != Outcome::unreachable && seen.outcome != Outcome::refused)
    host_is_back(origin_of(wanted.address));
  return known ? look_known(found->second, wanted, std::move(seen)) : look_new(wanted, std::move(seen));
}

// Three addresses that lead to one page: an error page with the status of a good one.
bool SyncPass::converges(const Observation& seen) const {
  const auto found = led_to_.find(seen.final_address);
  return found != led_to_.end() && found->second.size() >= 3;
}

void SyncPass::note_redirect(const Wanted& wanted, const Observation& seen) {
  if (seen.final_address.empty() || seen.final_address == wanted.address) return;
  auto& from = led_to_[seen.final_address];
  if (from.size() < 16) from.insert(wanted.address);
}

Result<void> SyncPass::look_known(Reference reference, const Wanted& wanted, Observation seen) {
  if (seen.outcome == Outcome::fetched) return read_document(wanted, std::move(reference), std::move(seen));
  if (seen.outcome == Outcome::not_modified)
    ++report_.totals.unchanged;
  else
    problem(wanted.address, seen.reason);
  if (seen.outcome == Outcome::missing) count_missing(reference);
  std::optional<bool> changed;
  if (seen.outcome == Outcome::not_modified) changed = false;
  return state(next_of(reference, seen, changed), reference);
}

void SyncPass::count_missing(const Reference& reference) {
  if (reference.state != ReferenceState::gone) missing_.insert(reference.id);
}

Result<void> SyncPass::look_new(const Wanted& wanted, Observation seen) {
  if (seen.outcome == Outcome::fetched) return read_document(wanted, {}, std::move(seen));
  problem(wanted.address, seen.reason);
  if (wanted.address == source_.address || source_.kind == SourceKind::file)
    start_failed_ = as_error(seen, source_.address);
  // Trouble on the way may pass: it stays in the frontier. For the rest, a link will name it again.
  const bool again = seen.outcome == Outcome::unreachable || seen.status == 429;
  if (again)
    cut_ = true;
  else
    drop(wanted.address);
  return {};
}

// A state that changed, or a check that did not change it. Deaths wait for the end of the pass.
Result<void> SyncPass::state(Reference next, const Reference& before) {
  if (next.state == ReferenceState::gone && before.state != ReferenceState::gone) {
    dying_.emplace_back(std::move(next), before);
    return {};
  }
  std::string event;
  if (next.state != before.state)
    event = std::string(to_string(before.state)) + " -> " + std::string(to_string(next.state));
  return sink_.on_state(next, event);
}

// What is missing now, and what was and was not looked at since.
void SyncPass::settle_hosts() {
  for (const auto& [address, reference] : known_) {
    const bool still = reference.state == ReferenceState::suspect && !looked_at_.contains(address);
    if (!still && !missing_.contains(reference.id)) continue;
    HostTally& host = hosts_[origin_of(address)];
    ++host.missing;
    ++host.lost;
  }
}

bool SyncPass::is_held(const std::string& address) const {
  if (has_local_documents(source_.kind) || options_.accept_deaths) return false;
  const auto found = hosts_.find(origin_of(address));
  return found != hosts_.end() && found->second.all >= kSmallHost && found->second.lost * 2 > found->second.all;
}

// What a host that was given up did not get to: it is as down for one page as for the next, so that each is counted
// and none is asked for in vain.
Result<void> SyncPass::host_is_down() {
  if (options_.only) return {};
  for (const auto& [address, reference] : known_) {
    if (looked_at_.contains(address) || reference.state == ReferenceState::gone || !is_due(reference)) continue;
    const auto down = down_.find(origin_of(address));
    if (down == down_.end()) continue;
    Observation seen;
    seen.outcome = Outcome::unreachable;
    seen.reason = down->second.reason;
    seen.retry_after_s = down->second.retry_after_s;
    seen.at = down->second.at;
    RENVOI_CHECK(state(next_of(reference, seen), reference));
  }
  return {};
}

// A page or a list of it was answered: its pages that are HOST_DOWN are asked too, whatever their turn. So that a host
// is never given up for two outages whose end and beginning nobody saw.
void SyncPass::host_is_back(const std::string& origin) {
  const auto found = host_down_.find(origin);
  if (found == host_down_.end() || options_.only) return;
  for (const Wanted& waiting : found->second) want(waiting.address, waiting.depth);
  host_down_.erase(found);
}

Result<void> SyncPass::bury() {
  settle_hosts();
  for (const auto& [origin, tally] : hosts_) report_.held |= tally.missing > 0 && is_held(origin + "/");
  for (auto& [next, before] : dying_) {
    const bool absent = !was_left_out(next) && before.state != ReferenceState::host_down;
    if (absent && is_held(next.address)) {
      next.state = before.state == ReferenceState::live ? ReferenceState::suspect : before.state;
      next.failures = before.failures + 1;
      next.next_check_at = clock_.now() + options_.life.suspect_recheck_s[1];
      RENVOI_CHECK(sink_.on_state(next, "held: most of its host is missing"));
      continue;
    }
    ++report_.totals.gone;
    RENVOI_CHECK(sink_.on_state(next, std::string(to_string(before.state)) + " -> GONE"));
  }
  dying_.clear();
  return {};
}

Result<void> SyncPass::finish() {
  report_.complete = !cut_ && !stop_.stop_requested();
  std::vector<catalog::ListingRecord> records;
  for (const std::string& origin : listings_noted_) records.push_back(listings_.at(origin));
  if (!records.empty()) RENVOI_CHECK(catalog_.set_listing_records(records));
  if (options_.only || options_.paths) return {};  // says nothing about the source as a whole
  catalog::Source done = source_;
  if (report_.complete) done.synced_at = clock_.now();
  if (listed_at_ && !stop_.stop_requested()) done.listed_at = *listed_at_;
  const SyncProgress& totals = report_.totals;
  done.last_outcome = std::to_string(totals.new_documents) + " new, " + std::to_string(totals.changed_documents) +
                      " changed, " + std::to_string(totals.unchanged) + " unchanged, " + std::to_string(totals.gone) +
                      " gone, " + std::to_string(totals.failed) + " problems" +
                      (report_.held ? "; held: most of a host is missing" : "") +
                      (report_.complete ? "" : "; not complete");
  return catalog_.update_source(done);
}

Result<SyncReport> SyncPass::run() {
  RENVOI_CHECK(load());
  RENVOI_CHECK(seed());
  RENVOI_CHECK(work());
  RENVOI_CHECK(host_is_down());
  RENVOI_CHECK(bury());
  RENVOI_CHECK(finish());
  progress("");
  if (start_failed_ && known_.empty() && report_.totals.new_documents == 0) return *start_failed_;
  return std::move(report_);
}

Result<SyncReport> sync_source(const catalog::Source& source, catalog::Catalog& catalog, Fetcher& fetcher,
                               const Clock& clock, SyncSink& sink, const SyncOptions& options, std::stop_token stop) {
  return SyncPass(source, catalog, fetcher, clock, sink, options, std::move(stop)).run();
}

}  // namespace renvoi::crawl
