#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "catalog/database.h"
#include "catalog/rows.h"
#include "catalog/schema.h"

namespace renvoi::catalog {
namespace {

constexpr std::int64_t kMaxAuditEntries = 100'000;
constexpr std::string_view kShowable = "indexed=1 AND state IN (0, 3, 5)";  // LIVE, HOST_DOWN, MOVED

bool is_showable(const Reference& reference) {
  return reference.indexed && (reference.state == ReferenceState::live || reference.state == ReferenceState::moved ||
                               reference.state == ReferenceState::host_down);
}

Error no_source(SourceId id) {
  return {ErrorCode::not_found, fmt::format("there is no source {}; `renvoi sources` lists them", to_number(id))};
}

Error no_reference(ReferenceId id) {
  return {ErrorCode::not_found, fmt::format("there is no reference {} in the catalogue", to_number(id))};
}

}  // namespace

struct Catalog::Impl {
  explicit Impl(std::unique_ptr<Database> opened) : database(std::move(opened)) {}
  std::unique_ptr<Database> database;
  std::mutex mutex;

  Result<Query> query(std::string_view sql) { return database->query(sql); }

  // What is showable has changed: part of the same transaction, so that other processes see it too.
  Result<void> bump_version() {
    RENVOI_TRY(Query query, database->query("UPDATE setting SET value=CAST(value AS INTEGER)+1 WHERE key='.version'"));
    return query.run();
  }

  Result<void> add_audit(Timestamp now, ReferenceId id, std::string_view address, std::string_view event,
                         std::string_view reason) {
    RENVOI_TRY(Query add, query("INSERT INTO audit (at, reference, address, event, reason) VALUES (?,?,?,?,?)"));
    RENVOI_CHECK(add.bind(now).bind(to_number(id)).bind(address).bind(event).bind(reason).run());
    RENVOI_TRY(Query trim, query("DELETE FROM audit WHERE id <= ?"));
    return trim.bind(database->last_id() - kMaxAuditEntries).run();
  }

  Result<void> add_tombstone(const Reference& reference, Timestamp now, std::string_view reason) {
    RENVOI_TRY(Query add, query("INSERT OR REPLACE INTO tombstone VALUES (?,?,?,?,?)"));
    return add.bind(reference.address)
        .bind(to_number(reference.id))
        .bind_bits(reference.fingerprint)
        .bind(now)
        .bind(reason)
        .run();
  }

  Result<void> lift_tombstone(std::string_view address) {
    RENVOI_TRY(Query lift, query("DELETE FROM tombstone WHERE address=?"));
    return lift.bind(address).run();
  }

  Result<std::vector<Reference>> read_references(Query& rows) {
    std::vector<Reference> found;
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) return found;
      found.push_back(read_reference(rows));
    }
  }

  Result<std::vector<Source>> read_sources(Query& rows) {
    std::vector<Source> found;
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) return found;
      found.push_back(read_source(rows));
    }
  }

  Result<Source> source(SourceId id) {
    RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM source WHERE id=?", kSourceColumns)));
    RENVOI_TRY(const bool row, rows.bind(to_number(id)).step());
    if (!row) return no_source(id);
    return read_source(rows);
  }

  Result<Reference> reference(ReferenceId id) {
    RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM reference WHERE id=?", kReferenceColumns)));
    RENVOI_TRY(const bool row, rows.bind(to_number(id)).step());
    if (!row) return no_reference(id);
    return read_reference(rows);
  }

  Result<std::optional<Reference>> find(std::string_view address) {
    RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM reference WHERE address=?", kReferenceColumns)));
    RENVOI_TRY(const bool row, rows.bind(address).step());
    if (!row) return std::optional<Reference>();
    return std::optional(read_reference(rows));
  }

  Result<std::vector<Reference>> references(std::optional<SourceId> source) {
    if (!source.has_value()) {
      RENVOI_TRY(Query rows, query(fmt::format("SELECT id, {} FROM reference ORDER BY id", kReferenceColumns)));
      return read_references(rows);
    }
    RENVOI_TRY(Query rows,
               query(fmt::format("SELECT id, {} FROM reference WHERE source=? ORDER BY id", kReferenceColumns)));
    rows.bind(to_number(*source));
    return read_references(rows);
  }

  Result<void> update(const Reference& reference, Timestamp now, std::string_view event) {
    RENVOI_TRY(const Reference before, this->reference(reference.id));
    RENVOI_TRY(Query update,
               query(fmt::format("UPDATE reference SET ({}) = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id=?",
                                 kReferenceColumns)));
    bind_reference(update, reference);
    RENVOI_CHECK(update.bind(to_number(reference.id)).run());
    const bool gone = reference.state == ReferenceState::gone;
    if (gone && before.state != ReferenceState::gone) RENVOI_CHECK(add_tombstone(reference, now, reference.reason));
    if (!gone && before.state == ReferenceState::gone) RENVOI_CHECK(lift_tombstone(reference.address));
    if (!event.empty()) RENVOI_CHECK(add_audit(now, reference.id, reference.address, event, reference.reason));
    const bool shown_otherwise =
        is_showable(before) != is_showable(reference) ||
        (is_showable(reference) && (before.language != reference.language || before.source != reference.source));
    if (shown_otherwise) RENVOI_CHECK(bump_version());
    return {};
  }

  Result<void> erase(const Reference& reference, Timestamp now, std::string_view reason) {
    RENVOI_CHECK(add_tombstone(reference, now, reason));
    RENVOI_CHECK(add_audit(now, reference.id, reference.address, "removed", reason));
    RENVOI_TRY(Query drop, query("DELETE FROM reference WHERE id=?"));
    return drop.bind(to_number(reference.id)).run();
  }
};

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::open(const std::filesystem::path& file, Mode mode) {
  RENVOI_TRY(std::unique_ptr<Database> database,
             Database::open(file, mode == Mode::write ? Database::Mode::write : Database::Mode::read));
  RENVOI_CHECK(prepare_schema(*database, file));
  return std::unique_ptr<Catalog>(new Catalog(std::make_unique<Impl>(std::move(database))));
}

Result<Source> Catalog::add_source(const Source& source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  std::int64_t id = 0;
  {
    RENVOI_TRY(Query known, impl_->query("SELECT id FROM source WHERE kind=? AND address=?"));
    RENVOI_TRY(const bool row, known.bind(static_cast<std::int64_t>(source.kind)).bind(source.address).step());
    if (row) id = known.integer(0);
  }
  if (id == 0) {
    RENVOI_TRY(Query add,
               impl_->query(fmt::format("INSERT INTO source ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", kSourceColumns)));
    bind_source(add, source);
    RENVOI_CHECK(add.run());
    id = impl_->database->last_id();
  } else {
    RENVOI_TRY(Source existing, impl_->source(static_cast<SourceId>(id)));
    existing.policy = source.policy;
    RENVOI_TRY(Query update, impl_->query(fmt::format("UPDATE source SET ({}) = (?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id=?",
                                                      kSourceColumns)));
    bind_source(update, existing);
    RENVOI_CHECK(update.bind(id).run());
  }
  RENVOI_CHECK(transaction.commit());
  return impl_->source(static_cast<SourceId>(id));
}

Result<void> Catalog::update_source(const Source& source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(Query update, impl_->query(fmt::format("UPDATE source SET ({}) = (?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE id=?",
                                                    kSourceColumns)));
  bind_source(update, source);
  RENVOI_CHECK(update.bind(to_number(source.id)).run());
  if (impl_->database->changes() == 0) return no_source(source.id);
  return transaction.commit();
}

Result<Source> Catalog::source(SourceId id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->source(id);
}

Result<std::vector<Source>> Catalog::sources() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT id, {} FROM source ORDER BY id", kSourceColumns)));
  return impl_->read_sources(rows);
}

Result<std::vector<ReferenceId>> Catalog::remove_source(SourceId id, Timestamp now) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_CHECK(impl_->source(id));
  RENVOI_TRY(const std::vector<Reference> references, impl_->references(id));
  std::vector<ReferenceId> ids;
  ids.reserve(references.size());
  for (const Reference& reference : references) {
    RENVOI_CHECK(impl_->erase(reference, now, "its source was removed"));
    ids.push_back(reference.id);
  }
  RENVOI_TRY(Query drop, impl_->query("DELETE FROM source WHERE id=?"));  // its frontier follows
  RENVOI_CHECK(drop.bind(to_number(id)).run());
  RENVOI_CHECK(impl_->bump_version());
  RENVOI_CHECK(transaction.commit());
  return ids;
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
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(const std::optional<Reference> known, impl_->find(reference.address));
  ReferenceId id = known.has_value() ? known->id : ReferenceId::none;
  if (!known.has_value()) {
    RENVOI_CHECK(impl_->source(reference.source));
    RENVOI_TRY(Query add,
               impl_->query(fmt::format("INSERT INTO reference ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                        kReferenceColumns)));
    bind_reference(add, reference);
    RENVOI_CHECK(add.run());
    id = static_cast<ReferenceId>(impl_->database->last_id());
    RENVOI_CHECK(impl_->add_audit(now, id, reference.address, "found", ""));
    if (is_showable(reference)) RENVOI_CHECK(impl_->bump_version());
  }
  RENVOI_CHECK(impl_->lift_tombstone(reference.address));
  RENVOI_TRY(Query leave, impl_->query("DELETE FROM frontier WHERE address=?"));
  RENVOI_CHECK(leave.bind(reference.address).run());
  RENVOI_CHECK(transaction.commit());
  return impl_->reference(id);
}

Result<void> Catalog::update_reference(const Reference& reference, Timestamp now, std::string_view event) {
  const ReferenceUpdate update{reference, std::string(event)};
  return update_references({&update, 1}, now);
}

Result<void> Catalog::update_references(std::span<const ReferenceUpdate> updates, Timestamp now) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  for (const ReferenceUpdate& update : updates) RENVOI_CHECK(impl_->update(update.reference, now, update.event));
  return transaction.commit();
}

Result<Reference> Catalog::reference(ReferenceId id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->reference(id);
}

Result<std::optional<Reference>> Catalog::find_reference(std::string_view address) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->find(address);
}

Result<std::vector<Reference>> Catalog::references(std::optional<SourceId> source) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->references(source);
}

Result<void> Catalog::remove_reference(ReferenceId id, Timestamp now, std::string_view reason) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(const Reference reference, impl_->reference(id));
  RENVOI_CHECK(impl_->erase(reference, now, reason));
  RENVOI_CHECK(impl_->bump_version());
  return transaction.commit();
}

Result<std::vector<ReferenceId>> Catalog::showable(std::optional<SourceId> source, std::string_view language) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT id FROM reference WHERE {} AND (?1=0 OR source=?1) "
                                                  "AND (?2='' OR language=?2) ORDER BY id",
                                                  kShowable)));
  rows.bind(to_number(source.value_or(SourceId::none))).bind(language);
  std::vector<ReferenceId> ids;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return ids;
    ids.push_back(static_cast<ReferenceId>(rows.integer(0)));
  }
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Catalog::languages() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows,
             impl_->query(fmt::format(
                 "SELECT language, count(*) FROM reference WHERE {} GROUP BY language ORDER BY 2 DESC, 1", kShowable)));
  std::vector<std::pair<std::string, std::uint64_t>> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.emplace_back(rows.text(0), rows.bits(1));
  }
}

std::uint64_t Catalog::version() {
  const std::lock_guard lock(impl_->mutex);
  const auto value = impl_->database->integer("SELECT CAST(value AS INTEGER) FROM setting WHERE key='.version'");
  return value.ok() ? static_cast<std::uint64_t>(*value) : 0;
}

Result<void> Catalog::add_to_frontier(SourceId source, const std::vector<FrontierEntry>& entries) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_CHECK(impl_->source(source));
  for (const FrontierEntry& entry : entries) {
    RENVOI_TRY(Query add, impl_->query("INSERT OR IGNORE INTO frontier (source, address, depth) SELECT ?1, ?2, ?3 "
                                       "WHERE NOT EXISTS (SELECT 1 FROM reference WHERE address=?2)"));
    RENVOI_CHECK(add.bind(to_number(source)).bind(entry.address).bind(entry.depth).run());
  }
  return transaction.commit();
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
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(Query leave, impl_->query("DELETE FROM frontier WHERE source=? AND address=?"));
  RENVOI_CHECK(leave.bind(to_number(source)).bind(address).run());
  return transaction.commit();
}

Result<std::vector<AuditEntry>> Catalog::audit(std::size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows,
             impl_->query("SELECT at, reference, address, event, reason FROM audit ORDER BY id DESC LIMIT ?"));
  rows.bind(static_cast<std::int64_t>(std::min<std::size_t>(limit, kMaxAuditEntries)));
  std::vector<AuditEntry> entries;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return entries;
    entries.push_back(
        {rows.integer(0), static_cast<ReferenceId>(rows.integer(1)), rows.text(2), rows.text(3), rows.text(4)});
  }
}

Result<CatalogCounts> Catalog::counts() {
  const std::lock_guard lock(impl_->mutex);
  CatalogCounts counts;
  RENVOI_TRY(Query rows, impl_->query("SELECT state, count(*), sum(passages*indexed), sum(text_bytes*indexed) "
                                      "FROM reference GROUP BY state"));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) break;
    const std::uint64_t state = rows.bits(0);
    if (state < std::size(counts.references_by_state)) counts.references_by_state[state] = rows.bits(1);
    counts.passages += rows.bits(2);
    counts.text_bytes += rows.bits(3);
  }
  RENVOI_TRY(counts.sources, impl_->database->integer("SELECT count(*) FROM source"));
  RENVOI_TRY(counts.tombstones, impl_->database->integer("SELECT count(*) FROM tombstone"));
  RENVOI_TRY(counts.frontier, impl_->database->integer("SELECT count(*) FROM frontier"));
  return counts;
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
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(Query set, impl_->query("INSERT OR REPLACE INTO setting VALUES (?,?)"));
  RENVOI_CHECK(set.bind(key).bind(value).run());
  return transaction.commit();
}

}  // namespace renvoi::catalog
