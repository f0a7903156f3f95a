// What a pass looks at: what its source lists, what waits in the frontier, and what is due.
#include <algorithm>

#include "crawl/feed.h"
#include "crawl/folder_walk.h"
#include "crawl/opml.h"
#include "crawl/sitemap.h"
#include "crawl/sync_pass.h"
#include "crawl/url_list.h"
#include "crawl/web_archive.h"
#include "extract/archive_member.h"

namespace renvoi::crawl {

using catalog::Reference;
using catalog::ReferenceState;
using catalog::SourceKind;

namespace {

constexpr std::size_t kMaxSitemaps = 1'000;
constexpr std::size_t kMaxOpmlFiles = 20;      // that one takes in, itself among them
constexpr std::size_t kFrontierBatch = 1'000;  // new addresses of listings, written together
constexpr std::size_t kEmptyAlarm = 10;        // a folder or list that held so many and is empty is an accident
constexpr std::int64_t kDay_s = 86'400;
constexpr const char* kUnlisted = "it is not in the list any more";

namespace fs = std::filesystem;

bool is_under(const std::string& path, const std::string& folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

// One page of a host that is down, of which none has its turn: after weeks they have it days apart, and two outages
// with some hours between them would be one that nobody saw end.
class Scout {
 public:
  void meet(const Reference& reference, bool due, const LifePolicy& life) {
    asked_anyway_ |= due;
    if (reference.state != ReferenceState::host_down) return;
    asked_anyway_ |= asks_for_rest(reference);
    last_asked_ = std::max(last_asked_, last_asked(reference, life));
    if (next_ == nullptr || reference.next_check_at < next_->next_check_at) next_ = &reference;
  }
  // Null: none is needed now.
  const Reference* page(Timestamp now, const LifePolicy& life) const {
    const bool wait = asked_anyway_ || life.host_down_scout_s == 0 || last_asked_ + life.host_down_scout_s > now;
    return wait ? nullptr : next_;
  }

 private:
  bool asked_anyway_ = false;  // or not to be asked
  Timestamp last_asked_ = 0;
  const Reference* next_ = nullptr;
};

// An archive that is not there where its folder is was removed: no disk is missing.
bool is_removed_archive(const std::string& path) {
  std::error_code ignored;
  return extract::is_archive_name(path) && !fs::exists(path, ignored) &&
         fs::is_directory(fs::path(path).parent_path(), ignored);
}

}  // namespace

// A page in trouble that its listing calls newer shows life: the delays of its state need not be waited for.
bool SyncPass::is_due_by_listing(const Reference& reference, Timestamp changed_at) const {
  const Timestamp now = clock_.now();
  const bool shown = reference.state == ReferenceState::live || reference.state == ReferenceState::moved;
  if (!shown && changed_at > reference.checked_at && changed_at <= now + kDay_s)
    return reference.checked_at + options_.revisit.shortest_s <= now || reference.next_check_at <= now;
  if (!shown) return reference.next_check_at <= now;
  return due_when_listed(reference, changed_at, now, listing_record(origin_of(reference.address)),
                         source_.policy.revisit_after_s, options_.revisit) <= now;
}

std::string SyncPass::start_address() const {
  return source_.address.starts_with('/') ? net::file_url(source_.address) : source_.address;
}

Fetcher::Request SyncPass::request_of(const Wanted& wanted, const Reference* known) const {
  Reference reference;
  if (known != nullptr) reference = *known;
  reference.address = wanted.address;
  Fetcher::Request request = request_for(reference, source_);
  if (const auto found = locators_.find(wanted.address); found != locators_.end()) request.locator = found->second;
  return request;
}

// Of a pass over some references only: those that may be asked for now.
void SyncPass::seed_only() {
  for (const auto& [address, reference] : known_) {
    const bool shown = reference.state == ReferenceState::live || reference.state == ReferenceState::moved;
    if (is_read_again(reference) && (shown || reference.next_check_at <= clock_.now())) want(address, reference.depth);
  }
}

Result<void> SyncPass::seed() {
  if (options_.only) {
    seed_only();
    return {};
  }
  const std::string start = start_address();
  switch (source_.kind) {
    case SourceKind::folder:
      return options_.paths ? seed_paths() : seed_folder();
    case SourceKind::archive:
      return seed_archive();
    case SourceKind::file:
      want(start, 0);
      return {};
    case SourceKind::url:
      if (!known_.contains(start)) want(start, 0);
      break;
    case SourceKind::site:
      if (!known_.contains(start)) want(start, 0);
      if (source_.policy.use_sitemaps && source_.policy.max_depth > 0 && sitemaps_are_due())
        RENVOI_CHECK(seed_sitemaps(fetcher_.sitemaps(request_of({start, 0, false}, nullptr), stop_)));
      break;
    case SourceKind::sitemap:
      if (sitemaps_are_due()) RENVOI_CHECK(seed_sitemaps({start}));
      break;
    case SourceKind::feed:
      queue_.push(origin_of(start), {{start}, nullptr, true});
      RENVOI_CHECK(work());
      break;
    case SourceKind::list:
      RENVOI_CHECK(seed_list());
      break;
    case SourceKind::opml:
      RENVOI_CHECK(seed_opml());
      break;
  }
  RENVOI_CHECK(write_listed());
  if (start_failed_ && known_.empty()) return *start_failed_;
  return seed_known();
}

// What is known already: the frontier, and what is due.
Result<void> SyncPass::seed_known() {
  RENVOI_TRY(const auto frontier, catalog_.frontier(source_.id));
  for (const auto& entry : frontier) {
    if (only_listed_ && !listed_.contains(entry.address))
      RENVOI_CHECK(catalog_.remove_from_frontier(source_.id, entry.address));
    else
      want(entry.address, entry.depth);
  }
  std::map<std::string, Scout> scouts;
  for (const auto& [address, reference] : known_) {
    if (only_listed_ && !listed_.contains(address)) continue;
    const bool due = is_due(reference);
    if (due)
      want(address, reference.depth);
    else if (reference.state != ReferenceState::gone)
      ++report_.totals.skipped;
    if (!host_down_.empty() && reference.state != ReferenceState::gone)
      scouts[origin_of(address)].meet(reference, due, options_.life);
  }
  for (const auto& [origin, scout] : scouts) {
    if (!is_known_down(origin)) continue;
    if (const Reference* page = scout.page(clock_.now(), options_.life)) want(page->address, page->depth);
  }
  return {};
}

Result<void> SyncPass::file_is_gone(const Reference& reference) {
  Observation seen;
  seen.outcome = Outcome::missing;
  seen.status = 404;
  seen.reason = "the file is not there";
  seen.at = clock_.now();
  return state(next_of(reference, seen), reference);
}

void SyncPass::want_files(const FolderWalk& walk, std::set<std::string>& present) {
  for (const auto& [path, archive] : walk.archives)
    for (const std::string& trouble : archive.problems) problem(path, trouble);
  for (const std::string& file : walk.files) {
    const std::string address = net::file_url(file);
    present.insert(address);
    want(address, 0);
  }
}

// A file that the walk did not find.
Result<void> SyncPass::file_not_found(const Reference& reference, const FolderWalk& walk) {
  const auto url = net::Url::parse(reference.address);
  const std::string file = url ? url->file_path() : "";
  if (walk.archives.contains(file)) return withdraw(reference, "its files are documents of their own");
  const auto member = extract::split_member(file);
  const auto archive = walk.archives.find(member ? std::string(member->archive) : "");
  if (archive != walk.archives.end() && !archive->second.complete) return {};  // what was not seen may still be there
  return file_is_gone(reference);
}

Result<void> SyncPass::seed_folder() {
  auto walk = walk_folder(source_.address, source_.policy.max_pages);
  const bool removed = !walk && is_removed_archive(source_.address);
  if (!walk && known_.empty()) return walk.error();
  if (removed) walk = FolderWalk{};
  const bool empty = walk && walk->files.empty() && walk->archives.empty();
  if (!walk || (empty && !removed && alive_ >= kEmptyAlarm)) {
    problem(source_.address, walk ? "the folder is empty and was not: is its disk mounted? Nothing was removed"
                                  : walk.error().message + ". Nothing was removed");
    report_.held = cut_ = true;
    return {};
  }
  for (const std::string& trouble : walk->problems) problem(source_.address, trouble);
  cut_ = walk->truncated;
  std::set<std::string> present;
  want_files(*walk, present);
  if (walk->truncated || !walk->problems.empty()) return {};  // what was not seen may still be there
  for (const auto& [address, reference] : known_)
    if (!present.contains(address) && reference.state != ReferenceState::gone)
      RENVOI_CHECK(file_not_found(reference, *walk));
  return {};
}

Result<void> SyncPass::seed_paths() {
  FolderWalk all;
  std::set<std::string> present;
  for (const std::string& path : *options_.paths) {
    auto walk = walk_part(source_.address, path, source_.policy.max_pages);
    if (!walk && is_removed_archive(source_.address)) walk = FolderWalk{};
    if (!walk) {
      problem(source_.address, walk.error().message + ". Nothing was removed");
      report_.held = cut_ = true;
      return {};
    }
    cut_ |= walk->truncated || !walk->problems.empty();
    for (const std::string& trouble : walk->problems) problem(path, trouble);
    want_files(*walk, present);
    all.archives.merge(walk->archives);
  }
  if (cut_) return {};
  for (const auto& [address, reference] : known_) {
    if (present.contains(address) || reference.state == ReferenceState::gone) continue;
    const auto url = net::Url::parse(address);
    const std::string file = url ? url->file_path() : "";
    const auto member = extract::split_member(file);
    const bool concerned = std::any_of(options_.paths->begin(), options_.paths->end(), [&](const std::string& path) {
      return is_under(file, path) || (member && is_under(std::string(member->archive), path));
    });
    if (concerned) RENVOI_CHECK(file_not_found(reference, all));
  }
  return {};
}

Result<void> SyncPass::seed_archive() {
  const auto listing = list_archive(source_.address, source_.policy.max_pages, stop_);
  if (stop_.stop_requested()) {
    cut_ = true;
    return {};
  }
  if (!listing && known_.empty()) return listing.error();
  if (!listing) {
    problem(source_.address, listing.error().message + ". Nothing was removed");
    report_.held = cut_ = true;
    return {};
  }
  for (const std::string& trouble : listing->problems) problem(source_.address, trouble);
  cut_ = !listing->complete;
  for (const auto& [address, page] : listing->pages) {
    const auto known = known_.find(address);
    const bool same = known != known_.end() && known->second.indexed && may_be_shown(known->second.state) &&
                      known->second.validators.etag == page.locator;
    if (same && !options_.force) {
      ++report_.totals.skipped;
      continue;
    }
    locators_[address] = page.locator;
    want(address, 0);
  }
  if (!listing->complete) return {};
  for (const auto& [address, reference] : known_)
    if (!listing->pages.contains(address) && reference.state != ReferenceState::gone)
      RENVOI_CHECK(withdraw(reference, "it is not in the archive any more"));
  return {};
}

void SyncPass::bad_listing(const std::string& address, const Error& error) {
  if (address == start_address()) start_failed_ = error;
  cut_ = true;
  problem(address, error.message);
}

// A sitemap, feed, list or OPML file; nothing when it could not be read, which is then told.
std::optional<Observation> SyncPass::read_listing(const std::string& address) {
  progress(address);
  Observation seen = fetcher_.fetch({address, {}, source_.policy, false, {}, {}}, stop_);
  if (!is_listing(address, seen)) return {};
  return seen;
}

bool SyncPass::is_listing(const std::string& address, const Observation& seen) {
  if (seen.outcome == Outcome::fetched) {
    host_is_back(origin_of(address));
    return true;
  }
  if (stop_.stop_requested())
    cut_ = true;
  else
    bad_listing(address, Error{as_error(seen, address).code, seen.reason});
  return false;
}

// An address that a listing names. What is in the catalogue is looked at when it is due; a tombstone, too, when the
// listing has news of it, or none at all for as long as a live page is left alone.
Result<void> SyncPass::want_listed(const std::string& text, const std::string& base_address,
                                   std::optional<Timestamp> changed_at) {
  const auto base = net::Url::parse(base_address);
  if (!base) return base.error();
  const auto url = resolve_link(text, *base);
  if (!url || !scope_->holds(*url)) return {};
  const std::string& address = url->href();
  if (changed_at) {
    Timestamp& latest = listed_changes_[address];
    latest = std::max(latest, *changed_at);
  }
  const auto known = known_.find(address);
  if (known == known_.end()) {
    if (queued_.contains(address)) return {};
    if (queued_.size() >= std::size_t{source_.policy.max_pages} * 10 + 1'000) {
      cut_ = true;
      return {};
    }
    listed_new_.push_back({address, 1});
    want(address, 1);
    return listed_new_.size() < kFrontierBatch ? Result<void>() : write_listed();
  }
  const Reference& reference = known->second;
  if (reference.state != ReferenceState::gone) return {};
  const bool back = reference.reason.ends_with(kUnlisted);  // it left only because it was not listed
  if (back || (!changed_at && reference.checked_at + source_.policy.revisit_after_s <= clock_.now())) want(address, 1);
  return {};
}

// What listings named that is new: in few transactions, and before any of it is asked for.
Result<void> SyncPass::write_listed() {
  if (listed_new_.empty()) return {};
  const auto written = catalog_.add_to_frontier(source_.id, listed_new_);
  listed_new_.clear();
  return written;
}

Result<void> SyncPass::read_sitemap(const std::string& address, std::deque<std::string>* more) {
  const auto seen = read_listing(address);
  if (!seen) return {};
  const auto map = parse_sitemap(seen->body);
  if (!map) {
    bad_listing(address, map.error());
    return {};
  }
  cut_ |= map->truncated;
  const auto base = net::Url::parse(seen->final_address);
  if (!map->sitemaps.empty() && more == nullptr)
    problem(address, "a sitemap index inside another one, which sitemaps.org does not allow: not followed");
  for (const std::string& child : map->sitemaps) {
    const auto url = base ? resolve_link(child, *base) : std::nullopt;
    if (url && url->host() == base->host() && more != nullptr) more->push_back(url->href());
  }
  for (const SitemapPage& page : map->pages)
    RENVOI_CHECK(want_listed(page.address, seen->final_address, page.changed_at));
  return {};
}

Result<void> SyncPass::seed_sitemaps(const std::vector<std::string>& start) {
  std::set<std::string> read;
  const auto is_new = [&](const std::string& address) {
    const bool first = !read.contains(address);
    if (first && read.size() >= kMaxSitemaps) cut_ = true;
    return first && read.size() < kMaxSitemaps && read.insert(address).second;
  };
  std::deque<std::string> children;
  for (const std::string& text : start) {
    const auto url = net::Url::parse(text);
    if (!url || url->scheme() == "file" || !is_new(url->without_fragment())) continue;
    if (stop_.stop_requested()) return {};
    RENVOI_CHECK(read_sitemap(url->without_fragment(), &children));
  }
  for (const std::string& child : children)
    if (!stop_.stop_requested() && is_new(child)) RENVOI_CHECK(read_sitemap(child, nullptr));
  listed_at_ = clock_.now();
  return leave_to_the_sitemaps();
}

// Not in every pass: what they say is worth a request now and then.
bool SyncPass::sitemaps_are_due() const {
  if (options_.force || source_.synced_at == 0 || known_.empty()) return true;
  const catalog::ListingRecord record = listing_record(origin_of(start_address()));
  return source_.listed_at + std::min(list_interval_s(record, options_.revisit), source_.policy.revisit_after_s) <=
         clock_.now();
}

// What the sitemaps call unchanged is not looked at in the passes until they are read again either.
Result<void> SyncPass::leave_to_the_sitemaps() {
  for (auto& [address, reference] : known_) {
    const auto listed = listed_changes_.find(address);
    const bool shown = reference.state == ReferenceState::live || reference.state == ReferenceState::moved;
    if (listed == listed_changes_.end() || !shown || is_due(reference) ||
        reference.next_check_at > clock_.now() + 4 * options_.revisit.lists_s)
      continue;
    const Timestamp due = due_when_listed(reference, listed->second, clock_.now(), listing_record(origin_of(address)),
                                          source_.policy.revisit_after_s, options_.revisit);
    if (due <= reference.next_check_at) continue;
    reference.next_check_at = due;
    RENVOI_CHECK(sink_.on_state(reference, ""));
  }
  return {};
}

Result<void> SyncPass::take_feed(const std::string& address, Observation seen) {
  if (!is_listing(address, seen)) return {};
  const auto base = net::Url::parse(seen.final_address);
  if (!base) return {};
  const auto feed = parse_feed(seen.body, *base);
  if (!feed) {
    bad_listing(address, feed.error());
    return {};
  }
  cut_ |= feed->truncated;
  if (feed->entries.empty() && feed->without_link > 0) problem(address, "no entry of this feed links to a page");
  for (const FeedEntry& entry : feed->entries)
    RENVOI_CHECK(want_listed(entry.address, seen.final_address, entry.changed_at));
  return write_listed();
}

// The feeds are asked like pages, several hosts at once; what they name may be looked at before the last is read.
Result<void> SyncPass::seed_opml() {
  std::deque<std::string> files{start_address()};
  std::set<std::string> read{start_address()}, feeds;
  while (!files.empty() && !stop_.stop_requested()) {
    const std::string address = std::move(files.front());
    files.pop_front();
    const auto seen = read_listing(address);
    const auto base = seen ? net::Url::parse(seen->final_address) : net::Url::parse(address);
    if (!seen || !base) continue;
    const auto opml = parse_opml(seen->body, *base);
    if (!opml) {
      bad_listing(address, opml.error());
      continue;
    }
    cut_ |= opml->truncated;
    for (const std::string& other : opml->includes) {
      if (read.contains(other)) continue;
      if (read.size() < kMaxOpmlFiles)
        files.push_back(*read.insert(other).first);
      else
        cut_ = true;
    }
    for (const std::string& feed : opml->feeds) {
      if (feeds.size() >= kMaxOpmlFeeds) {
        cut_ = true;
        break;
      }
      if (stop_.stop_requested()) return {};
      if (feeds.insert(feed).second) queue_.push(origin_of(feed), {{feed}, nullptr, true});
    }
  }
  return work();
}

Result<void> SyncPass::seed_list() {
  const auto seen = read_listing(start_address());
  if (!seen) return {};
  const auto list = parse_url_list(seen->body);
  if (!list || (list->addresses.empty() && alive_ >= kEmptyAlarm)) {
    bad_listing(start_address(),
                list ? Error{ErrorCode::invalid, "the list is empty and was not. Nothing was removed"} : list.error());
    report_.held = true;
    return {};
  }
  for (const auto& line : list->bad)
    problem(source_.address, "line " + std::to_string(line.number) + ": " + line.reason);
  cut_ |= list->truncated;
  for (const std::string& address : list->addresses) {
    listed_.insert(address);
    RENVOI_CHECK(want_listed(address, address, {}));
  }
  if (list->truncated) return {};
  only_listed_ = true;  // as a folder, the list says what belongs to the source
  for (const auto& [address, reference] : known_)
    if (!listed_.contains(address) && reference.state != ReferenceState::gone)
      RENVOI_CHECK(withdraw(reference, kUnlisted));
  return {};
}

}  // namespace renvoi::crawl
