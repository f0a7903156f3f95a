#include "catalog/held_catalog.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "catalog/database.h"
#include "catalog/schema.h"
#include "catalog/tally.h"
#include "catalog/write_ahead_log.h"

namespace renvoi::catalog {
namespace {

constexpr int kAttemptsOfFiveSeconds = 6;
constexpr int kPagesAtOnce = 1'000;
constexpr std::size_t kMaxProblems = 100;

// Keeps writers out until it goes.
class WriteLock {
 public:
  static Result<WriteLock> take(const std::filesystem::path& file) {
    // Only to lock: nothing is written, so that nothing needs to be prepared for writing.
    RENVOI_TRY(std::unique_ptr<Database> database, Database::open(file, Database::Mode::read));
    RENVOI_CHECK(database->execute("PRAGMA query_only=OFF"));
    for (int attempt = 1;; ++attempt) {
      Result<void> begun = database->execute("BEGIN IMMEDIATE");
      if (begun.ok()) return WriteLock(std::move(database));
      if (begun.error().code != ErrorCode::conflict || attempt == kAttemptsOfFiveSeconds)
        return std::move(begun).error();
    }
  }
  WriteLock(WriteLock&&) noexcept = default;
  ~WriteLock() {
    if (database_ != nullptr) (void)database_->execute("ROLLBACK");
  }

 private:
  explicit WriteLock(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Database> database_;
};

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

Result<void> append_lines(Database& database, std::string_view sql, std::vector<std::string>& lines) {
  RENVOI_TRY(Query rows, database.query(sql));
  while (lines.size() < kMaxProblems) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return {};
    if (std::string text = rows.text(0); text != "ok") lines.push_back(std::move(text));
  }
  return {};
}

Result<void> find_problems(const std::filesystem::path& file, std::vector<std::string>& problems) {
  RENVOI_TRY(const std::unique_ptr<Database> database, Database::open(file, Database::Mode::read));
  RENVOI_CHECK(prepare_schema(*database, file));
  RENVOI_CHECK(append_lines(*database, fmt::format("PRAGMA integrity_check({})", kMaxProblems), problems));
  RENVOI_CHECK(append_lines(*database,
                            "SELECT 'a ' || \"table\" || ' names a ' || parent || ' that is not there' "
                            "FROM pragma_foreign_key_check",
                            problems));
  if (!problems.empty()) return {};
  RENVOI_TRY(const Reading reading, Reading::begin(*database));
  RENVOI_TRY(std::string miscounted, Tally::compare(*database));
  if (!miscounted.empty()) problems.push_back(std::move(miscounted));
  return {};
}

}  // namespace

struct HeldCatalog::Impl {
  std::filesystem::path file;
  sqlite3* connection = nullptr;
  sqlite3_stmt* reader = nullptr;  // open on a row: holds the state
  ~Impl() {
    sqlite3_finalize(reader);
    sqlite3_close_v2(connection);
  }
  Error error(std::string_view doing) const {
    return sqlite_error(connection, sqlite3_extended_errcode(connection), file, doing);
  }
};

HeldCatalog::HeldCatalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HeldCatalog::~HeldCatalog() = default;

Result<std::unique_ptr<HeldCatalog>> HeldCatalog::hold(const std::filesystem::path& file,
                                                       const std::function<Result<void>()>& meanwhile) {
  {  // as Catalog::open: not a catalogue, or of another version
    RENVOI_TRY(const std::unique_ptr<Database> database, Database::open(file, Database::Mode::read));
    RENVOI_CHECK(prepare_schema(*database, file));
  }
  auto impl = std::make_unique<Impl>();
  impl->file = file;
  if (sqlite3_open_v2(file.c_str(), &impl->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
      SQLITE_OK)
    return impl->error("open");
  sqlite3_extended_result_codes(impl->connection, 1);
  sqlite3_busy_timeout(impl->connection, 5'000);
  RENVOI_TRY(const WriteLock lock, WriteLock::take(file));
  // In WAL mode an open reader sees the state of its first read for as long as it lives.
  if (sqlite3_exec(impl->connection, "BEGIN", nullptr, nullptr, nullptr) != SQLITE_OK ||
      sqlite3_prepare_v2(impl->connection, "SELECT key FROM setting", -1, &impl->reader, nullptr) != SQLITE_OK)
    return impl->error("read");
  if (const int code = sqlite3_step(impl->reader); code != SQLITE_ROW && code != SQLITE_DONE)
    return impl->error("read");
  RENVOI_CHECK(meanwhile());
  return std::unique_ptr<HeldCatalog>(new HeldCatalog(std::move(impl)));
}

Result<std::vector<IndexedReference>> HeldCatalog::references() {
  sqlite3_stmt* rows = nullptr;
  if (sqlite3_prepare_v2(impl_->connection,
                         "SELECT id, state, indexed, passages FROM reference "
                         "WHERE source NOT IN (SELECT id FROM source WHERE removed_at<>0) ORDER BY id",
                         -1, &rows, nullptr) != SQLITE_OK)
    return impl_->error("read");
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> owner(rows, sqlite3_finalize);
  std::vector<IndexedReference> found;
  for (int code = 0; (code = sqlite3_step(rows)) != SQLITE_DONE;) {
    if (code != SQLITE_ROW) return impl_->error("read");
    found.push_back({static_cast<ReferenceId>(sqlite3_column_int64(rows, 0)),
                     static_cast<ReferenceState>(sqlite3_column_int(rows, 1)), sqlite3_column_int(rows, 2) != 0,
                     static_cast<std::uint32_t>(sqlite3_column_int64(rows, 3))});
  }
  return found;
}

Result<void> HeldCatalog::copy_to(const std::filesystem::path& to,
                                  const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(to.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, CloseConnection> target(opened);
  if (code != SQLITE_OK) return sqlite_error(opened, code, to, "write");
  sqlite3_extended_result_codes(opened, 1);
  if (sqlite3_exec(opened, "PRAGMA synchronous=FULL", nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(opened, sqlite3_extended_errcode(opened), to, "write");
  sqlite3_backup* backup = sqlite3_backup_init(opened, "main", impl_->connection, "main");
  if (backup == nullptr) return sqlite_error(opened, sqlite3_extended_errcode(opened), to, "write");
  int step = SQLITE_OK;
  while (step == SQLITE_OK) {
    step = sqlite3_backup_step(backup, kPagesAtOnce);
    const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
    if (progress) progress(all - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup)), all);
  }
  const int finished = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE) return sqlite_error(opened, step, to, "write");
  if (finished != SQLITE_OK) return sqlite_error(opened, finished, to, "write");
  return {};
}

Result<std::vector<std::string>> check_catalog_file(const std::filesystem::path& file) {
  std::vector<std::string> problems = damage_of_write_ahead_log(file);
  if (!problems.empty()) return problems;  // SQLite would cut the log at the damage when the file is closed again
  const Result<void> looked = find_problems(file, problems);
  if (!looked.ok()) {
    const ErrorCode code = looked.error().code;
    if (code != ErrorCode::corrupt && code != ErrorCode::internal) return looked.error();
    problems.push_back(looked.error().message);
  }
  return problems;
}

}  // namespace renvoi::catalog
