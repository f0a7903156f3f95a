#include "catalog/schema.h"

#include <fmt/format.h>

#include <array>

namespace renvoi::catalog {
namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE source (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL, address TEXT NOT NULL,
  retention INTEGER NOT NULL, allow_private INTEGER NOT NULL, obey_robots INTEGER NOT NULL,
  max_depth INTEGER NOT NULL, max_pages INTEGER NOT NULL, min_delay_ms INTEGER NOT NULL,
  revisit_after_s INTEGER NOT NULL, path_prefix TEXT NOT NULL,
  added_at INTEGER NOT NULL, synced_at INTEGER NOT NULL, last_outcome TEXT NOT NULL,
  UNIQUE (kind, address));
CREATE TABLE reference (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source INTEGER NOT NULL REFERENCES source(id),
  address TEXT NOT NULL UNIQUE, title TEXT NOT NULL, language TEXT NOT NULL, depth INTEGER NOT NULL,
  etag TEXT NOT NULL, last_modified TEXT NOT NULL,
  fingerprint INTEGER NOT NULL, text_bytes INTEGER NOT NULL, passages INTEGER NOT NULL, indexed INTEGER NOT NULL,
  state INTEGER NOT NULL, state_since INTEGER NOT NULL, checked_at INTEGER NOT NULL, next_check_at INTEGER NOT NULL,
  failures INTEGER NOT NULL, first_failure_at INTEGER NOT NULL, reason TEXT NOT NULL, moved_to TEXT NOT NULL);
CREATE INDEX reference_by_source ON reference (source);
CREATE INDEX reference_shown ON reference (indexed, state, language, source);
CREATE TABLE tombstone (
  address TEXT PRIMARY KEY, reference INTEGER NOT NULL, fingerprint INTEGER NOT NULL,
  died_at INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE frontier (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
  address TEXT NOT NULL, depth INTEGER NOT NULL, UNIQUE (source, address));
CREATE INDEX frontier_by_address ON frontier (address);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, reference INTEGER NOT NULL,
  address TEXT NOT NULL, event TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO setting VALUES ('.version', '1');
)sql";

// The newest changes of what may be shown are kept, so that search can follow them (`change`), and the references are
// counted as they are written (`tally`, `total`). What was read before has no type and no date: without validators the
// next sync reads it once again.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE reference ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE reference ADD COLUMN date INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
UPDATE reference SET etag='', last_modified='' WHERE indexed=1;
DROP INDEX reference_shown;
CREATE INDEX reference_indexed ON reference (id, state, source, language, type, date, passages) WHERE indexed=1;
CREATE INDEX source_removed ON source (id) WHERE removed_at<>0;
CREATE TABLE change (version INTEGER PRIMARY KEY, reference INTEGER NOT NULL, source INTEGER NOT NULL);
INSERT INTO change SELECT CAST(value AS INTEGER)+1, 0, 0 FROM setting WHERE key='.version';
DELETE FROM setting WHERE key='.version';
CREATE TABLE tally (
  source INTEGER NOT NULL, state INTEGER NOT NULL, indexed INTEGER NOT NULL, language TEXT NOT NULL,
  number INTEGER NOT NULL, passages INTEGER NOT NULL, text_bytes INTEGER NOT NULL,
  PRIMARY KEY (source, state, indexed, language)) WITHOUT ROWID;
INSERT INTO tally SELECT source, state, indexed, language, count(*), sum(passages*indexed), sum(text_bytes*indexed)
  FROM reference GROUP BY 1, 2, 3, 4;
CREATE TABLE total (what TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO total SELECT 'tombstone', count(*) FROM tombstone;
INSERT INTO total SELECT 'frontier', count(*) FROM frontier;
)sql";

// How often a text changes; the addresses under which a page was before it moved; what hosts answer when they are asked
// for a page that cannot exist; the audit trail by reference.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE reference ADD COLUMN checks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reference ADD COLUMN comparisons INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reference ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reference ADD COLUMN watched_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reference ADD COLUMN compared_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE alias (address TEXT PRIMARY KEY, reference INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX alias_by_reference ON alias (reference);
CREATE TABLE host (origin TEXT PRIMARY KEY, probed_at INTEGER NOT NULL, probe TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX audit_by_reference ON audit (reference, id);
)sql";

// The audit trail repeats no address: an empty one is what the reference has now. The row gets it when that changes or
// the reference goes. (A quarter of the catalogue of a small collection was addresses in the trail.)
constexpr const char* kVersion4 = R"sql(
UPDATE audit SET address='' FROM reference r WHERE r.id=audit.reference AND r.address=audit.address;
)sql";

// What a source's policy says of its rate and of pages that are gone; when an old address was last looked at; how often
// the lists of a host told the truth; the states other than LIVE (0), which are few, and the days of the trail.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE source ADD COLUMN requests_per_minute INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN serve_gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alias ADD COLUMN looked_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE listing (
  origin TEXT PRIMARY KEY, newer INTEGER NOT NULL, newer_changed INTEGER NOT NULL,
  quiet INTEGER NOT NULL, quiet_changed INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX reference_not_live ON reference (id) WHERE state<>0;
CREATE INDEX audit_by_time ON audit (at);
)sql";

// Step i brings version i to i + 1; a new file goes through all of them.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5};

Error foreign_file(const std::filesystem::path& file) {
  return {ErrorCode::corrupt, fmt::format("{} is an SQLite file but not a catalogue of renvoi; "
                                          "move it away, or choose another folder for the collection",
                                          file.string())};
}

}  // namespace

Result<void> prepare_schema(Database& database, const std::filesystem::path& file) {
  RENVOI_TRY(const std::int64_t tables, database.integer("SELECT count(*) FROM sqlite_master"));
  RENVOI_TRY(const std::int64_t application, database.integer("PRAGMA application_id"));
  RENVOI_TRY(std::int64_t version, database.integer("PRAGMA user_version"));
  const bool fresh = tables == 0 && application == 0 && version == 0;
  if (!fresh && application != kApplicationId) return foreign_file(file);
  if (version > kSchemaVersion)
    return Error{ErrorCode::corrupt,
                 fmt::format("the catalogue {} has version {}, this program knows up to {}; use a newer renvoi",
                             file.string(), version, kSchemaVersion)};
  if (version == kSchemaVersion) return {};
  if (!database.writable())
    return Error{ErrorCode::corrupt, fmt::format("the catalogue {} has version {}, this program needs {}; run renvoi "
                                                 "sync, which brings it up to this version",
                                                 file.string(), version, kSchemaVersion)};
  RENVOI_TRY(Transaction transaction, Transaction::begin(database));
  // Again, under the lock: another process may have been first.
  RENVOI_TRY(version, database.integer("SELECT user_version FROM pragma_user_version"));
  for (; version < kSchemaVersion; ++version)
    RENVOI_CHECK(database.execute(kMigrations.at(static_cast<std::size_t>(version))));
  RENVOI_CHECK(database.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kSchemaVersion).c_str()));
  return transaction.commit();
}

}  // namespace renvoi::catalog
