#include "search/collection.h"

#include <algorithm>
#include <iterator>
#include <mutex>

namespace renvoi::search {
namespace {

class FolderCollection final : public Collection {
 public:
  FolderCollection(io::FileSystem& files, const Clock& clock, std::filesystem::path folder, Mode mode)
      : files_(files), clock_(clock), folder_(std::move(folder)), mode_(mode) {}

  Result<void> open(const index::Identity& identity) {
    const bool writes = writable();
    if (writes) RENVOI_CHECK(files_.create_folders(folder_));
    // The index first: its lock keeps a second writer out of both.
    if (writes) {
      RENVOI_TRY(index_, index::Index::open(files_, folder_ / "index", identity, index::Index::Mode::write));
      RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::write));
      return reconcile();
    }
    RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::read));
    RENVOI_TRY(index_, index::Index::open(files_, folder_ / "index", identity, index::Index::Mode::read));
    return {};
  }

  catalog::Catalog& catalog() override { return *catalog_; }
  index::Index& index() override { return *index_; }
  const Clock& clock() const override { return clock_; }
  const std::filesystem::path& folder() const override { return folder_; }
  bool writable() const override { return mode_ == Mode::write; }

  Result<void> put(std::span<const DocumentWrite> documents) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    // A reference that the catalogue does not know would be dropped from the index at the next opening.
    for (const DocumentWrite& document : documents) RENVOI_CHECK(catalog_->reference(document.reference.id));
    const auto index_all = [&]() -> Result<void> {
      for (const DocumentWrite& document : documents)
        RENVOI_CHECK(index_->put(document.reference.id, document.passages));
      return index_->commit();
    };
    if (Result<void> indexed = index_all(); !indexed.ok()) {
      index_->rollback();
      return indexed;
    }
    std::vector<catalog::ReferenceUpdate> updates;
    for (const DocumentWrite& document : documents) {
      updates.push_back({document.reference, document.event});
      updates.back().reference.indexed = true;
      updates.back().reference.passages = static_cast<std::uint32_t>(document.passages.size());
    }
    return catalog_->update_references(updates, clock_.now());
  }

  Result<void> update_state(const catalog::Reference& reference, std::string_view event) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    if (reference.state != catalog::ReferenceState::gone)
      return catalog_->update_reference(reference, clock_.now(), event);
    catalog::Reference gone = reference;
    gone.indexed = false;
    RENVOI_CHECK(catalog_->update_reference(gone, clock_.now(), event));
    return remove_from_index({&gone.id, 1});
  }

  Result<void> remove_source(SourceId source) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_TRY(const std::vector<ReferenceId> references, catalog_->remove_source(source, clock_.now()));
    return remove_from_index(references);
  }

  Result<void> remove_reference(ReferenceId reference, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_CHECK(catalog_->remove_reference(reference, clock_.now(), reason));
    return remove_from_index({&reference, 1});
  }

  DiskUse disk_use() override {
    DiskUse use;
    use.index_bytes = files_.disk_bytes(folder_ / "index");
    for (const char* name : {"catalog.db", "catalog.db-wal", "catalog.db-shm"})
      use.catalog_bytes += files_.disk_bytes(folder_ / name);
    use.cache_bytes = files_.disk_bytes(folder_ / "cache");
    return use;
  }

 private:
  Result<void> may_write() const {
    if (writable()) return {};
    return Error{ErrorCode::denied, "the collection in " + folder_.string() + " is opened for reading only"};
  }

  // The catalogue no longer shows them, so that a crash before the end leaves work for reconcile() and nothing to see.
  Result<void> remove_from_index(std::span<const ReferenceId> references) {
    const auto remove_all = [&]() -> Result<void> {
      for (const ReferenceId reference : references) RENVOI_CHECK(index_->remove(reference));
      return index_->commit();
    };
    Result<void> removed = remove_all();
    if (!removed.ok()) index_->rollback();
    return removed;
  }

  // After a crash between the two: docs/format.md, "Catalogue and index".
  Result<void> reconcile() {
    const std::shared_ptr<const index::Snapshot> snapshot = index_->snapshot();
    RENVOI_TRY(const std::vector<catalog::Reference> references, catalog_->references());
    std::vector<ReferenceId> kept;
    for (const catalog::Reference& reference : references) {
      if (reference.state != catalog::ReferenceState::gone) kept.push_back(reference.id);
      const std::size_t held = snapshot->passages_of(reference.id).size();
      if (reference.indexed && reference.state != catalog::ReferenceState::gone && held != reference.passages)
        RENVOI_CHECK(read_again(reference));
    }
    std::vector<ReferenceId> stray;
    const std::vector<ReferenceId> indexed = snapshot->references();
    std::set_difference(indexed.begin(), indexed.end(), kept.begin(), kept.end(), std::back_inserter(stray));
    return stray.empty() ? Result<void>() : remove_from_index(stray);
  }

  // Nothing is left that would let a sync believe that it has this document.
  Result<void> read_again(catalog::Reference reference) {
    reference.indexed = false;
    reference.fingerprint = 0;
    reference.validators = {};
    reference.checked_at = 0;
    reference.next_check_at = 0;
    return catalog_->update_reference(reference, clock_.now(),
                                      "to be read again: the index does not hold it as catalogued");
  }

  io::FileSystem& files_;
  const Clock& clock_;
  const std::filesystem::path folder_;
  const Mode mode_;
  std::mutex mutex_;  // one write at a time: the index's uncommitted operations belong to it
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

Result<std::unique_ptr<Collection>> Collection::open(io::FileSystem& files, const Clock& clock,
                                                     const std::filesystem::path& folder,
                                                     const index::Identity& identity, Mode mode) {
  auto collection = std::make_unique<FolderCollection>(files, clock, folder, mode);
  RENVOI_CHECK(collection->open(identity));
  return std::unique_ptr<Collection>(std::move(collection));
}

}  // namespace renvoi::search
