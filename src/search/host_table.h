// The host of each reference that may be shown, for searches that are narrowed to some. Made for the first of them:
// who never asks so pays nothing. In memory 4 bytes for each number of a reference, and each host's name once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "search/filter.h"

namespace renvoi::search {

// Immutable once shared.
class HostTable {
 public:
  // All of the catalogue: some 1 us a reference. Errors: those of Catalog::shown_addresses.
  static Result<std::shared_ptr<const HostTable>> read(catalog::Catalog& catalog);
  // As this, with the hosts of `changed` as they are now. O(references): a copy.
  Result<std::shared_ptr<const HostTable>> with(std::span<const ReferenceId> changed, catalog::Catalog& catalog) const;

  // By the numbers that number_of() gives: whether the filter's domains let that host through.
  std::vector<bool> allowed(const SearchFilter& filter) const;
  // 0: none (a file), or not known.
  std::uint32_t number_of(ReferenceId id) const;

 private:
  void put(ReferenceId id, std::string_view address);
  std::vector<std::string> names_{""};
  std::unordered_map<std::string, std::uint32_t> numbers_{{"", 0}};
  std::vector<std::uint32_t> hosts_;  // by reference
};

}  // namespace renvoi::search
