// The catalogue: sources, references, tombstones and the audit trail, in one SQLite file (WAL mode).
//
// It is the truth about what exists and in which state; the index is the truth about passages. The two are written in
// an order that lets search::Collection reconcile them after a crash (docs/format.md, "Catalogue and index").
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/lists.h"
#include "catalog/types.h"

namespace renvoi::catalog {

// A page that was seen in a link and not fetched yet: kept, so that an interrupted crawl goes on where it stopped.
struct FrontierEntry {
  std::string address;
  std::uint32_t depth = 0;
};

struct AuditEntry {
  Timestamp at = 0;
  ReferenceId reference = ReferenceId::none;
  std::string address;
  std::string event;  // "added", "changed", "LIVE -> SUSPECT", "removed", ...
  std::string reason;
};

struct CatalogCounts {
  std::uint64_t sources = 0;
  std::uint64_t references = 0;
  std::uint64_t references_by_state[kReferenceStates] = {};  // by ReferenceState
  std::uint64_t indexed = 0;                                 // references
  std::uint64_t passages = 0;                                // of indexed references
  std::uint64_t text_bytes = 0;                              // of indexed references
  std::uint64_t tombstones = 0;
  std::uint64_t frontier = 0;
};

struct ReferenceUpdate {
  Reference reference;
  std::string event{};  // for the audit trail; none when empty
};

// What search keeps of a reference that may be shown. The views live as long as the call.
struct ShownReference {
  ReferenceId id = ReferenceId::none;
  ReferenceState state = ReferenceState::live;
  SourceId source = SourceId::none;
  std::string_view language;
  std::string_view type;
  Timestamp date = 0;
};

// Is told what may be shown, and how that changes. Must not call the catalogue.
class ShownFollower {
 public:
  virtual ~ShownFollower() = default;
  virtual void on_everything() = 0;  // what was told before is void: all of it follows, by id
  virtual void on_shown(const ShownReference& reference) = 0;
  virtual void on_hidden(ReferenceId reference) = 0;    // may never have been shown
  virtual void on_source_removed(SourceId source) = 0;  // with all its references
};

// Thread-safe. Every method that writes is one transaction, durable when it returns. Errors: `corrupt` (not a
// catalogue, or of a newer version; says which), `exhausted` (disk full), `conflict` (locked by another process for
// more than 5 s), `not_found` where an id must exist, `denied` (read-only).
class Catalog {
 public:
  enum class Mode : std::uint8_t { read, write };  // write creates the file when absent
  static Result<std::unique_ptr<Catalog>> open(const std::filesystem::path& file, Mode mode);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Sources. add_source: the same kind and address twice gives the existing one, with the new policy.
  Result<Source> add_source(const Source& source);
  Result<void> update_source(const Source& source);
  Result<Source> source(SourceId id);
  Result<std::vector<Source>> sources();
  // Forgets the source, its frontier and its references (with tombstones). Not one transaction: the first, a short one,
  // hides all of it from every method here; then the references leave, 5,000 in a transaction (some 60 ms), each time
  // told to `on_removed` outside of all locks. Interrupted, it is gone on with when the catalogue is opened for writing
  // (and told to nobody); an error of `on_removed` interrupts it.
  using OnRemoved = std::function<Result<void>(std::span<const ReferenceId>)>;
  Result<void> remove_source(SourceId id, Timestamp now, const OnRemoved& on_removed = {});

  // References. add_reference: an existing address gives the existing reference, whatever its source (and lifts its
  // tombstone). The address leaves the frontier. Survives kill -9; a power cut only once a later write has returned.
  Result<Reference> add_reference(const Reference& reference, Timestamp now);
  // Writes every field; `event` goes to the audit trail unless it is empty. A change of state to gone adds a tombstone.
  // Another address than before is a move: the old one is kept as an alias. Errors also: `conflict` when another
  // reference has that address.
  Result<void> update_reference(const Reference& reference, Timestamp now, std::string_view event = {});
  // The same for several, in one transaction: all or none.
  Result<void> update_references(std::span<const ReferenceUpdate> updates, Timestamp now);
  Result<Reference> reference(ReferenceId id);
  // Under its address, or one that it had before it moved.
  Result<std::optional<Reference>> find_reference(std::string_view address);
  // The addresses that a source's references had before they moved; with `since` those that were looked at after it.
  // Sorted.
  Result<std::vector<std::string>> aliases(SourceId source, Timestamp since = 0);
  // It still leads elsewhere. (A page of its own takes the address back: add_reference.)
  Result<void> alias_looked_at(std::string_view address, Timestamp at);
  Result<std::vector<Reference>> references(std::optional<SourceId> source = {});
  // Those after `after`, by id, at most `limit`. Going on with ReferenceList::next gives each reference that meets the
  // filter all the while exactly once, whatever is written in between: ids are never used again. O(ids passed by), of
  // which a call takes 200,000 at most.
  Result<ReferenceList> list(const ReferenceFilter& filter, ReferenceId after, std::size_t limit);
  // Of every source, by id. O(sources), as counts().
  Result<std::vector<SourceCounts>> counts_by_source();
  // Of the audit trail from `since` on, by day, source and event. O(trail): 100,000 events at most.
  Result<std::vector<DayCount>> counts_by_day(Timestamp since);
  // When the oldest event happened that the trail still has; 0: there is none.
  Result<Timestamp> trail_since();
  // Forgets one reference (a tombstone stays).
  Result<void> remove_reference(ReferenceId id, Timestamp now, std::string_view reason);
  // Ids that may be shown: indexed, and LIVE, MOVED or HOST_DOWN. Sorted.
  Result<std::vector<ReferenceId>> showable(std::optional<SourceId> source = {}, std::string_view language = {});
  // Those that the index should hold, GONE or not, sorted. O(indexed): the others are not read.
  Result<std::vector<IndexedReference>> indexed_references();
  // Tells `follower` what has changed of what may be shown since `version` (of an earlier call; 0: none), or all of it
  // where that is too long ago: the newest 100,000 changes are kept. Gives the version reached, of one committed state.
  // O(changes), or O(indexed) for all: some 1.5 us each.
  Result<std::uint64_t> follow_shown(std::uint64_t version, ShownFollower& follower);
  // Languages of the showable references, with their numbers, commonest first. O(sources), as counts().
  Result<std::vector<std::pair<std::string, std::uint64_t>>> languages();
  // Grows with every write that changes what is showable, or its state, source, language, type or date.
  std::uint64_t version();

  // Frontier.
  Result<void> add_to_frontier(SourceId source,
                               const std::vector<FrontierEntry>& entries);  // known addresses are left out
  Result<std::vector<FrontierEntry>> frontier(SourceId source);
  Result<void> remove_from_frontier(SourceId source, std::string_view address);

  // Hosts. Nothing when it was never written.
  Result<std::optional<HostRecord>> host(std::string_view origin);
  Result<void> set_host(const HostRecord& host);
  Result<std::vector<ListingRecord>> listing_records();
  Result<void> set_listing_records(std::span<const ListingRecord> records);

  Result<std::vector<AuditEntry>> audit(std::size_t limit);  // newest first
  Result<std::vector<AuditEntry>> audit_of(ReferenceId reference, std::size_t limit);
  // Of one source: without tombstones and frontier. Nothing is read that is as long as the catalogue.
  Result<CatalogCounts> counts(std::optional<SourceId> source = {});
  // Small settings of the collection ("model_digest", ...).
  Result<std::optional<std::string>> setting(std::string_view key);
  Result<void> set_setting(std::string_view key, std::string_view value);

 private:
  struct Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  Result<void> finish_removal(SourceId id, const OnRemoved& on_removed);
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::catalog
