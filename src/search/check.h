// Is a collection sound? Every checksum, and every cross-reference between catalogue and index.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/held_catalog.h"
#include "index/index.h"
#include "io/file_system.h"

namespace renvoi::search {

// How far long work is: in stages ("index", "cross-references", ...). `unit` is "B" for bytes; `all` 0: cannot be told.
using OnProgress =
    std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t all, std::string_view unit)>;

enum class Part : std::uint8_t { catalogue, index, cross_reference, cache };
std::string_view to_string(Part part);  // "catalogue", "index", "cross-reference", "cache"

// What, where, and what to do.
struct Problem {
  Part part = Part::index;
  std::filesystem::path where;  // a file, or the folder when no single file is to blame
  std::string what;
  std::string advice;
};

struct CheckReport {
  std::vector<Problem> problems;    // empty: sound. At most kMaxListedProblems of each part
  std::uint64_t more_problems = 0;  // found and not listed
  std::uint64_t references = 0;     // of the catalogue
  std::uint64_t passages = 0;       // of the index
  std::uint64_t cached_pages = 0;   // read and checked
  std::uint64_t next_passages = 0;  // of the index that is being made for another model
  index::Identity identity;         // of the index; empty digest when it cannot be told
};
constexpr std::size_t kMaxListedProblems = 100;

struct CheckOptions {
  // Whether the bytes of a file of the cache match their checksum: room crawl's knowledge. Empty: the cache is not
  // read.
  std::function<bool(std::string_view)> cached_page_is_sound;
  OnProgress on_progress;
  // Catalogue and index are written one after the other, and a writer may be at work: a difference counts only when it
  // is still there after this time.
  std::chrono::milliseconds patience{10'000};
};

// Reads only, beside readers and a writer. Needs no model: the index is opened as what it says it is. Errors:
// `not_found` when there is no collection; `unavailable`, `denied` when it cannot be read. Damage is in the report.
Result<CheckReport> check_collection(io::FileSystem& files, const std::filesystem::path& folder,
                                     const CheckOptions& options);

// A reference that catalogue and index do not agree on.
struct Difference {
  ReferenceId reference = ReferenceId::none;
  enum class Kind : std::uint8_t { missing, other_number, unknown, gone } kind = Kind::missing;
  std::uint64_t catalogued = 0, held = 0;                                    // passages
  enum class Where : std::uint8_t { present, next } where = Where::present;  // next: of index-next/
  bool operator==(const Difference&) const = default;
};
// Those of the catalogue that compare() has to know, by id: what is indexed, and what the index holds besides. Of a
// catalogue that holds millions which are neither, little is read. Errors: those of Catalog.
Result<std::vector<catalog::IndexedReference>> references_to_compare(catalog::Catalog& catalog,
                                                                     const index::Snapshot& full,
                                                                     const index::Snapshot* first = nullptr);
// By reference. `references` by id.
std::vector<Difference> compare(const std::vector<catalog::IndexedReference>& references, const index::Snapshot& full,
                                const index::Snapshot* first = nullptr);

}  // namespace renvoi::search
