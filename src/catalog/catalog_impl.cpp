#include "catalog/catalog_impl.h"

#include <fmt/format.h>

#include "catalog/rows.h"

namespace renvoi::catalog {
namespace {

constexpr std::int64_t kMaxChanges = 100'000;   // a reader that is further behind reads all
constexpr std::int64_t kRemovedAtOnce = 5'000;  // rows of a source that is removed; others may write in between

bool is_shown_otherwise(const Reference& before, const Reference& after) {
  if (is_showable(before) != is_showable(after)) return true;
  return is_showable(after) && (before.language != after.language || before.source != after.source ||
                                before.type != after.type || before.date != after.date || before.state != after.state);
}

}  // namespace

Error no_source(SourceId id) {
  return {ErrorCode::not_found, fmt::format("there is no source {}; `renvoi sources` lists them", to_number(id))};
}

Error no_reference(ReferenceId id) {
  return {ErrorCode::not_found, fmt::format("there is no reference {} in the catalogue", to_number(id))};
}

Result<Catalog::Impl::Write> Catalog::Impl::Write::begin(Impl& impl) {
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl.database));
  impl.tally.forget();  // of a transaction that was given up
  return Write(impl, std::move(transaction));
}

Result<void> Catalog::Impl::Write::commit() {
  RENVOI_CHECK(impl_->tally.write(*impl_->database));
  return transaction_.commit();
}

Result<void> Catalog::Impl::note_change(ReferenceId reference) {
  RENVOI_TRY(Query add, query("INSERT INTO change (reference, source) VALUES (?,0)"));
  RENVOI_CHECK(add.bind(to_number(reference)).run());
  RENVOI_TRY(Query trim, query("DELETE FROM change WHERE version<=?"));
  return trim.bind(database->last_id() - kMaxChanges).run();
}

Result<void> Catalog::Impl::note_removal(SourceId source) {
  RENVOI_TRY(Query add, query("INSERT INTO change (reference, source) VALUES (0,?)"));
  return add.bind(to_number(source)).run();
}

Result<void> Catalog::Impl::add_audit(Timestamp now, ReferenceId id, std::string_view event, std::string_view reason) {
  RENVOI_TRY(Query add, query("INSERT INTO audit (at, reference, address, event, reason) VALUES (?,?,'',?,?)"));
  RENVOI_CHECK(add.bind(now).bind(to_number(id)).bind(event).bind(reason).run());
  return trim_audit();
}

// Before the reference's row says another address, or is no more.
Result<void> Catalog::Impl::keep_address_in_audit(const Reference& reference) {
  RENVOI_TRY(Query keep, query("UPDATE audit SET address=? WHERE reference=? AND address=''"));
  return keep.bind(reference.address).bind(to_number(reference.id)).run();
}

// Right after an insertion into it.
Result<void> Catalog::Impl::trim_audit() {
  RENVOI_TRY(Query trim, query("DELETE FROM audit WHERE id <= ?"));
  return trim.bind(database->last_id() - kMaxAuditEntries).run();
}

Result<void> Catalog::Impl::add_tombstone(const Reference& reference, Timestamp now, std::string_view reason) {
  RENVOI_CHECK(lift_tombstone(reference.address));
  RENVOI_TRY(Query add, query("INSERT INTO tombstone VALUES (?,?,?,?,?)"));
  RENVOI_CHECK(add.bind(reference.address)
                   .bind(to_number(reference.id))
                   .bind_bits(reference.fingerprint)
                   .bind(now)
                   .bind(reason)
                   .run());
  tally.add_rows("tombstone", 1);
  return {};
}

Result<void> Catalog::Impl::lift_tombstone(std::string_view address) {
  RENVOI_TRY(Query lift, query("DELETE FROM tombstone WHERE address=?"));
  RENVOI_CHECK(lift.bind(address).run());
  tally.add_rows("tombstone", -database->changes());
  return {};
}

Result<void> Catalog::Impl::leave_frontier(std::string_view address) {
  RENVOI_TRY(Query leave, query("DELETE FROM frontier WHERE address=?"));
  RENVOI_CHECK(leave.bind(address).run());
  tally.add_rows("frontier", -database->changes());
  return {};
}

Result<std::vector<Reference>> Catalog::Impl::read_references(Query& rows) {
  std::vector<Reference> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back(read_reference(rows));
  }
}

Result<Source> Catalog::Impl::source(SourceId id) {
  RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM source WHERE id=? AND removed_at=0", kSourceColumns)));
  RENVOI_TRY(const bool row, rows.bind(to_number(id)).step());
  if (!row) return no_source(id);
  return read_source(rows);
}

Result<Reference> Catalog::Impl::reference(ReferenceId id) {
  RENVOI_TRY(Query rows,
             query(fmt::format("SELECT id, {} FROM reference WHERE id=? AND {}", kReferenceColumns, kKept)));
  RENVOI_TRY(const bool row, rows.bind(to_number(id)).step());
  if (!row) return no_reference(id);
  return read_reference(rows);
}

Result<std::optional<Reference>> Catalog::Impl::find(std::string_view address) {
  RENVOI_TRY(Query rows,
             query(fmt::format("SELECT id, {} FROM reference WHERE address=? AND {}", kReferenceColumns, kKept)));
  RENVOI_TRY(const bool row, rows.bind(address).step());
  if (!row) return std::optional<Reference>();
  return std::optional(read_reference(rows));
}

Result<std::optional<Reference>> Catalog::Impl::find_alias(std::string_view address) {
  RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM reference WHERE id=(SELECT reference FROM alias WHERE "
                                           "address=?) AND {}",
                                           kReferenceColumns, kKept)));
  RENVOI_TRY(const bool row, rows.bind(address).step());
  if (!row) return std::optional<Reference>();
  return std::optional(read_reference(rows));
}

Result<void> Catalog::Impl::drop_alias(std::string_view address) {
  RENVOI_TRY(Query drop, query("DELETE FROM alias WHERE address=?"));
  return drop.bind(address).run();
}

// The old address stays one of the reference's.
Result<void> Catalog::Impl::move(const Reference& before, const Reference& after, Timestamp now) {
  RENVOI_TRY(const std::optional<Reference> there, find(after.address));
  if (there.has_value())
    return Error{ErrorCode::conflict,
                 fmt::format("{} has a reference of its own, {}", after.address, to_number(there->id))};
  RENVOI_CHECK(keep_address_in_audit(before));
  RENVOI_TRY(Query add, query("INSERT OR REPLACE INTO alias VALUES (?,?,?)"));
  RENVOI_CHECK(add.bind(before.address).bind(to_number(before.id)).bind(now).run());
  RENVOI_CHECK(drop_alias(after.address));
  RENVOI_CHECK(lift_tombstone(after.address));
  return leave_frontier(after.address);
}

AuditEntry Catalog::Impl::read_audit(const Query& row) {
  return {row.integer(0), static_cast<ReferenceId>(row.integer(1)), row.text(2), row.text(3), row.text(4)};
}

Result<std::vector<Reference>> Catalog::Impl::references(std::optional<SourceId> source) {
  if (!source.has_value()) {
    RENVOI_TRY(Query rows,
               query(fmt::format("SELECT id, {} FROM reference WHERE {} ORDER BY id", kReferenceColumns, kKept)));
    return read_references(rows);
  }
  RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM reference WHERE source=? AND {} ORDER BY id",
                                           kReferenceColumns, kKept)));
  rows.bind(to_number(*source));
  return read_references(rows);
}

Result<void> Catalog::Impl::update(const Reference& reference, Timestamp now, std::string_view event) {
  RENVOI_TRY(const Reference before, this->reference(reference.id));
  if (before.address != reference.address) RENVOI_CHECK(move(before, reference, now));
  RENVOI_TRY(Query update, query(fmt::format("UPDATE reference SET ({}) = ({}) WHERE id=?", kReferenceColumns,
                                             placeholders(kReferenceColumns))));
  bind_reference(update, reference);
  RENVOI_CHECK(update.bind(to_number(reference.id)).run());
  tally.take(before);
  tally.add(reference);
  const bool gone = reference.state == ReferenceState::gone;
  if (gone && before.state != ReferenceState::gone) RENVOI_CHECK(add_tombstone(reference, now, reference.reason));
  if (!gone && before.state == ReferenceState::gone) RENVOI_CHECK(lift_tombstone(reference.address));
  if (!event.empty()) RENVOI_CHECK(add_audit(now, reference.id, event, reference.reason));
  if (is_shown_otherwise(before, reference)) RENVOI_CHECK(note_change(reference.id));
  return {};
}

Result<void> Catalog::Impl::erase(const Reference& reference, Timestamp now, std::string_view reason) {
  RENVOI_CHECK(add_tombstone(reference, now, reason));
  RENVOI_CHECK(add_audit(now, reference.id, "removed", reason));
  RENVOI_CHECK(keep_address_in_audit(reference));
  RENVOI_TRY(Query aliases, query("DELETE FROM alias WHERE reference=?"));
  RENVOI_CHECK(aliases.bind(to_number(reference.id)).run());
  RENVOI_TRY(Query drop, query("DELETE FROM reference WHERE id=?"));
  RENVOI_CHECK(drop.bind(to_number(reference.id)).run());
  tally.take(reference);
  return note_change(reference.id);
}

Result<Catalog::Impl::Removed> Catalog::Impl::remove_some(SourceId source) {
  Removed removed;
  RENVOI_TRY(Write write, Write::begin(*this));
  {
    RENVOI_TRY(Query rows, query("SELECT id FROM reference WHERE source=? ORDER BY id LIMIT ?"));
    rows.bind(to_number(source)).bind(kRemovedAtOnce);
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) break;
      removed.references.push_back(static_cast<ReferenceId>(rows.integer(0)));
    }
  }
  const auto run = [&](std::string_view sql) -> Result<std::int64_t> {
    RENVOI_TRY(Query statement, query(sql));
    statement.bind(to_number(source));
    RENVOI_CHECK(
        statement.bind(removed.references.empty() ? kRemovedAtOnce : to_number(removed.references.back())).run());
    return database->changes();
  };
  if (!removed.references.empty()) {
    RENVOI_TRY(const std::int64_t tombstones,
               run("INSERT OR IGNORE INTO tombstone SELECT r.address, r.id, r.fingerprint, removed_at, 'its source was "
                   "removed' FROM reference r JOIN source s ON s.id=r.source WHERE r.source=?1 AND r.id<=?2"));
    tally.add_rows("tombstone", tombstones);
    RENVOI_CHECK(
        run("UPDATE audit SET address=r.address FROM reference r WHERE r.id=audit.reference AND audit.address='' AND "
            "r.source=?1 AND r.id<=?2"));
    RENVOI_CHECK(
        run("INSERT INTO audit (at, reference, address, event, reason) SELECT removed_at, r.id, r.address, "
            "'removed', 'its source was removed' FROM reference r JOIN source s ON s.id=r.source WHERE "
            "r.source=?1 AND r.id<=?2 ORDER BY r.id"));
    RENVOI_CHECK(trim_audit());
    RENVOI_CHECK(run("DELETE FROM alias WHERE reference IN (SELECT id FROM reference WHERE source=?1 AND id<=?2)"));
    RENVOI_CHECK(run("DELETE FROM reference WHERE source=?1 AND id<=?2"));
  } else {
    RENVOI_TRY(const std::int64_t left, run("DELETE FROM frontier WHERE id IN "
                                            "(SELECT id FROM frontier WHERE source=?1 LIMIT ?2)"));
    tally.add_rows("frontier", -left);
    if (left == 0) {
      RENVOI_CHECK(run("DELETE FROM source WHERE id=?1 AND ?2>0"));
      removed.done = true;
    }
  }
  RENVOI_CHECK(write.commit());
  return removed;
}

}  // namespace renvoi::catalog
