// Lists of references and counts of them for operators.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <tuple>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace renvoi::catalog {
namespace {

// Ids that one call of list() may pass by: some 100 ms when none of them is wanted.
constexpr std::int64_t kMostLookedAt = 200'000;
constexpr char kBetween = '\x1F';  // in no language and in no type

constexpr Timestamp kAlways = 0;  // as a bound that is not there

template <typename Values, typename Text>
std::string joined(const Values& values, Text text) {
  if (values.empty()) return {};
  std::string all(1, kBetween);
  for (const auto& value : values) all += fmt::format("{}{}", text(value), kBetween);
  return all;
}

// One statement for every filter, so that it is prepared once. Numbers from ?3 on: sources, states, languages, types,
// then the bounds, then the text.
constexpr std::string_view kListed =
    "SELECT id, {} FROM reference {} WHERE id>?1 AND id<=?2 AND {} "
    "AND (?3='' OR instr(?3, char(31)||source||char(31))>0) AND (?4='' OR instr(?4, char(31)||state||char(31))>0) "
    "AND (?5='' OR instr(?5, char(31)||language||char(31))>0) AND (?6='' OR instr(?6, char(31)||type||char(31))>0) "
    "AND (?7=0 OR (date<>0 AND date BETWEEN ?8 AND ?9)) "
    "AND (?10=0 OR (checked_at<>0 AND checked_at BETWEEN ?11 AND ?12)) "
    "AND (?13='' OR instr(lower(address), lower(?13))>0 OR instr(lower(title), lower(?13))>0) ORDER BY id LIMIT ?14";

void bind_bounds(Query& query, const std::optional<Timestamp>& from, const std::optional<Timestamp>& until) {
  query.bind(from || until ? 1 : 0)
      .bind(from.value_or(kAlways))
      .bind(until.value_or(std::numeric_limits<Timestamp>::max()));
}

// The states other than LIVE are few, and have an index of their own.
constexpr std::string_view kOfTheOthers = "INDEXED BY reference_not_live", kIsOther = "state<>0 AND ";

bool leaves_live_out(const ReferenceFilter& filter) {
  const auto& states = filter.states;
  return !states.empty() && std::find(states.begin(), states.end(), ReferenceState::live) == states.end();
}

}  // namespace

Result<ReferenceList> Catalog::list(const ReferenceFilter& filter, ReferenceId after, std::size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(const Reading reading, Reading::begin(*impl_->database));
  RENVOI_TRY(const std::int64_t newest, impl_->database->integer("SELECT max(id) FROM reference"));
  const bool few = leaves_live_out(filter);
  std::int64_t last = std::min<std::int64_t>(newest, std::int64_t{to_number(after)} + kMostLookedAt);
  if (few) {
    RENVOI_TRY(Query others, impl_->query("SELECT id FROM reference INDEXED BY reference_not_live "
                                          "WHERE state<>0 AND id>? ORDER BY id LIMIT 1 OFFSET ?"));
    RENVOI_TRY(const bool many, others.bind(std::int64_t{to_number(after)}).bind(kMostLookedAt - 1).step());
    last = many ? others.integer(0) : newest;
  }
  RENVOI_TRY(Query rows, impl_->query(fmt::format(kListed, kReferenceColumns, few ? kOfTheOthers : "",
                                                  few ? fmt::format("{}{}", kIsOther, kKept) : std::string(kKept))));
  rows.bind(std::int64_t{to_number(after)}).bind(last);
  rows.bind(joined(filter.sources, [](SourceId id) { return to_number(id); }));
  rows.bind(joined(filter.states, [](ReferenceState state) { return static_cast<int>(state); }));
  rows.bind(joined(filter.languages, [](const std::string& text) { return text; }));
  rows.bind(joined(filter.types, [](const std::string& text) { return text; }));
  bind_bounds(rows, filter.dated_from, filter.dated_until);
  bind_bounds(rows, filter.checked_from, filter.checked_until);
  rows.bind(filter.text).bind(static_cast<std::int64_t>(limit + 1));  // one more: whether there is one
  ReferenceList found;
  RENVOI_TRY(found.references, impl_->read_references(rows));
  if (found.references.size() > limit) {
    found.references.resize(limit);
    found.next = limit == 0 ? after : found.references.back().id;
  } else if (last < newest) {
    found.next = static_cast<ReferenceId>(last);
  }
  return found;
}

Result<std::vector<SourceCounts>> Catalog::counts_by_source() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(const Reading reading, Reading::begin(*impl_->database));
  std::vector<SourceCounts> counts;
  RENVOI_TRY(Query sources, impl_->query("SELECT id FROM source WHERE removed_at=0 ORDER BY id"));
  while (true) {
    RENVOI_TRY(const bool row, sources.step());
    if (!row) break;
    counts.push_back({static_cast<SourceId>(sources.integer(0)), {}});
  }
  RENVOI_TRY(Query rows, impl_->query("SELECT source, state, sum(number) FROM tally GROUP BY 1, 2"));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return counts;
    const auto source = static_cast<SourceId>(rows.integer(0));
    const auto of = std::lower_bound(counts.begin(), counts.end(), source,
                                     [](const SourceCounts& one, SourceId id) { return one.source < id; });
    const std::uint64_t state = rows.bits(1);
    if (of != counts.end() && of->source == source && state < std::size(of->references_by_state))
      of->references_by_state[state] = rows.bits(2);
  }
}

Result<std::vector<DayCount>> Catalog::counts_by_day(Timestamp since) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(const Reading reading, Reading::begin(*impl_->database));
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT audit.at, coalesce(kept.source, 0), audit.event FROM audit "
                                                  "LEFT JOIN (SELECT id, source FROM reference WHERE {}) AS kept "
                                                  "ON kept.id=audit.reference WHERE audit.at>=?",
                                                  kKept)));
  rows.bind(since);
  std::map<std::tuple<Day, SourceId, std::string>, std::uint64_t> numbers;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) break;
    ++numbers[{day_of(rows.integer(0)), static_cast<SourceId>(rows.integer(1)), rows.text(2)}];
  }
  std::vector<DayCount> counts;
  for (const auto& [key, number] : numbers)
    counts.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), number});
  return counts;
}

Result<Timestamp> Catalog::trail_since() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->database->integer("SELECT coalesce(min(at), 0) FROM audit WHERE id=(SELECT min(id) FROM audit)");
}

}  // namespace renvoi::catalog
