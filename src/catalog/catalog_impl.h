// What the parts of Catalog share. For the room's own use.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/database.h"
#include "catalog/tally.h"

namespace renvoi::catalog {

// Of a source whose removal has begun nothing is to be seen, though its rows leave by and by.
inline constexpr std::string_view kKept = "source NOT IN (SELECT id FROM source WHERE removed_at<>0)";
// The terms of the index `reference_indexed`, so that it is used.
inline constexpr std::string_view kShown = "indexed=1 AND state IN (0, 3, 5, 6)";  // as is_showable

inline constexpr std::int64_t kMaxAuditEntries = 100'000;

Error no_source(SourceId id);
Error no_reference(ReferenceId id);

// Its methods need the mutex, and those that write a Write.
struct Catalog::Impl {
  explicit Impl(std::unique_ptr<Database> opened) : database(std::move(opened)) {}
  std::unique_ptr<Database> database;
  std::mutex mutex;
  Tally tally;

  Result<Query> query(std::string_view sql) { return database->query(sql); }

  // One transaction with what it counts. Given up unless committed.
  class Write {
   public:
    static Result<Write> begin(Impl& impl);
    Result<void> commit();

   private:
    Write(Impl& impl, Transaction transaction) : impl_(&impl), transaction_(std::move(transaction)) {}
    Impl* impl_;
    Transaction transaction_;
  };

  // What may be shown of the reference has changed, or of the whole source.
  Result<void> note_change(ReferenceId reference);
  Result<void> note_removal(SourceId source);
  Result<void> add_audit(Timestamp now, ReferenceId id, std::string_view event, std::string_view reason);
  Result<void> keep_address_in_audit(const Reference& reference);
  Result<void> trim_audit();
  Result<void> add_tombstone(const Reference& reference, Timestamp now, std::string_view reason);
  Result<void> lift_tombstone(std::string_view address);
  Result<std::optional<Reference>> find_alias(std::string_view address);
  Result<void> drop_alias(std::string_view address);
  Result<void> move(const Reference& before, const Reference& after, Timestamp now);
  static AuditEntry read_audit(const Query& row);
  Result<void> leave_frontier(std::string_view address);

  Result<std::vector<Reference>> read_references(Query& rows);
  Result<Source> source(SourceId id);
  Result<Reference> reference(ReferenceId id);
  Result<std::optional<Reference>> find(std::string_view address);
  Result<std::vector<Reference>> references(std::optional<SourceId> source);
  // With its id; `before` is what the row holds, of a source that is kept.
  Result<void> update(const Reference& reference, Timestamp now, std::string_view event);
  Result<void> erase(const Reference& reference, Timestamp now, std::string_view reason);

  // One short transaction: some references, then some of the frontier, then the source; nothing when all is done.
  struct Removed {
    std::vector<ReferenceId> references;
    bool done = false;
  };
  Result<Removed> remove_some(SourceId source);
};

}  // namespace renvoi::catalog
