// A collection: one folder with a catalogue and an index that agree with each other.
//
//   <folder>/catalog.db   <folder>/index/   <folder>/index-first/   <folder>/index-next/   <folder>/fitted/
//   <folder>/cache/
//
// Its passages are in two tiers (tier.h): index/ is the full one, index-first/ the first, where there is a table. While
// the embedding model or the extractor changes, index-next/ is filled for the new one, and takes the place of both at
// one instant when it has everything (docs/format.md, "Change of the model").
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "index/index.h"
#include "io/file_system.h"
#include "search/tier.h"

namespace renvoi::search {

struct DiskUse {
  std::uint64_t index_bytes = 0;   // of both tiers
  std::uint64_t next_bytes = 0;    // of the index that is being made for another model
  std::uint64_t fitted_bytes = 0;  // tables fitted to the collection, and the sample they are fitted to
  std::uint64_t catalog_bytes = 0;
  std::uint64_t cache_bytes = 0;
};

// Of the embedding model or of the extractor.
struct ModelChange {
  index::Identity to;
  std::shared_ptr<TierTables> tables;  // of that model, from then on; null: there is no first tier afterwards
};

// Thread-safe. Writing methods need Mode::write.
class Collection {
 public:
  enum class Mode : std::uint8_t { read, write };
  // Opens both and reconciles them: what the index holds and the catalogue does not, or holds as GONE, leaves the
  // index; what the catalogue holds as indexed and the index has not is marked to be read again; what both tiers hold
  // leaves the first. `tables` (of the model of `identity`) null, or without a table: there is no first tier (yet). A
  // first tier whose table is no more, or that is damaged, is begun anew by a writer, and what it held is read again:
  // all of it can be made again. A reader passes over it.
  // `change`: what the index, which is bound to `identity`, is to be bound to: a writer goes on with index-next/ or
  // begins it, and without `change`, or with another, drops what is there: that is the way back. A reader follows the
  // switch that a writer makes. Errors as Catalog::open and Index::open.
  static Result<std::unique_ptr<Collection>> open(io::FileSystem& files, const Clock& clock,
                                                  const std::filesystem::path& folder, const index::Identity& identity,
                                                  Mode mode, std::shared_ptr<TierTables> tables = nullptr,
                                                  const std::optional<ModelChange>& change = {});
  virtual ~Collection() = default;
  virtual catalog::Catalog& catalog() = 0;
  virtual index::Index& index() = 0;             // of the full tier; another one after switch_to_next()
  virtual index::Identity identity() const = 0;  // what it is bound to
  // Both tiers as they are now.
  virtual Snapshots snapshots() const = 0;
  virtual bool has_first_tier() const = 0;                 // or could begin one: there is a table
  virtual std::shared_ptr<TierTables> tables() const = 0;  // of the model that it is bound to; never null
  // The table that made the vectors of the first tier; null where there is none. Of a writer: an empty first tier of
  // another than the newest table is begun anew first, so ask before vectors are made.
  virtual Result<std::shared_ptr<const TierTable>> first_tier_table() = 0;
  // Sorted: what waits for the full tier.
  virtual std::vector<ReferenceId> only_in_first_tier() const = 0;
  virtual const Clock& clock() const = 0;
  virtual const std::filesystem::path& folder() const = 0;
  virtual bool writable() const = 0;

  // One or more documents, indexed and acknowledged together: index.put for each, index.commit, then out of the other
  // tier, then the catalogue.
  struct DocumentWrite {
    catalog::Reference reference;  // with the new title, language, fingerprint, validators, state, ...
    std::vector<index::PassageInput> passages;
    std::string event;  // for the audit trail: "added" or "changed"
    // From the first tier to the full one. Nothing is written of a document that the first tier does not hold any more
    // (found gone, removed); the catalogue keeps what it learnt since `reference` was read, unless the text is another.
    bool upgrade = false;
  };
  // `made_by`: what made the vectors for the first tier. Errors: those of index and catalogue; `not_found` for a
  // reference the catalogue does not know; `invalid` for the first tier where there is none; `conflict` where it is of
  // another table than `made_by`.
  virtual Result<void> put(std::span<const DocumentWrite> documents, Tier tier = Tier::full,
                           const TierTable* made_by = nullptr) = 0;
  // A new state for a reference: the catalogue first; when it is GONE, also out of the index.
  virtual Result<void> update_state(const catalog::Reference& reference, std::string_view event) = 0;
  virtual Result<void> remove_source(SourceId source) = 0;
  virtual Result<void> remove_reference(ReferenceId reference, std::string_view reason) = 0;

  // How far a change is. A reader tells it too.
  struct ChangeStatus {
    index::Identity to;
    std::uint64_t documents_done = 0, passages_done = 0;  // in the next index
    std::uint64_t documents_waiting = 0;                  // in the present one only
  };
  virtual std::optional<ChangeStatus> change() const = 0;
  // Sorted: what the present index holds, in either tier, and the next one does not.
  virtual std::vector<ReferenceId> waiting_for_next() const = 0;
  // Documents as they are in the present index, with the next one's vectors. Nothing is written of one that left
  // meanwhile or has other passages now. Errors as put(); `invalid` when no change is under way.
  virtual Result<void> put_next(std::span<const DocumentWrite> documents) = 0;
  // When nothing waits that could still be read, the next index becomes the index: for this process between two
  // snapshots(), for all at one instant, and after a crash one or the other. What could not be read (SUSPECT, BLOCKED;
  // HOST_DOWN for more than a day) leaves the index and is marked to be read again. False, and nothing is done, when
  // something waits; `unreadable` is not waited for: a sweep has just looked at it in vain. Errors: as put(); after
  // `unavailable` that says so, nothing is written until it is opened again.
  virtual Result<bool> switch_to_next(std::span<const ReferenceId> unreadable = {}) = 0;

  // Of both tiers, as Index::refresh, compact, check and stats. refresh() also: `conflict` when another process has
  // changed the model to one that this collection was not opened with: open it again.
  virtual Result<void> refresh() = 0;
  virtual Result<void> compact() = 0;
  virtual Result<void> check() = 0;
  struct TierStats {
    index::IndexStats full, first;  // first: zeros where there is none
  };
  virtual TierStats stats() const = 0;
  virtual DiskUse disk_use() = 0;
};

}  // namespace renvoi::search
