// A catalogue of very many references of which few are indexed, made by SQL: for tests and bench of its size.
#pragma once

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "catalog/catalog.h"

namespace renvoi::catalog::test {

struct SparseCatalog {
  std::uint64_t references = 1'000'000;  // the first half of source 1, the other of source 2
  std::uint64_t indexed_one_in = 100;    // those whose id is divisible by it: LIVE, one passage, html or pdf
};

// Fills a new, empty catalogue. Says what went wrong; "" when all is well.
inline std::string fill(const std::filesystem::path& file, const SparseCatalog& wanted) {
  {
    auto catalog = Catalog::open(file, Catalog::Mode::write);
    if (!catalog.ok()) return catalog.error().describe();
    for (const char* address : {"https://one.example.org/", "https://two.example.org/"}) {
      const auto added = (*catalog)->add_source({.kind = SourceKind::site, .address = address});
      if (!added.ok()) return added.error().describe();
    }
  }
  const std::string sql = fmt::format(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; BEGIN;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{0})"
      "INSERT INTO reference (source, address, title, language, type, date, depth, etag, last_modified, fingerprint,"
      " text_bytes, passages, indexed, state, state_since, checked_at, next_check_at, failures, first_failure_at, "
      "reason,"
      " moved_to) SELECT 1 + (i > {0}/2), printf('https://%s.example.org/documents/%08d.html', iif(i > {0}/2, 'two', "
      "'one'),"
      " i), 'A document of which the number is ' || i, iif(i % 3 = 0, 'fr', 'en'), iif(i % {1} <> 0, '', iif(i % 7 = 0,"
      " 'pdf', 'html')), iif(i % {1} = 0, 1500000000 + i / {1} % 4000 * 50000, 0), 1 + i % 9, '\"' || i || '\"', '', i "
      "* 7919,"
      " iif(i % {1} = 0, 1000, 0), i % {1} = 0, i % {1} = 0, iif(i % {1} = 0 OR i % 5 <> 0, 0, 1 + i % 4 % 4),"
      " 1700000000, 1700000000, 1800000000, 0, 0, '', '' FROM n;"
      "INSERT INTO tally SELECT source, state, indexed, language, count(*), sum(passages*indexed),"
      " sum(text_bytes*indexed) FROM reference GROUP BY 1, 2, 3, 4;"
      "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
      wanted.references, wanted.indexed_one_in);
  sqlite3* connection = nullptr;
  std::string problem;
  if (sqlite3_open(file.c_str(), &connection) != SQLITE_OK ||
      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    problem = sqlite3_errmsg(connection);
  sqlite3_close(connection);
  return problem;
}

}  // namespace renvoi::catalog::test
