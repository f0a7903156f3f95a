// Between rows and values.
#pragma once

#include <string>
#include <string_view>

#include "catalog/database.h"
#include "catalog/types.h"

namespace renvoi::catalog {

// In the order of read_source and bind_source, without the id.
inline constexpr std::string_view kSourceColumns =
    "kind, address, retention, allow_private, obey_robots, max_depth, max_pages, min_delay_ms, revisit_after_s, "
    "path_prefix, added_at, synced_at, last_outcome, requests_per_minute, serve_gone";
inline constexpr std::string_view kReferenceColumns =
    "source, address, title, language, type, date, depth, etag, last_modified, fingerprint, text_bytes, passages, "
    "indexed, state, state_since, checked_at, next_check_at, failures, first_failure_at, reason, moved_to, "
    "checks, comparisons, changes, watched_s, compared_at";
// "?,?,?": one for each column.
std::string placeholders(std::string_view columns);

// The row starts with the id.
Source read_source(const Query& row);
Reference read_reference(const Query& row);
// Titles are cut to 200 bytes, reasons and outcomes to 500: nothing of a document beyond its title is kept.
void bind_source(Query& query, const Source& source);
void bind_reference(Query& query, const Reference& reference);

}  // namespace renvoi::catalog
