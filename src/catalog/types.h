// Sources and references, as the catalogue keeps them. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace renvoi::catalog {

// Stored by number: new ones are added at the end.
enum class SourceKind : std::uint8_t {
  folder,
  file,
  url,      // one page
  site,     // a page and what it links to
  sitemap,  // sitemaps.org
  feed,     // RSS, Atom, JSON Feed: what its entries link to
  list,     // a text file of addresses
  opml,     // a list of feeds
  archive,  // WARC, WACZ: documents as they were when they were recorded
};
std::string_view to_string(SourceKind kind);  // "folder", ...
// Its documents are files here (or in one): no server is asked for them.
constexpr bool has_local_documents(SourceKind kind) {
  return kind == SourceKind::folder || kind == SourceKind::file || kind == SourceKind::archive;
}
std::optional<SourceKind> parse_source_kind(std::string_view text);

// What is kept of the documents: none (index only), text (bounded cache of extracted text), page (of original bytes).
enum class Retention : std::uint8_t { none, text, page };
std::string_view to_string(Retention retention);
std::optional<Retention> parse_retention(std::string_view text);

struct SourcePolicy {
  Retention retention = Retention::none;
  bool allow_private_addresses = false;  // loopback and private ranges may be dialled
  bool obey_robots = true;               // only for a site of one's own
  std::uint32_t max_depth = 16;          // links followed from the start
  std::uint32_t max_pages = 10'000;
  std::uint32_t min_delay_ms = 500;       // between two requests to one host; Crawl-delay can only lengthen it
  std::int64_t revisit_after_s = 86'400;  // a sync passes over what was checked more recently; 0: never
  std::string path_prefix{};              // a site's scope, "/docs/"; empty: the folder of the start URL
  bool use_sitemaps = false;              // of a site: also what the sitemaps list that its robots.txt names
  std::uint32_t requests_per_minute = 0;  // of a pass over it, evenly spread; 0: as all sources
  // What is gone is served as ARCHIVED while the cache holds it; needs a retention. Never what its server withdrew.
  bool serve_gone = false;
  bool operator==(const SourcePolicy&) const = default;
};

struct Source {
  SourceId id = SourceId::none;
  SourceKind kind = SourceKind::url;
  std::string address{};  // URL (normalised) or absolute path
  SourcePolicy policy{};
  Timestamp added_at = 0;
  Timestamp synced_at = 0;     // end of the last whole pass; 0: never
  std::string last_outcome{};  // one line for people about the last pass
};

// DESIGN section 9.
enum class ReferenceState : std::uint8_t {
  live,
  suspect,
  gone,
  host_down,
  blocked,
  moved,
  archived,  // missing, and served from the cache because its source's policy says so (SourcePolicy::serve_gone)
};
inline constexpr std::size_t kReferenceStates = 7;
std::string_view to_string(
    ReferenceState state);  // "LIVE", "SUSPECT", "GONE", "HOST_DOWN", "BLOCKED", "MOVED", "ARCHIVED"
std::optional<ReferenceState> parse_reference_state(std::string_view text);

// Conditional requests: what the server said of the version that was read.
struct Validators {
  std::string etag{};
  std::string last_modified{};
  bool operator==(const Validators&) const = default;
};

// What the visits so far taught about how often a text changes (crawl/revisit.h reads it).
struct CheckHistory {
  std::uint32_t checks = 0;       // answers of its server, ever
  std::uint32_t comparisons = 0;  // times its text was held against the one before (or the server said 304)
  std::uint32_t changes = 0;      // of those, how often it was another
  std::int64_t watched_s = 0;     // the time that those comparisons span
  Timestamp compared_at = 0;      // the last one; 0: never read
  bool operator==(const CheckHistory&) const = default;
};

struct Reference {
  ReferenceId id = ReferenceId::none;
  SourceId source = SourceId::none;
  std::string address{};    // URL without fragment ("file:///..." for files); unique in the catalogue
  std::string title{};      // at most 200 bytes
  std::string language{};   // ISO 639-1 or "und"
  std::string type{};       // of the document: extract::document_type ("html", "pdf"); "" when it is not known
  Timestamp date = 0;       // when it was last modified or published, by what it says or its server; 0: not known
  std::uint32_t depth = 0;  // links from the start of the source
  Validators validators{};
  std::uint64_t fingerprint = 0;  // of the extracted text; 0: never read
  std::uint64_t text_bytes = 0;   // of the extracted text
  std::uint32_t passages = 0;
  bool indexed = false;  // the index holds this fingerprint's passages
  ReferenceState state = ReferenceState::live;
  Timestamp state_since = 0;
  Timestamp checked_at = 0;  // last time an answer came from its server; 0: never
  Timestamp next_check_at = 0;
  std::uint32_t failures = 0;  // in a row
  Timestamp first_failure_at = 0;
  std::string reason{};    // why it is in its state, for people: "HTTP 404", "connection refused"; "" when live
  std::string moved_to{};  // candidate or new address of a permanent redirect; "" when none
  CheckHistory history{};
};

// How far the lists of a host (sitemaps, feeds) can be believed: what was found of pages that they dated after the last
// look, and of the others. What is old weighs less (crawl/revisit.h keeps and reads them).
struct ListingRecord {
  std::string origin{};
  std::uint32_t newer = 0, newer_changed = 0;  // looks at pages said to be newer; how many had another text
  std::uint32_t quiet = 0, quiet_changed = 0;  // at pages not said to be; the same
  bool operator==(const ListingRecord&) const = default;
};

// What is known of a host (an origin: scheme, name, port), beyond its pages.
struct HostRecord {
  std::string origin{};
  Timestamp probed_at = 0;  // when it was last asked for a page that cannot exist
  std::string probe{};      // what it answered, as a sketch without text (crawl/soft_404.h)
};

// LIVE, HOST_DOWN, MOVED or ARCHIVED: what is indexed in such a state may be in a search result.
bool is_showable(ReferenceState state);
inline bool is_showable(const Reference& reference) { return reference.indexed && is_showable(reference.state); }

// What the index is held against.
struct IndexedReference {
  ReferenceId id = ReferenceId::none;
  ReferenceState state = ReferenceState::live;
  bool indexed = false;
  std::uint32_t passages = 0;
};

}  // namespace renvoi::catalog
