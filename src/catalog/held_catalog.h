// One committed state of the catalogue, held still while it is copied: for backups and checks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/types.h"

namespace renvoi::catalog {

// Not thread-safe. Errors of all: as Catalog.
class HeldCatalog {
 public:
  // Waits until no process is in a write (30 s at most, then `conflict`), keeps every process from committing while
  // `meanwhile` runs, and holds the state of that moment. `meanwhile` should take much less than the 5 s that a writer
  // is ready to wait; the caller's error is handed on.
  static Result<std::unique_ptr<HeldCatalog>> hold(const std::filesystem::path& file,
                                                   const std::function<Result<void>()>& meanwhile);
  ~HeldCatalog();
  HeldCatalog(const HeldCatalog&) = delete;
  HeldCatalog& operator=(const HeldCatalog&) = delete;

  Result<std::vector<IndexedReference>> references();  // by id
  // By SQLite's backup API, into a new file that is durable when this returns. `progress`: pages done, pages in all.
  Result<void> copy_to(const std::filesystem::path& to,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

 private:
  struct Impl;
  explicit HeldCatalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Everything SQLite can check of itself (PRAGMA integrity_check, foreign_key_check) and the checksums of its
// write-ahead log, which SQLite itself passes over in silence. One line for each problem, at most 100; none when it is
// sound. Errors: `not_found`, `conflict`, `unavailable`; a file that cannot be read as a catalogue is a problem, not an
// error. Reads only.
Result<std::vector<std::string>> check_catalog_file(const std::filesystem::path& file);

}  // namespace renvoi::catalog
