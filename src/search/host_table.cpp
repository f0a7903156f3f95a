#include "search/host_table.h"

#include <string_view>

namespace renvoi::search {

void HostTable::put(ReferenceId id, std::string_view address) {
  const auto [entry, added] =
      numbers_.try_emplace(std::string(host_of(address)), static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(entry->first);
  if (hosts_.size() <= to_number(id)) hosts_.resize(to_number(id) + 1);
  hosts_[to_number(id)] = entry->second;
}

Result<std::shared_ptr<const HostTable>> HostTable::read(catalog::Catalog& catalog) {
  auto table = std::make_shared<HostTable>();
  RENVOI_CHECK(catalog.shown_addresses([&](ReferenceId id, std::string_view address) { table->put(id, address); }));
  return std::shared_ptr<const HostTable>(std::move(table));
}

Result<std::shared_ptr<const HostTable>> HostTable::with(std::span<const ReferenceId> changed,
                                                         catalog::Catalog& catalog) const {
  auto table = std::make_shared<HostTable>(*this);
  for (const ReferenceId id : changed) {
    const Result<catalog::Reference> reference = catalog.reference(id);
    if (reference.ok())
      table->put(id, reference->address);
    else if (reference.error().code != ErrorCode::not_found)
      return reference.error();
  }
  return std::shared_ptr<const HostTable>(std::move(table));
}

std::vector<bool> HostTable::allowed(const SearchFilter& filter) const {
  std::vector<bool> allowed;
  allowed.reserve(names_.size());
  for (const std::string& name : names_) allowed.push_back(lets_host_through(filter, name));
  return allowed;
}

std::uint32_t HostTable::number_of(ReferenceId id) const {
  return to_number(id) < hosts_.size() ? hosts_[to_number(id)] : 0;
}

}  // namespace renvoi::search
