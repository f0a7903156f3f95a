// Which references may be hit, kept between queries until the catalogue changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace renvoi::search {

// A set of references, immutable.
class ReferenceSet {
 public:
  explicit ReferenceSet(const std::vector<ReferenceId>& ids);
  bool contains(ReferenceId id) const;

 private:
  std::vector<bool> present_;  // by number: catalogues number from 1 without large holes
};

// Thread-safe. `catalog` must outlive it.
class ShowableCache {
 public:
  explicit ShowableCache(catalog::Catalog& catalog) : catalog_(catalog) {}
  // Errors: those of Catalog::showable.
  Result<std::shared_ptr<const ReferenceSet>> get(std::optional<SourceId> source, const std::string& language);
  // The collection's main languages: those of at least one showable reference in twenty, four at most.
  Result<std::vector<std::string>> languages();

 private:
  void forget_if_changed();  // with mutex_ held
  catalog::Catalog& catalog_;
  std::mutex mutex_;
  std::optional<std::uint64_t> version_;
  std::map<std::pair<std::uint32_t, std::string>, std::shared_ptr<const ReferenceSet>> sets_;
  std::optional<std::vector<std::string>> languages_;
};

}  // namespace renvoi::search
