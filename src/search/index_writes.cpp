#include "search/index_writes.h"

namespace renvoi::search {

Result<void> write_to(index::Index& index, std::span<const Collection::DocumentWrite* const> documents) {
  const auto write_all = [&]() -> Result<void> {
    for (const Collection::DocumentWrite* document : documents)
      RENVOI_CHECK(index.put(document->reference.id, document->passages));
    return index.commit();
  };
  Result<void> written = write_all();
  if (!written.ok()) index.rollback();
  return written;
}

Result<void> remove_from(index::Index& index, std::span<const ReferenceId> references) {
  const std::shared_ptr<const index::Snapshot> snapshot = index.snapshot();
  const auto remove_all = [&]() -> Result<void> {
    bool any = false;
    for (const ReferenceId reference : references) {
      if (snapshot->passages_of(reference).empty()) continue;
      RENVOI_CHECK(index.remove(reference));
      any = true;
    }
    return any ? index.commit() : Result<void>();
  };
  Result<void> removed = remove_all();
  if (!removed.ok()) index.rollback();
  return removed;
}

}  // namespace renvoi::search
