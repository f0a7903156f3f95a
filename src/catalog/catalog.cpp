#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"
#include "catalog/schema.h"

namespace renvoi::catalog {
namespace {

constexpr std::size_t kMaxAuditRead = 100'000;
// A row without an address is of what the reference has now (schema.cpp, version 4).
constexpr const char* kSelectAudit =
    "SELECT a.at, a.reference, CASE a.address WHEN '' THEN coalesce(r.address, '') ELSE a.address END, a.event, "
    "a.reason FROM audit a LEFT JOIN reference r ON r.id=a.reference";

std::string excluded_columns() {
  std::string columns = "excluded.";
  for (const char c : kReferenceColumns) {
    columns += c;
    if (c == ' ') columns += "excluded.";
  }
  return columns;
}

}  // namespace

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::open(const std::filesystem::path& file, Mode mode) {
  RENVOI_TRY(std::unique_ptr<Database> database,
             Database::open(file, mode == Mode::write ? Database::Mode::write : Database::Mode::read));
  RENVOI_CHECK(prepare_schema(*database, file));
  std::vector<SourceId> unfinished;
  if (mode == Mode::write) {
    RENVOI_TRY(Query rows, database->query("SELECT id FROM source WHERE removed_at<>0"));
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) break;
      unfinished.push_back(static_cast<SourceId>(rows.integer(0)));
    }
  }
  std::unique_ptr<Catalog> catalog(new Catalog(std::make_unique<Impl>(std::move(database))));
  for (const SourceId id : unfinished) RENVOI_CHECK(catalog->finish_removal(id, {}));
  return catalog;
}

Result<Source> Catalog::add_source(const Source& source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  std::int64_t id = 0;
  {
    RENVOI_TRY(Query known, impl_->query("SELECT id FROM source WHERE kind=? AND address=?"));
    RENVOI_TRY(const bool row, known.bind(static_cast<std::int64_t>(source.kind)).bind(source.address).step());
    if (row) id = known.integer(0);
  }
  if (id == 0) {
    RENVOI_TRY(Query add, impl_->query(fmt::format("INSERT INTO source ({}) VALUES ({})", kSourceColumns,
                                                   placeholders(kSourceColumns))));
    bind_source(add, source);
    RENVOI_CHECK(add.run());
    id = impl_->database->last_id();
  } else {
    RENVOI_TRY(Source existing, impl_->source(static_cast<SourceId>(id)));
    existing.policy = source.policy;
    RENVOI_TRY(Query update, impl_->query(fmt::format("UPDATE source SET ({}) = ({}) WHERE id=?", kSourceColumns,
                                                      placeholders(kSourceColumns))));
    bind_source(update, existing);
    RENVOI_CHECK(update.bind(id).run());
  }
  RENVOI_CHECK(write.commit());
  return impl_->source(static_cast<SourceId>(id));
}

Result<void> Catalog::update_source(const Source& source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_TRY(Query update, impl_->query(fmt::format("UPDATE source SET ({}) = ({}) "
                                                    "WHERE id=? AND removed_at=0",
                                                    kSourceColumns, placeholders(kSourceColumns))));
  bind_source(update, source);
  RENVOI_CHECK(update.bind(to_number(source.id)).run());
  if (impl_->database->changes() == 0) return no_source(source.id);
  return write.commit();
}

Result<Source> Catalog::source(SourceId id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->source(id);
}

Result<std::vector<Source>> Catalog::sources() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows,
             impl_->query(fmt::format("SELECT id, {} FROM source WHERE removed_at=0 ORDER BY id", kSourceColumns)));
  std::vector<Source> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back(read_source(rows));
  }
}

// First nothing of it is to be seen any more, in one short transaction; then its rows leave, some at a time, so that
// others may write in between. What a crash leaves is gone on with when the catalogue is opened for writing.
Result<void> Catalog::remove_source(SourceId id, Timestamp now, const OnRemoved& on_removed) {
  {
    const std::lock_guard lock(impl_->mutex);
    RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
    RENVOI_CHECK(impl_->source(id));
    // Its address is free from now on, and no source is without one.
    RENVOI_TRY(Query hide, impl_->query("UPDATE source SET removed_at=?2, address='removed:' || id WHERE id=?1"));
    RENVOI_CHECK(hide.bind(to_number(id)).bind(std::max<Timestamp>(now, 1)).run());
    RENVOI_TRY(Query uncount, impl_->query("DELETE FROM tally WHERE source=?"));
    RENVOI_CHECK(uncount.bind(to_number(id)).run());
    RENVOI_CHECK(impl_->note_removal(id));
    RENVOI_CHECK(write.commit());
  }
  return finish_removal(id, on_removed);
}

Result<void> Catalog::finish_removal(SourceId id, const OnRemoved& on_removed) {
  while (true) {
    Impl::Removed removed;
    {
      const std::lock_guard lock(impl_->mutex);
      RENVOI_TRY(removed, impl_->remove_some(id));
    }
    if (on_removed && !removed.references.empty()) RENVOI_CHECK(on_removed(removed.references));
    if (removed.done) return {};
  }
}

namespace {

// While it lives, a commit is in SQLite's log in order, and not flushed to the disk by itself.
class UnflushedCommits {
 public:
  explicit UnflushedCommits(Database& database) : database_(database) {
    (void)database_.execute("PRAGMA synchronous=NORMAL");
  }
  ~UnflushedCommits() { (void)database_.execute("PRAGMA synchronous=FULL"); }
  UnflushedCommits(const UnflushedCommits&) = delete;
  UnflushedCommits& operator=(const UnflushedCommits&) = delete;

 private:
  Database& database_;
};

}  // namespace

Result<Reference> Catalog::add_reference(const Reference& reference, Timestamp now) {
  const std::lock_guard lock(impl_->mutex);
  // Nothing is acknowledged by it: the next commit that is flushes the log with this one in it, and what a power cut
  // takes before that is found again. A flush for each page was most of the time of reading a folder.
  const UnflushedCommits unflushed(*impl_->database);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_TRY(const std::optional<Reference> known, impl_->find(reference.address));
  ReferenceId id = known.has_value() ? known->id : ReferenceId::none;
  if (!known.has_value()) {
    RENVOI_CHECK(impl_->source(reference.source));
    // Of a source that is being removed its row may still be there: it is this one's now.
    RENVOI_TRY(Query add,
               impl_->query(fmt::format("INSERT INTO reference ({0}) VALUES ({1}) ON CONFLICT (address) "
                                        "DO UPDATE SET ({0}) = ({2}) RETURNING id",
                                        kReferenceColumns, placeholders(kReferenceColumns), excluded_columns())));
    bind_reference(add, reference);
    RENVOI_TRY(const bool row, add.step());
    if (!row) return impl_->database->error("write");
    id = static_cast<ReferenceId>(add.integer(0));
    RENVOI_CHECK(add.run());
    Reference added = reference;
    added.id = id;
    impl_->tally.add(added);
    RENVOI_CHECK(impl_->drop_alias(reference.address));
    RENVOI_CHECK(impl_->add_audit(now, id, "found", ""));
    if (is_showable(reference)) RENVOI_CHECK(impl_->note_change(id));
  }
  RENVOI_CHECK(impl_->lift_tombstone(reference.address));
  RENVOI_CHECK(impl_->leave_frontier(reference.address));
  RENVOI_CHECK(write.commit());
  return impl_->reference(id);
}

Result<void> Catalog::update_reference(const Reference& reference, Timestamp now, std::string_view event) {
  const ReferenceUpdate update{reference, std::string(event)};
  return update_references({&update, 1}, now);
}

Result<void> Catalog::update_references(std::span<const ReferenceUpdate> updates, Timestamp now) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  for (const ReferenceUpdate& update : updates) RENVOI_CHECK(impl_->update(update.reference, now, update.event));
  return write.commit();
}

Result<Reference> Catalog::reference(ReferenceId id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->reference(id);
}

Result<std::optional<Reference>> Catalog::find_reference(std::string_view address) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(std::optional<Reference> found, impl_->find(address));
  if (found.has_value()) return found;
  return impl_->find_alias(address);
}

Result<std::vector<Reference>> Catalog::references(std::optional<SourceId> source) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->references(source);
}

Result<void> Catalog::remove_reference(ReferenceId id, Timestamp now, std::string_view reason) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_TRY(const Reference reference, impl_->reference(id));
  RENVOI_CHECK(impl_->erase(reference, now, reason));
  return write.commit();
}

Result<void> Catalog::add_to_frontier(SourceId source, const std::vector<FrontierEntry>& entries) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_CHECK(impl_->source(source));
  for (const FrontierEntry& entry : entries) {
    RENVOI_TRY(Query add,
               impl_->query(fmt::format("INSERT OR IGNORE INTO frontier (source, address, depth) SELECT ?1, ?2, ?3 "
                                        "WHERE NOT EXISTS (SELECT 1 FROM reference WHERE address=?2 AND {})",
                                        kKept)));
    RENVOI_CHECK(add.bind(to_number(source)).bind(entry.address).bind(entry.depth).run());
    impl_->tally.add_rows("frontier", impl_->database->changes());
  }
  return write.commit();
}

Result<std::vector<FrontierEntry>> Catalog::frontier(SourceId source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query("SELECT address, depth FROM frontier WHERE source=? ORDER BY id"));
  rows.bind(to_number(source));
  std::vector<FrontierEntry> entries;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return entries;
    entries.push_back({rows.text(0), static_cast<std::uint32_t>(rows.integer(1))});
  }
}

Result<void> Catalog::remove_from_frontier(SourceId source, std::string_view address) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_TRY(Query leave, impl_->query("DELETE FROM frontier WHERE source=? AND address=?"));
  RENVOI_CHECK(leave.bind(to_number(source)).bind(address).run());
  impl_->tally.add_rows("frontier", -impl_->database->changes());
  return write.commit();
}

Result<std::vector<AuditEntry>> Catalog::audit(std::size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("{} ORDER BY a.id DESC LIMIT ?", kSelectAudit)));
  rows.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, kMaxAuditRead)));
  std::vector<AuditEntry> entries;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return entries;
    entries.push_back(Impl::read_audit(rows));
  }
}

Result<std::vector<AuditEntry>> Catalog::audit_of(ReferenceId reference, std::size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("{} WHERE a.reference=? ORDER BY a.id DESC LIMIT ?", kSelectAudit)));
  rows.bind(to_number(reference)).bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, kMaxAuditEntries)));
  std::vector<AuditEntry> entries;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return entries;
    entries.push_back(Impl::read_audit(rows));
  }
}

Result<std::optional<std::string>> Catalog::setting(std::string_view key) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query("SELECT value FROM setting WHERE key=?"));
  RENVOI_TRY(const bool row, rows.bind(key).step());
  if (!row) return std::optional<std::string>();
  return std::optional(rows.text(0));
}

Result<void> Catalog::set_setting(std::string_view key, std::string_view value) {
  if (key.empty() || key.front() == '.')
    return Error{ErrorCode::invalid, "the name of a setting must not be empty or begin with a dot"};
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Impl::Write write, Impl::Write::begin(*impl_));
  RENVOI_TRY(Query set, impl_->query("INSERT OR REPLACE INTO setting VALUES (?,?)"));
  RENVOI_CHECK(set.bind(key).bind(value).run());
  return write.commit();
}

}  // namespace renvoi::catalog
