// SQLite with Results: statements prepared once, transactions that roll back by themselves, errors by what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace renvoi::catalog {

// A prepared statement with its parameters bound in order. Reset when it goes; the database owns it.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  Query(Query&& other) noexcept;
  ~Query();
  Query& bind(std::int64_t value);
  Query& bind(std::string_view value);
  // A 64-bit pattern: SQLite's integers are signed.
  Query& bind_bits(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  // True when there is a row.
  Result<bool> step();
  // Runs to the end, rows ignored.
  Result<void> run();
  std::int64_t integer(int column) const;
  std::uint64_t bits(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string text(int column) const;
  // Until the next step.
  std::string_view view(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

// Not thread-safe.
class Database {
 public:
  enum class Mode : std::uint8_t { read, write };
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Result<Query> query(std::string_view sql);
  Result<void> execute(const char* sql);
  Result<std::int64_t> integer(std::string_view sql);
  std::int64_t last_id() const;
  std::int64_t changes() const;
  bool writable() const { return mode_ == Mode::write; }
  Error error(std::string_view doing) const;

 private:
  Database(sqlite3* connection, std::filesystem::path file, Mode mode)
      : connection_(connection), file_(std::move(file)), mode_(mode) {}
  sqlite3* connection_;
  std::filesystem::path file_;
  Mode mode_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// One state of the database for several reads, until it goes.
class Reading {
 public:
  static Result<Reading> begin(Database& database);
  Reading(Reading&& other) noexcept;
  ~Reading();

 private:
  explicit Reading(Database& database) : database_(&database) {}
  Database* database_;
};

Error sqlite_error(sqlite3* connection, int code, const std::filesystem::path& file, std::string_view doing);

}  // namespace renvoi::catalog
