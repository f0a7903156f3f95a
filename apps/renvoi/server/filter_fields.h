// The fields of a request that narrow a search: source, language, type, state, since, until.
#pragma once

#include "search/filter.h"
#include "server/fields.h"

namespace renvoi::app {

// Each of the first four a value or a list of them; the dates as "2026-11-24", "2026-11" or "2026". Problems are left
// in `fields`.
search::SearchFilter read_filter(Fields& fields);

// The same from a GET's query, where a list is separated by commas: the JSON that read_filter takes.
void add_filter_of_query(const std::string& name, const std::string& value, Json& body);

}  // namespace renvoi::app
