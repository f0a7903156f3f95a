// What is known of all references together: what may be shown, how many there are.
#include <fmt/format.h>

#include <iterator>
#include <unordered_set>

#include "catalog/catalog_impl.h"

namespace renvoi::catalog {
namespace {

// The index that holds all that search wants; the planner would sometimes rather read the table.
constexpr std::string_view kShownRows =
    "SELECT id, state, source, language, type, date FROM reference INDEXED BY reference_indexed WHERE {} AND {}";

ShownReference read_shown(const Query& row) {
  return {static_cast<ReferenceId>(row.integer(0)),
          static_cast<ReferenceState>(row.integer(1)),
          static_cast<SourceId>(row.integer(2)),
          row.view(3),
          row.view(4),
          row.integer(5)};
}

Result<void> tell_all(Database& database, ShownFollower& follower) {
  follower.on_everything();
  RENVOI_TRY(Query rows, database.query(fmt::format(kShownRows, kShown, kKept) + " ORDER BY id"));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return {};
    follower.on_shown(read_shown(rows));
  }
}

// Each as it is now, however often it has changed.
Result<void> tell_changes(Database& database, std::uint64_t since, ShownFollower& follower) {
  std::unordered_set<std::uint32_t> changed;
  {
    RENVOI_TRY(Query rows, database.query("SELECT reference, source FROM change WHERE version>?"));
    rows.bind_bits(since);
    while (true) {
      RENVOI_TRY(const bool row, rows.step());
      if (!row) break;
      if (rows.integer(1) != 0) follower.on_source_removed(static_cast<SourceId>(rows.integer(1)));
      if (rows.integer(0) != 0) changed.insert(static_cast<std::uint32_t>(rows.integer(0)));
    }
  }
  for (const std::uint32_t id : changed) {
    RENVOI_TRY(Query rows, database.query(fmt::format("SELECT id, state, source, language, type, date FROM reference "
                                                      "WHERE id=? AND {} AND {}",
                                                      kShown, kKept)));
    RENVOI_TRY(const bool row, rows.bind(id).step());
    if (row) {
      follower.on_shown(read_shown(rows));
    } else {
      follower.on_hidden(static_cast<ReferenceId>(id));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ReferenceId>> Catalog::showable(std::optional<SourceId> source, std::string_view language) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT id FROM reference WHERE {} AND {} AND (?1=0 OR source=?1) "
                                                  "AND (?2='' OR language=?2) ORDER BY id",
                                                  kShown, kKept)));
  rows.bind(to_number(source.value_or(SourceId::none))).bind(language);
  std::vector<ReferenceId> ids;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return ids;
    ids.push_back(static_cast<ReferenceId>(rows.integer(0)));
  }
}

Result<std::vector<IndexedReference>> Catalog::indexed_references() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT id, state, passages FROM reference "
                                                  "INDEXED BY reference_indexed WHERE indexed=1 AND {} ORDER BY id",
                                                  kKept)));
  std::vector<IndexedReference> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back({static_cast<ReferenceId>(rows.integer(0)), static_cast<ReferenceState>(rows.integer(1)), true,
                     static_cast<std::uint32_t>(rows.integer(2))});
  }
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> Catalog::languages() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query(fmt::format("SELECT language, sum(number) FROM tally WHERE {} GROUP BY language "
                                                  "ORDER BY 2 DESC, 1",
                                                  kShown)));
  std::vector<std::pair<std::string, std::uint64_t>> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.emplace_back(rows.text(0), rows.bits(1));
  }
}

std::uint64_t Catalog::version() {
  const std::lock_guard lock(impl_->mutex);
  const auto value = impl_->database->integer("SELECT max(version) FROM change");
  return value.ok() ? static_cast<std::uint64_t>(*value) : 0;
}

Result<std::uint64_t> Catalog::follow_shown(std::uint64_t since, ShownFollower& follower) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(const Reading reading, Reading::begin(*impl_->database));
  RENVOI_TRY(const std::int64_t newest, impl_->database->integer("SELECT max(version) FROM change"));
  RENVOI_TRY(const std::int64_t oldest, impl_->database->integer("SELECT min(version) FROM change"));
  const auto reached = static_cast<std::uint64_t>(newest);
  if (since == reached && since != 0) return reached;
  // A version from the future is of another catalogue: one that was restored.
  const bool known = since != 0 && since < reached && since + 1 >= static_cast<std::uint64_t>(oldest);
  RENVOI_CHECK(known ? tell_changes(*impl_->database, since, follower) : tell_all(*impl_->database, follower));
  return reached;
}

Result<void> Catalog::shown_addresses(const std::function<void(ReferenceId id, std::string_view address)>& each) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows,
             impl_->query(fmt::format("SELECT id, address FROM reference WHERE {} AND {} ORDER BY id", kShown, kKept)));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return {};
    each(static_cast<ReferenceId>(rows.integer(0)), rows.view(1));
  }
}

Result<CatalogCounts> Catalog::counts(std::optional<SourceId> source) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(const Reading reading, Reading::begin(*impl_->database));
  CatalogCounts counts;
  RENVOI_TRY(Query rows, impl_->query("SELECT state, sum(number), sum(number*indexed), sum(passages), sum(text_bytes) "
                                      "FROM tally WHERE ?1=0 OR source=?1 GROUP BY state"));
  rows.bind(to_number(source.value_or(SourceId::none)));
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) break;
    const std::uint64_t state = rows.bits(0);
    if (state < std::size(counts.references_by_state)) counts.references_by_state[state] = rows.bits(1);
    counts.references += rows.bits(1);
    counts.indexed += rows.bits(2);
    counts.passages += rows.bits(3);
    counts.text_bytes += rows.bits(4);
  }
  if (source) {
    counts.sources = 1;
    return counts;
  }
  RENVOI_TRY(counts.sources, impl_->database->integer("SELECT count(*) FROM source WHERE removed_at=0"));
  RENVOI_TRY(counts.tombstones, impl_->database->integer("SELECT number FROM total WHERE what='tombstone'"));
  RENVOI_TRY(counts.frontier, impl_->database->integer("SELECT number FROM total WHERE what='frontier'"));
  return counts;
}

}  // namespace renvoi::catalog
