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
#include <vector>

#include "base/result.h"
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
  std::uint64_t references_by_state[6] = {};  // by ReferenceState
  std::uint64_t passages = 0;                 // of indexed references
  std::uint64_t text_bytes = 0;               // of indexed references
  std::uint64_t tombstones = 0;
  std::uint64_t frontier = 0;
};

struct ReferenceUpdate {
  Reference reference;
  std::string event{};  // for the audit trail; none when empty
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
  // Forgets the source, its frontier and its references (with tombstones); gives the ids of the references.
  Result<std::vector<ReferenceId>> remove_source(SourceId id, Timestamp now);

  // References. add_reference: an existing address gives the existing reference, whatever its source (and lifts its
  // tombstone). The address leaves the frontier. Survives kill -9; a power cut only once a later write has returned.
  Result<Reference> add_reference(const Reference& reference, Timestamp now);
  // Writes every field; `event` goes to the audit trail unless it is empty. A change of state to gone adds a tombstone.
  Result<void> update_reference(const Reference& reference, Timestamp now, std::string_view event = {});
  // The same for several, in one transaction: all or none.
  Result<void> update_references(std::span<const ReferenceUpdate> updates, Timestamp now);
  Result<Reference> reference(ReferenceId id);
  Result<std::optional<Reference>> find_reference(std::string_view address);
  Result<std::vector<Reference>> references(std::optional<SourceId> source = {});
  // Forgets one reference (a tombstone stays).
  Result<void> remove_reference(ReferenceId id, Timestamp now, std::string_view reason);
  // Ids that may be shown: indexed, and LIVE, MOVED or HOST_DOWN. Sorted.
  Result<std::vector<ReferenceId>> showable(std::optional<SourceId> source = {}, std::string_view language = {});
  // Languages of the showable references, with their numbers, commonest first.
  Result<std::vector<std::pair<std::string, std::uint64_t>>> languages();
  // Grows with every write that changes what is showable; lets a reader cache it.
  std::uint64_t version();

  // Frontier.
  Result<void> add_to_frontier(SourceId source,
                               const std::vector<FrontierEntry>& entries);  // known addresses are left out
  Result<std::vector<FrontierEntry>> frontier(SourceId source);
  Result<void> remove_from_frontier(SourceId source, std::string_view address);

  Result<std::vector<AuditEntry>> audit(std::size_t limit);  // newest first
  Result<CatalogCounts> counts();
  // Small settings of the collection ("model_digest", ...).
  Result<std::optional<std::string>> setting(std::string_view key);
  Result<void> set_setting(std::string_view key, std::string_view value);

 private:
  struct Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace renvoi::catalog
