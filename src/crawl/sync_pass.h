// One pass over one source: the state of a sync while it runs. For sync.cpp and its parts.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "crawl/agenda.h"
#include "crawl/folder_walk.h"
#include "crawl/look_ahead.h"
#include "crawl/rate.h"
#include "crawl/scope.h"
#include "crawl/soft_404.h"
#include "crawl/sync.h"

namespace renvoi::crawl {

Error as_error(const Observation& seen, const std::string& address);
std::string origin_of(const std::string& address);  // "" when it is no URL
// 0 is no limit.
constexpr std::uint32_t strictest(std::uint32_t one, std::uint32_t other) {
  return one == 0 ? other : other == 0 ? one : std::min(one, other);
}

// Of the thread that syncs. It decides alone, on one answer at a time; the hosts are asked by a LookAhead.
class SyncPass {
 public:
  SyncPass(const catalog::Source& source, catalog::Catalog& catalog, Fetcher& fetcher, const Clock& clock,
           SyncSink& sink, const SyncOptions& options, std::stop_token stop)
      : source_(source),
        catalog_(catalog),
        fetcher_(fetcher),
        clock_(clock),
        sink_(sink),
        options_(options),
        stop_(stop),
        rate_(strictest(options.requests_per_minute, source.policy.requests_per_minute)) {}

  Result<SyncReport> run();

 private:
  struct Wanted {
    std::string address;
    std::uint32_t depth = 0;
    bool ignore_canonical = false;
    bool second_look = false;  // at the end of the pass, when it is known what else leads where it leads
  };
  // A page that was read.
  struct Reading {
    Wanted wanted;
    std::optional<catalog::Reference> known;
    Observation seen;
    extract::Document document;
  };
  // What is to be asked of a host: a page; one that cannot exist, for a page that waits to be judged by it; or a feed.
  struct Errand {
    Wanted wanted;
    std::unique_ptr<Reading> reading{};
    bool is_feed = false;
    // The page that it is about; null: none.
    const Wanted* page() const { return is_feed ? nullptr : reading ? &reading->wanted : &wanted; }
  };
  struct Running {
    std::string host;
    Errand errand;
  };
  // Of what was known of a host when the pass began, or died shortly before: how much there was, how much of it is
  // missing now, and how much is missing or dead.
  struct HostTally {
    std::uint64_t all = 0, missing = 0, lost = 0;
  };
  // What a host answered when it was asked for pages that cannot exist: beside a page, and elsewhere.
  struct HostProbes {
    std::string folder;
    Probe beside;
    std::optional<Probe> elsewhere;
    Timestamp asked_at = 0;
  };
  // What a page is taken for; or the page that cannot exist which has to be asked for before that can be said.
  struct Judgment {
    std::optional<Observation> mask;  // nothing: it is the page that its status says
    std::string ask{};
  };
  struct Likeness {
    bool same = false;
    std::string ask{};
  };

  Result<void> load();
  Result<void> seed();
  void seed_only();
  bool is_read_again(const catalog::Reference& reference) const {
    return options_.only && options_.only->contains(reference.id);
  }
  Result<void> seed_known();
  Result<void> seed_folder();
  Result<void> seed_paths();
  void want_files(const FolderWalk& walk, std::set<std::string>& present);
  Result<void> file_not_found(const catalog::Reference& reference, const FolderWalk& walk);
  Result<void> file_is_gone(const catalog::Reference& reference);
  Result<void> seed_archive();
  Result<void> seed_list();
  Result<void> seed_opml();
  Result<void> seed_sitemaps(const std::vector<std::string>& start);
  bool sitemaps_are_due() const;
  Result<void> leave_to_the_sitemaps();
  Result<void> read_sitemap(const std::string& address, std::deque<std::string>* more);
  Result<void> take_feed(const std::string& address, Observation seen);
  std::optional<Observation> read_listing(const std::string& address);
  bool is_listing(const std::string& address, const Observation& seen);
  void bad_listing(const std::string& address, const Error& error);
  Result<void> want_listed(const std::string& address, const std::string& base, std::optional<Timestamp> changed_at);
  Result<void> write_listed();
  Result<void> withdraw(const catalog::Reference& reference, const std::string& why);
  std::string start_address() const;
  Fetcher::Request request_of(const Wanted& wanted, const catalog::Reference* known) const;
  Result<void> work();
  LookAhead::Clock::time_point begin_some(LookAhead& ahead);
  bool begin(LookAhead& ahead, const std::string& host);
  void drop_pointless(LookAhead& ahead);
  bool is_new(const Wanted& wanted) const;
  bool is_pointless(const Wanted& wanted);
  Fetcher::Request request_for_look(const Wanted& wanted) const;
  Result<void> take(LookAhead::Answer answer);
  Result<void> look(const Wanted& wanted, Observation seen);
  Result<void> look_known(catalog::Reference reference, const Wanted& wanted, Observation seen);
  Result<void> look_new(const Wanted& wanted, Observation seen);
  Result<void> read_document(const Wanted& wanted, std::optional<catalog::Reference> known, Observation seen);
  Result<void> judge(Reading reading);
  Result<void> index_page(Reading reading);
  Result<void> index_document(catalog::Reference reference, const Observation& seen, extract::Document document,
                              bool changed);
  Result<void> hand_over(catalog::Reference reference, const Observation& seen, extract::Document document,
                         bool changed);
  Result<void> leave_out(const Wanted& wanted, const std::optional<catalog::Reference>& known, const Observation& seen,
                         const std::string& why);
  Result<bool> takes_over(const catalog::Reference& held);
  Result<bool> belongs_to_canonical(const Wanted& wanted, const std::optional<catalog::Reference>& known,
                                    const Observation& seen, const extract::Document& document);
  Result<void> follow_links(const extract::Document& document, const Observation& seen, std::uint32_t depth);
  Result<void> state(catalog::Reference next, const catalog::Reference& before);
  Result<void> bury();
  Result<void> finish();

  bool is_due(const catalog::Reference& reference) const;
  // Of one that a sitemap or a feed says was last changed at `changed_at`.
  bool is_due_by_listing(const catalog::Reference& reference, Timestamp changed_at) const;
  catalog::ListingRecord listing_record(const std::string& origin) const;
  void note_listing(const catalog::Reference& before, bool changed);
  void note_redirect(const Wanted& wanted, const Observation& seen);
  bool converges(const Observation& seen) const;
  // The reference after a look; `changed`: whether its text is another than before, where that is known.
  catalog::Reference next_of(const catalog::Reference& before, const Observation& seen,
                             std::optional<bool> changed = {});
  void settle_hosts();
  void count_missing(const catalog::Reference& reference);
  bool is_held(const std::string& address) const;
  Result<void> host_is_down();
  void host_is_back(const std::string& origin);
  // Of sync_soft_404.cpp: what is not the page that its status says. Nothing: it is one.
  Result<Judgment> unmask(const Reading& reading);
  Result<Likeness> answers_anything(const Reading& reading, bool known_text, bool says_missing);
  Result<HostProbes*> probes_of(const std::string& origin);
  Result<void> note_probe(const Reading& reading, const std::string& address, const Observation& seen);
  Result<void> settle_move(catalog::Reference& next, const catalog::Reference& before);
  bool is_known_down(const std::string& origin) const;
  bool host_given_up(const std::string& address, const Observation* seen);
  void want(const std::string& address, std::uint32_t depth, bool ignore_canonical = false);
  void want_again(Wanted wanted);
  void drop(const std::string& address);
  void problem(const std::string& address, const std::string& reason);
  void progress(const std::string& current);

  const catalog::Source& source_;
  catalog::Catalog& catalog_;
  Fetcher& fetcher_;
  const Clock& clock_;
  SyncSink& sink_;
  const SyncOptions& options_;
  std::stop_token stop_;
  Rate rate_;

  SyncReport report_;
  std::optional<Scope> scope_;                       // of what is on the web
  std::map<std::string, catalog::Reference> known_;  // by address, as it was when the pass began
  Agenda<Errand> queue_;                             // by origin
  std::map<std::uint64_t, Running> running_;         // by ticket
  std::uint64_t last_ticket_ = 0;
  std::uint64_t parked_bytes_ = 0;                                        // of pages that wait for a probe
  std::set<std::string> queued_;                                          // ever, in this pass
  std::set<std::string> aliases_;                                         // addresses that its references had before
  std::uint64_t pages_ = 0;                                               // references of the source that are not GONE
  std::uint64_t alive_ = 0;                                               // of those known when the pass began
  std::map<std::string, HostTally> hosts_;                                // by origin
  std::set<ReferenceId> missing_;                                         // not there in this pass
  std::map<std::string, Observation> down_;                               // origin -> its last answer, or none
  std::map<std::string, std::vector<Wanted>> host_down_;                  // by origin, until it answers
  std::map<std::string, HostProbes> probes_;                              // by origin
  std::vector<std::pair<catalog::Reference, catalog::Reference>> dying_;  // next, before
  std::map<std::string, std::set<std::string>> led_to_;     // redirect target -> addresses that lead there
  std::map<std::string, std::vector<Wanted>> waits_for_;    // canonical address -> the pages that named it
  std::set<std::string> looked_at_;                         // in this pass
  std::map<std::string, std::uint32_t> host_failures_;      // in a row
  std::map<std::string, Timestamp> listed_changes_;         // what a sitemap or a feed dates
  std::map<std::string, catalog::ListingRecord> listings_;  // how far such dates were right, by origin
  std::set<std::string> listings_noted_;                    // of those, the ones that this pass added to
  std::set<std::string> listed_;                            // what a list lists
  std::vector<catalog::FrontierEntry> listed_new_;          // what listings named, not yet in the frontier
  bool only_listed_ = false;                     // the list was read to its end: nothing else is of the source
  std::map<std::string, std::string> locators_;  // of an archive's pages
  std::optional<Timestamp> listed_at_;           // its sitemaps were read in this pass
  bool cut_ = false;                             // something remains
  std::optional<Error> start_failed_;
};

}  // namespace renvoi::crawl
