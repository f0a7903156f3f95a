// Bringing one source up to date: what is new is read, what changed is read again, what is gone leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "crawl/fetcher.h"
#include "crawl/reference_state.h"
#include "crawl/revisit.h"
#include "extract/document.h"

namespace renvoi::crawl {

// What a sync tells whoever indexes. Called from the sync's own thread, in order: of one host in the order in which its
// pages were asked for, of several as their answers arrive. An error ends the sync with it.
class SyncSink {
 public:
  virtual ~SyncSink() = default;
  // The answer behind the next on_document, for whoever may keep its bytes (retention `page`, not `noarchive`).
  virtual Result<void> on_page(const catalog::Reference& /*reference*/, const Observation& /*observation*/) {
    return {};
  }
  // `reference` is as the catalogue will have it once the document is indexed; its id is already given. `changed` is
  // false for a new one.
  virtual Result<void> on_document(const catalog::Reference& reference, extract::Document document, bool changed) = 0;
  // A new state without new text ("LIVE -> SUSPECT"); also every 304, with an empty event.
  virtual Result<void> on_state(const catalog::Reference& reference, const std::string& event) = 0;
};

struct SyncProgress {
  std::uint64_t fetched = 0, unchanged = 0, new_documents = 0, changed_documents = 0, failed = 0, gone = 0, skipped = 0;
  std::uint64_t waiting = 0;  // in the frontier
  std::uint64_t bytes = 0;
  std::string current;  // the address being read
};

struct SyncProblem {
  std::string address;
  std::string reason;
};

struct SyncReport {
  SyncProgress totals;
  std::vector<SyncProblem> problems;  // at most 1,000
  bool complete = false;              // false: stopped, or max_pages was met; what remains is in the frontier
  bool held = false;                  // more than half of a host is missing: nothing of it was declared dead
};

struct SyncOptions {
  LifePolicy life;
  RevisitPolicy revisit;
  bool probe = true;  // ask a host, at most so often, for a page that cannot exist (soft_404.h)
  std::int64_t probe_each_s = 86'400;
  bool accept_deaths = false;  // bury also when more than half of a host is missing: a person has looked at it
  bool force = false;          // also what was checked less than revisit_after_s ago
  // Only these references (those that are due, where one is not LIVE): each is read whole and handed over even if its
  // text is the same, no link is followed, nothing new is looked for. What is gone leaves as in any pass.
  std::optional<std::set<ReferenceId>> only;
  // Whether the cache holds the text that the index has of a reference. Asked of what is missing, where the source
  // serves what is gone.
  std::function<bool(const catalog::Reference&)> is_cached;
  // Of a folder: only what is at or under these absolute paths now, or was (a watch saw them change).
  std::optional<std::set<std::string>> paths;
  // Of different hosts; one host is asked for one thing at a time. 1: no thread is made, one page after the other.
  std::uint32_t hosts_at_once = 32;
  std::uint64_t max_held_bytes =
      64u << 20;  // of pages that were read and wait for their turn: beyond, no more is asked
  // Of this pass, its pages and probes, evenly spread; 0: no limit. The source's own holds where it is less.
  std::uint32_t requests_per_minute = 0;
  std::function<void(const SyncProgress&)> on_progress;
};

// What a source lists is asked of several hosts at once (look_ahead.h), and decided on in the calling thread alone.
// Errors: `not_found` (start address or folder does not exist, and nothing was known of it), `denied`, those of
// catalogue and sink. A page's own trouble is not an error but a problem in the report.
Result<SyncReport> sync_source(const catalog::Source& source, catalog::Catalog& catalog, Fetcher& fetcher,
                               const Clock& clock, SyncSink& sink, const SyncOptions& options = {},
                               std::stop_token stop = {});

// What SOURCE on a command line means: an existing folder or file, or a URL. Names tell where they can: *.opml, *.warc,
// *.warc.gz, *.wacz, a sitemap's; a file that begins like a feed or OPML is one. A URL is a site otherwise. `kind`
// decides where it is given. Errors: `not_found`, `invalid`.
Result<catalog::Source> describe_source(const std::string& text, std::optional<catalog::SourceKind> kind,
                                        const catalog::SourcePolicy& policy);

// Whether `source` was described by its name alone and may be something else: a site, not `kind` as somebody said.
// Asks it once, without the politeness delay, and changes its kind when the answer begins like a feed, OPML or a
// sitemap. An answer that does not come changes nothing: the sync will tell.
catalog::Source recognise_source(catalog::Source source, Fetcher& fetcher, std::stop_token stop = {});

// "feed", "opml" or "sitemap", by the first bytes (gunzipped, any Unicode encoding); nothing for anything else.
std::optional<catalog::SourceKind> sniff_listing(std::string_view bytes);

}  // namespace renvoi::crawl
