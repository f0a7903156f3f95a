// What a search is narrowed to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
  // Names of hosts, each with all hosts below it, as add_domain() writes them. What has no host (a file) is of none.
  std::vector<std::string> domains{}, excluded_domains{};
  bool operator==(const SearchFilter&) const = default;
};

// Errors: `invalid`: a state that is never shown, more than 1,000 entries in a list, no day between since and until.
Result<void> check(const SearchFilter& filter);

// Adds "example.org" to the domains, "-example.org" to the excluded ones; capitals, an international name and a scheme
// before it are understood. False, and nothing added: it is no name of a host, or there is a path behind it.
bool add_domain(SearchFilter& filter, std::string_view text);

// The host of an address as references have it: "" for a file.
std::string_view host_of(std::string_view address);
bool lets_host_through(const SearchFilter& filter, std::string_view host);

// Whether a reference may be shown, and the filter lets it through.
bool lets_through(const SearchFilter& filter, const catalog::Reference& reference);

}  // namespace renvoi::search
