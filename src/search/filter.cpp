#include "search/filter.h"

#include <algorithm>

namespace renvoi::search {
namespace {

constexpr std::size_t kMaxEntries = 1'000;

template <typename Value>
bool lists(const std::vector<Value>& allowed, const Value& value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

}  // namespace

Result<void> check(const SearchFilter& filter) {
  for (const catalog::ReferenceState state : filter.states) {
    if (catalog::is_showable(state)) continue;
    return Error{ErrorCode::invalid, "references in state " + std::string(to_string(state)) +
                                         " are in no search result: ask for LIVE, MOVED, HOST_DOWN or ARCHIVED"};
  }
  for (const std::size_t entries :
       {filter.sources.size(), filter.languages.size(), filter.types.size(), filter.states.size()}) {
    if (entries > kMaxEntries)
      return Error{ErrorCode::invalid, "a filter lists " + std::to_string(entries) + " values, more than 1,000"};
  }
  if (filter.since && filter.until && *filter.since > *filter.until)
    return Error{ErrorCode::invalid, "the filter by date ends before it begins: exchange since and until"};
  return {};
}

bool lets_through(const SearchFilter& filter, const catalog::Reference& reference) {
  if (!catalog::is_showable(reference) || !lists(filter.states, reference.state) ||
      !lists(filter.sources, reference.source) || !lists(filter.languages, reference.language) ||
      !lists(filter.types, reference.type))
    return false;
  if (!filter.since && !filter.until) return true;
  if (reference.date == 0) return false;
  const Day day = day_of(reference.date);
  return (!filter.since || day >= *filter.since) && (!filter.until || day <= *filter.until);
}

}  // namespace renvoi::search
