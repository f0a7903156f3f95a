// The fields of a request that narrow a search, or a list of references.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "catalog/lists.h"
#include "search/filter.h"
#include "server/fields.h"

namespace renvoi::app {

// source, language, type, state, domain, since, until. Each of the first five a value or a list of them; the dates as
// "2026-11-24", "2026-11" or "2026". Problems are left in `fields`.
search::SearchFilter read_filter(Fields& fields);
// The same but for the domain, of references in any state; also checked_since, checked_until and text.
catalog::ReferenceFilter read_reference_filter(Fields& fields);

// The query of a GET as the JSON of the POST: lists, which are separated by commas there, become lists, the named
// numbers numbers, and everything else is text.
Json json_of_query(const std::map<std::string, std::string>& query, std::initializer_list<std::string_view> numbers);

}  // namespace renvoi::app
