// What is known of hosts and of the old addresses of their pages.
#include "catalog/catalog_impl.h"

namespace renvoi::catalog {

Result<std::vector<std::string>> Catalog::aliases(SourceId source, Timestamp since) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query("SELECT alias.address FROM alias JOIN reference ON reference.id=alias.reference "
                                      "WHERE reference.source=? AND (?2=0 OR alias.looked_at>=?2) ORDER BY 1"));
  rows.bind(to_number(source)).bind(since);
  std::vector<std::string> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back(rows.text(0));
  }
}

Result<void> Catalog::alias_looked_at(std::string_view address, Timestamp at) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(Query set, impl_->query("UPDATE alias SET looked_at=? WHERE address=?"));
  RENVOI_CHECK(set.bind(at).bind(address).run());
  return transaction.commit();
}

Result<std::optional<HostRecord>> Catalog::host(std::string_view origin) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query("SELECT origin, probed_at, probe FROM host WHERE origin=?"));
  RENVOI_TRY(const bool row, rows.bind(origin).step());
  if (!row) return std::optional<HostRecord>();
  return std::optional(HostRecord{rows.text(0), rows.integer(1), rows.text(2)});
}

Result<void> Catalog::set_host(const HostRecord& host) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  RENVOI_TRY(Query set, impl_->query("INSERT OR REPLACE INTO host VALUES (?,?,?)"));
  RENVOI_CHECK(set.bind(host.origin).bind(host.probed_at).bind(host.probe).run());
  return transaction.commit();
}

Result<std::vector<ListingRecord>> Catalog::listing_records() {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Query rows, impl_->query("SELECT origin, newer, newer_changed, quiet, quiet_changed FROM listing"));
  const auto number = [&](int column) { return static_cast<std::uint32_t>(rows.integer(column)); };
  std::vector<ListingRecord> found;
  while (true) {
    RENVOI_TRY(const bool row, rows.step());
    if (!row) return found;
    found.push_back({rows.text(0), number(1), number(2), number(3), number(4)});
  }
}

Result<void> Catalog::set_listing_records(std::span<const ListingRecord> records) {
  const std::lock_guard lock(impl_->mutex);
  RENVOI_TRY(Transaction transaction, Transaction::begin(*impl_->database));
  for (const ListingRecord& record : records) {
    RENVOI_TRY(Query set, impl_->query("INSERT OR REPLACE INTO listing VALUES (?,?,?,?,?)"));
    set.bind(record.origin).bind(record.newer).bind(record.newer_changed).bind(record.quiet);
    RENVOI_CHECK(set.bind(record.quiet_changed).run());
  }
  return transaction.commit();
}

}  // namespace renvoi::catalog
