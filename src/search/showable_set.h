// Which references may be hit, kept between queries and changed as the catalogue changes.
//
// The catalogue notes each change of what may be shown (Catalog::follow_shown), also those of another process; before a
// query the changes since the last one are read. So a query after a commit costs what the commit changed: some 3 us a
// reference and a copy of its page (48 KiB at most). All is read by the first query (some 1.5 us a reference that may
// be shown), and when more than 100,000 changed at once. In memory: reference_table.h. What is neither indexed nor in a
// state that may be shown costs nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "search/filter.h"
#include "search/host_table.h"
#include "search/reference_table.h"

namespace renvoi::search {

// All that may be shown, in one committed state of the catalogue. Immutable.
struct Showable {
  ReferenceTable table;
  std::vector<std::string> languages, types;  // by the numbers in the table
  std::vector<std::uint64_t> with_language;   // how many references
};

// A filter over it. Thread-safe: immutable.
class ReferenceSet {
 public:
  // `hosts` only where the filter names domains; else null.
  ReferenceSet(std::shared_ptr<const Showable> showable, std::shared_ptr<const HostTable> hosts,
               const SearchFilter& filter);
  bool contains(ReferenceId id) const;

 private:
  std::shared_ptr<const Showable> showable_;
  std::shared_ptr<const HostTable> hosts_;
  std::vector<bool> languages_, types_, allowed_hosts_;  // allowed, by number; empty: all
  std::unordered_set<std::uint32_t> sources_;
  std::uint32_t states_ = 0;  // a bit for each
  Day first_ = kNoDay, last_ = INT32_MAX;
  bool dated_ = false;
};

// Thread-safe. `catalog` must outlive it.
class ShowableCache {
 public:
  explicit ShowableCache(catalog::Catalog& catalog) : catalog_(catalog) {}
  // Errors: those of Catalog::follow_shown, and of Catalog::shown_addresses where the filter names domains.
  Result<std::shared_ptr<const ReferenceSet>> get(const SearchFilter& filter = {});
  // The collection's main languages: those of at least one showable reference in twenty, four at most.
  Result<std::vector<std::string>> languages();
  // As it is now.
  Result<std::shared_ptr<const Showable>> showable();

 private:
  catalog::Catalog& catalog_;
  std::mutex mutex_;  // of the rest; held while changes are read
  Result<void> follow();
  std::uint64_t version_ = 0;
  std::shared_ptr<const Showable> showable_;
  std::shared_ptr<const HostTable> hosts_;  // null until a filter names domains
};

}  // namespace renvoi::search
