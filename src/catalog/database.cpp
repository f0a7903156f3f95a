#include "catalog/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace renvoi::catalog {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

std::filesystem::path file_of(sqlite3_stmt* statement) {
  const char* name = sqlite3_db_filename(sqlite3_db_handle(statement), "main");
  return name == nullptr ? "" : name;
}

// SQLite says "disk I/O error" when the disk has no room for its shared memory: so the disk is asked as well.
bool disk_is_full(sqlite3* connection, const std::filesystem::path& file) {
  constexpr std::uintmax_t kAlmostNothingBytes = 64 * 1024;
  const int reason = connection != nullptr ? sqlite3_system_errno(connection) : 0;
  if (reason == ENOSPC || reason == EDQUOT) return true;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(file.parent_path(), error);
  return !error && space.available < kAlmostNothingBytes;
}

}  // namespace

Error sqlite_error(sqlite3* connection, int code, const std::filesystem::path& file, std::string_view doing) {
  const std::string reason = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  const auto error = [&](ErrorCode kind, std::string_view advice) {
    return Error{kind, fmt::format("cannot {} the catalogue {}: {}; {}", doing, file.string(), reason, advice)};
  };
  switch (code & 255) {
    case SQLITE_FULL:
      return error(ErrorCode::exhausted, "free some space on that disk and try again");
    case SQLITE_NOMEM:
      return error(ErrorCode::exhausted, "there is not enough memory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(ErrorCode::conflict, "another process is writing it; try again when it has ended");
    case SQLITE_READONLY:
      return error(ErrorCode::denied, "it is opened for reading only, or not ours to write");
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return error(ErrorCode::denied, "check its owner and permissions");
    case SQLITE_CANTOPEN:
      return error(ErrorCode::denied, "check that its folder exists and is ours to write");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error(ErrorCode::corrupt, "restore it from a copy, or remove it and add the sources again");
    case SQLITE_IOERR:
      if (disk_is_full(connection, file)) {
        return error(ErrorCode::exhausted, "the disk is full: free some space and try again");
      }
      return error(ErrorCode::unavailable, "check the disk");
    default:
      return error(ErrorCode::internal, "this is a bug in renvoi");
  }
}

Query::Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)), bound_(other.bound_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Query& Query::bind(std::string_view value) {
  sqlite3_bind_text64(statement_, ++bound_, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Result<bool> Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const bool writes = sqlite3_stmt_readonly(statement_) == 0;
  return sqlite_error(sqlite3_db_handle(statement_), code, file_of(statement_), writes ? "write" : "read");
}

Result<void> Query::run() {
  while (true) {
    RENVOI_TRY(const bool row, step());
    if (!row) return {};
  }
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const { return std::string(view(column)); }

std::string_view Query::view(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Mode mode) {
  std::error_code ignored;
  if (mode == Mode::read && !std::filesystem::exists(file, ignored))
    return Error{ErrorCode::not_found, fmt::format("there is no catalogue {}; add a source first", file.string())};
  sqlite3* connection = nullptr;
  const int flags =
      (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  if (mode == Mode::read && code != SQLITE_OK) {  // a folder that is not ours to write
    sqlite3_close_v2(connection);
    code = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  }
  if (code != SQLITE_OK) {
    Error error = sqlite_error(connection, code, file, "open");
    sqlite3_close_v2(connection);
    return error;
  }
  std::unique_ptr<Database> database(new Database(connection, file, mode));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  RENVOI_CHECK(database->execute("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON"));
  if (mode == Mode::write) {
    RENVOI_CHECK(database->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON"));
  } else {
    RENVOI_CHECK(database->execute("PRAGMA query_only=ON"));
  }
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(connection_);
}

Result<Query> Database::query(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return Query(known->second);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, code, file_, "read");
  statements_.emplace(sql, statement);
  return Query(statement);
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, code, file_, "open");
  return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  RENVOI_TRY(Query found, query(sql));
  RENVOI_TRY(const bool row, found.step());
  return row ? found.integer(0) : 0;
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(connection_); }
std::int64_t Database::changes() const { return sqlite3_changes64(connection_); }

Error Database::error(std::string_view doing) const {
  return sqlite_error(connection_, sqlite3_extended_errcode(connection_), file_, doing);
}

Result<Transaction> Transaction::begin(Database& database) {
  if (!database.writable())
    return Error{ErrorCode::denied, "the catalogue is opened for reading only; open the collection for writing"};
  RENVOI_TRY(Query query, database.query("BEGIN IMMEDIATE"));
  RENVOI_CHECK(query.run());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  auto query = database_->query("ROLLBACK");
  if (query.ok()) (void)query->run();  // an error that ended the transaction already is told where it happened
}

Result<Reading> Reading::begin(Database& database) {
  RENVOI_TRY(Query query, database.query("BEGIN"));
  RENVOI_CHECK(query.run());
  return Reading(database);
}

Reading::Reading(Reading&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Reading::~Reading() {
  if (database_ == nullptr) return;
  auto query = database_->query("ROLLBACK");
  if (query.ok()) (void)query->run();
}

Result<void> Transaction::commit() {
  RENVOI_TRY(Query query, database_->query("COMMIT"));
  RENVOI_CHECK(query.run());
  database_ = nullptr;
  return {};
}

}  // namespace renvoi::catalog
