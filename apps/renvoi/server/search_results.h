// The search fields that Perplexity added to chat completions.
#pragma once

#include "answer/answer.h"
#include "catalog/catalog.h"
#include "search/filter.h"
#include "server/fields.h"

namespace renvoi::app {

// search_domain_filter (at most 20 names of hosts, each with the hosts below it; "-example.org" leaves out),
// search_recency_filter, search_after_date_filter and search_before_date_filter ("11/24/2026"). They narrow `filter`
// further; problems are left in `fields`.
void read_search_fields(Fields& fields, Timestamp now, search::SearchFilter& filter);

// Only what is dated within the last "hour" or "day" (both: since yesterday), "week", "month" or "year". False: none of
// these.
bool narrow_to_recent(std::string_view recency, Timestamp now, search::SearchFilter& filter);

// Of the citation [n], at n - 1.
Json cited_addresses(const answer::Answer& answer);
// The same as {title, url, date, last_updated, snippet, source}.
Json search_results(const answer::Answer& answer, catalog::Catalog& catalog);

}  // namespace renvoi::app
