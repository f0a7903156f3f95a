#include "catalog/rows.h"

#include "base/utf8.h"

namespace renvoi::catalog {
namespace {

constexpr std::size_t kMaxTitleBytes = 200;
constexpr std::size_t kMaxTypeBytes = 40;
constexpr std::size_t kMaxRemarkBytes = 500;
constexpr std::size_t kMaxValidatorBytes = 1'000;  // a longer one is cut, never matches, and the page is read again

// The column obey_robots holds two answers about robots.txt: its rules, and the sitemaps it names. A 1 of an older
// version says what it always said.
constexpr std::int64_t kObeysRules = 1, kUsesSitemaps = 2;

std::uint32_t number32(const Query& row, int column) { return static_cast<std::uint32_t>(row.integer(column)); }

}  // namespace

std::string placeholders(std::string_view columns) {
  std::string marks = "?";
  for (const char c : columns)
    if (c == ',') marks += ",?";
  return marks;
}

Source read_source(const Query& row) {
  Source source;
  source.id = static_cast<SourceId>(number32(row, 0));
  source.kind = static_cast<SourceKind>(row.integer(1));
  source.address = row.text(2);
  source.policy.retention = static_cast<Retention>(row.integer(3));
  source.policy.allow_private_addresses = row.integer(4) != 0;
  source.policy.obey_robots = (row.integer(5) & kObeysRules) != 0;
  source.policy.use_sitemaps = (row.integer(5) & kUsesSitemaps) != 0;
  source.policy.max_depth = number32(row, 6);
  source.policy.max_pages = number32(row, 7);
  source.policy.min_delay_ms = number32(row, 8);
  source.policy.revisit_after_s = row.integer(9);
  source.policy.path_prefix = row.text(10);
  source.added_at = row.integer(11);
  source.synced_at = row.integer(12);
  source.last_outcome = row.text(13);
  source.policy.requests_per_minute = number32(row, 14);
  source.policy.serve_gone = row.integer(15) != 0;
  return source;
}

Reference read_reference(const Query& row) {
  Reference reference;
  reference.id = static_cast<ReferenceId>(number32(row, 0));
  reference.source = static_cast<SourceId>(number32(row, 1));
  reference.address = row.text(2);
  reference.title = row.text(3);
  reference.language = row.text(4);
  reference.type = row.text(5);
  reference.date = row.integer(6);
  reference.depth = number32(row, 7);
  reference.validators = {row.text(8), row.text(9)};
  reference.fingerprint = row.bits(10);
  reference.text_bytes = row.bits(11);
  reference.passages = number32(row, 12);
  reference.indexed = row.integer(13) != 0;
  reference.state = static_cast<ReferenceState>(row.integer(14));
  reference.state_since = row.integer(15);
  reference.checked_at = row.integer(16);
  reference.next_check_at = row.integer(17);
  reference.failures = number32(row, 18);
  reference.first_failure_at = row.integer(19);
  reference.reason = row.text(20);
  reference.moved_to = row.text(21);
  reference.history = {number32(row, 22), number32(row, 23), number32(row, 24), row.integer(25), row.integer(26)};
  return reference;
}

void bind_source(Query& query, const Source& source) {
  const SourcePolicy& policy = source.policy;
  query.bind(static_cast<std::int64_t>(source.kind)).bind(source.address);
  query.bind(static_cast<std::int64_t>(policy.retention)).bind(std::int64_t{policy.allow_private_addresses});
  query.bind((policy.obey_robots ? kObeysRules : 0) | (policy.use_sitemaps ? kUsesSitemaps : 0));
  query.bind(policy.max_depth).bind(policy.max_pages).bind(policy.min_delay_ms);
  query.bind(policy.revisit_after_s).bind(policy.path_prefix).bind(source.added_at).bind(source.synced_at);
  query.bind(truncate_utf8(source.last_outcome, kMaxRemarkBytes));
  query.bind(policy.requests_per_minute).bind(std::int64_t{policy.serve_gone});
}

void bind_reference(Query& query, const Reference& reference) {
  query.bind(to_number(reference.source)).bind(reference.address);
  query.bind(truncate_utf8(reference.title, kMaxTitleBytes)).bind(reference.language);
  query.bind(truncate_utf8(reference.type, kMaxTypeBytes)).bind(reference.date).bind(reference.depth);
  query.bind(truncate_utf8(reference.validators.etag, kMaxValidatorBytes));
  query.bind(truncate_utf8(reference.validators.last_modified, kMaxValidatorBytes));
  query.bind_bits(reference.fingerprint).bind_bits(reference.text_bytes).bind(reference.passages);
  query.bind(std::int64_t{reference.indexed}).bind(static_cast<std::int64_t>(reference.state));
  query.bind(reference.state_since).bind(reference.checked_at).bind(reference.next_check_at);
  query.bind(reference.failures).bind(reference.first_failure_at);
  query.bind(truncate_utf8(reference.reason, kMaxRemarkBytes)).bind(reference.moved_to);
  const CheckHistory& history = reference.history;
  query.bind(history.checks).bind(history.comparisons).bind(history.changes);
  query.bind(history.watched_s).bind(history.compared_at);
}

}  // namespace renvoi::catalog
