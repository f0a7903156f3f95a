// What a search is narrowed to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "catalog/types.h"

namespace renvoi::search {

// References that meet all of it may be hit. An empty list: any; of states: LIVE, MOVED, HOST_DOWN and ARCHIVED.
struct SearchFilter {
  std::vector<SourceId> sources{};
  std::vector<std::string> languages{};  // "fr"; exactly as the catalogue has them
  std::vector<std::string> types{};      // extract::document_types()
  // By the reference's date, both days included. With either, references without a date are left out.
  std::optional<Day> since{}, until{};
  std::vector<catalog::ReferenceState> states{};  // of LIVE, MOVED, HOST_DOWN and ARCHIVED
  bool operator==(const SearchFilter&) const = default;
};

// Errors: `invalid`: a state that is never shown, more than 1,000 entries in a list, or no day between since and until.
Result<void> check(const SearchFilter& filter);

// Whether a reference may be shown, and the filter lets it through.
bool lets_through(const SearchFilter& filter, const catalog::Reference& reference);

}  // namespace renvoi::search
