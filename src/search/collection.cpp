#include "search/collection.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include "index/manifest.h"
#include "index/named_files.h"

namespace renvoi::search {
namespace {

constexpr int kSnapshotTries = 8;
constexpr int kReleaseTries = 200;  // ten milliseconds each

class FolderCollection final : public Collection {
 public:
  FolderCollection(io::FileSystem& files, const Clock& clock, std::filesystem::path folder, Mode mode,
                   std::shared_ptr<TierTables> tables)
      : files_(files),
        clock_(clock),
        folder_(std::move(folder)),
        mode_(mode),
        tables_(tables != nullptr ? std::move(tables) : fixed_tables({})) {}

  Result<void> open(const index::Identity& identity) {
    if (writable()) {
      RENVOI_CHECK(files_.create_folders(folder_));
      // The full tier's index first: its lock keeps a second writer out of all.
      RENVOI_TRY(index_, index::Index::open(files_, folder_ / "index", identity, index::Index::Mode::write));
      RENVOI_CHECK(open_first_tier());
      RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::write));
      return reconcile();
    }
    RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::read));
    RENVOI_TRY(index_, index::Index::open(files_, folder_ / "index", identity, index::Index::Mode::read));
    look_for_first_tier();
    return {};
  }

  catalog::Catalog& catalog() override { return *catalog_; }
  index::Index& index() override { return *index_; }
  const Clock& clock() const override { return clock_; }
  const std::filesystem::path& folder() const override { return folder_; }
  bool writable() const override { return mode_ == Mode::write; }
  bool has_first_tier() const override { return tables_->newest() != nullptr; }
  const std::shared_ptr<TierTables>& tables() const override { return tables_; }

  Result<std::shared_ptr<const TierTable>> first_tier_table() override {
    if (writable()) {
      const std::lock_guard lock(mutex_);
      RENVOI_CHECK(follow_newest_table());
    }
    return first_tier().table;
  }

  // A document that moves is committed to its new tier before it leaves the old one: who sees one of them before and
  // after the other unchanged has missed nothing.
  Snapshots snapshots() const override {
    Snapshots both;
    for (int i = 0; i < kSnapshotTries; ++i) {
      const FirstTierIndex first = first_tier();
      both.first = first.index == nullptr ? nullptr : first.index->snapshot();
      both.first_table = first.table;
      both.full = index_->snapshot();
      if (first_tier().index == first.index && (first.index == nullptr || first.index->snapshot() == both.first)) break;
    }
    return both;
  }

  std::vector<ReferenceId> only_in_first_tier() const override {
    const Snapshots both = snapshots();
    std::vector<ReferenceId> waiting = both.first == nullptr ? std::vector<ReferenceId>() : both.first->references();
    std::erase_if(waiting, [&](ReferenceId id) { return !both.full->passages_of(id).empty(); });
    return waiting;
  }

  Result<void> put(std::span<const DocumentWrite> documents, Tier tier, const TierTable* made_by) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    const auto [first, table] = first_tier();
    if (tier == Tier::first && first == nullptr)
      return Error{ErrorCode::invalid, "the collection in " + folder_.string() + " has no first tier"};
    if (tier == Tier::first && made_by != nullptr && !(made_by->identity == table->identity))
      return Error{ErrorCode::conflict, "the first tier is of another table than these vectors: make them again"};
    std::vector<const DocumentWrite*> wanted;
    std::vector<catalog::ReferenceUpdate> updates;
    for (const DocumentWrite& document : documents) {
      // A reference that the catalogue does not know would be dropped from the index at the next opening.
      const Result<catalog::Reference> known = catalog_->reference(document.reference.id);
      if (document.upgrade && is_too_late(known, document.reference.id, first.get())) continue;
      if (!known.ok()) return known.error();
      wanted.push_back(&document);
      if (document.upgrade && known->fingerprint == document.reference.fingerprint &&
          known->checked_at >= document.reference.checked_at)
        continue;
      updates.push_back({document.reference, document.event});
      updates.back().reference.indexed = true;
      updates.back().reference.passages = static_cast<std::uint32_t>(document.passages.size());
    }
    if (wanted.empty()) return {};
    RENVOI_CHECK(write_to(tier == Tier::first ? *first : *index_, wanted));
    std::vector<ReferenceId> ids;
    for (const DocumentWrite* document : wanted) ids.push_back(document->reference.id);
    if (tier == Tier::first)
      RENVOI_CHECK(remove_from(*index_, ids));
    else if (first != nullptr)
      RENVOI_CHECK(remove_from(*first, ids));
    return updates.empty() ? Result<void>() : catalog_->update_references(updates, clock_.now());
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

  Result<void> refresh() override {
    if (writable()) return {};
    const std::shared_ptr<index::Index> first = look_for_first_tier().index;
    if (first == nullptr) return index_->refresh();
    // As snapshots(): until the first tier is the same before and after.
    for (int i = 0; i < kSnapshotTries; ++i) {
      if (!first->refresh().ok()) break;
      const auto before = first->snapshot();
      RENVOI_CHECK(index_->refresh());
      if (!first->refresh().ok()) break;
      if (first->snapshot() == before) return {};
    }
    forget_first_tier();  // begun anew with another table, or changing faster than it can be read
    return index_->refresh();
  }

  Result<void> compact() override {
    RENVOI_CHECK(index_->compact());
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : first->compact();
  }

  Result<void> check() override {
    RENVOI_CHECK(index_->check());
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : first->check();
  }

  TierStats stats() const override {
    const std::shared_ptr<index::Index> first = first_tier().index;
    return {index_->stats(), first == nullptr ? index::IndexStats{} : first->stats()};
  }

  DiskUse disk_use() override {
    DiskUse use;
    use.index_bytes = files_.disk_bytes(folder_ / "index");
    if (files_.exists(first_folder())) use.index_bytes += files_.disk_bytes(first_folder());
    use.fitted_bytes = files_.disk_bytes(folder_ / "fitted");
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

  std::filesystem::path first_folder() const { return folder_ / "index-first"; }

  // An index and the table that made its vectors: always taken and set together. Both null where there is none.
  struct FirstTierIndex {
    std::shared_ptr<index::Index> index;
    std::shared_ptr<const TierTable> table;
  };
  FirstTierIndex first_tier() const {
    const std::lock_guard lock(first_mutex_);
    return first_;
  }
  void set_first_tier(FirstTierIndex first) {
    const std::lock_guard lock(first_mutex_);
    first_ = std::move(first);
  }
  void forget_first_tier() { set_first_tier({}); }

  Result<std::string> digest_of_first_folder() const {
    RENVOI_TRY(const index::Manifest manifest, index::current_manifest(files_, first_folder()));
    return manifest.identity.model_digest;
  }

  // Of a writer, which holds the lock of the full tier: nobody else writes here.
  Result<void> open_first_tier() {
    std::shared_ptr<const TierTable> table;
    if (const Result<std::string> digest = digest_of_first_folder(); digest.ok()) table = tables_->find(*digest);
    if (table == nullptr) table = tables_->newest();
    if (table == nullptr) return files_.exists(first_folder()) ? empty_first_folder() : Result<void>();
    const auto open = [&] {
      return index::Index::open(files_, first_folder(), table->identity, index::Index::Mode::write);
    };
    auto opened = open();
    if (!opened.ok()) {
      const ErrorCode code = opened.error().code;
      // Of another table, of another version, or damaged: reconcile() has its documents read again.
      if (code != ErrorCode::conflict && code != ErrorCode::invalid && code != ErrorCode::corrupt)
        return opened.error();
      RENVOI_CHECK(empty_first_folder());
      opened = open();
      if (!opened.ok()) return opened.error();
    }
    set_first_tier({std::move(opened).value(), std::move(table)});
    return follow_newest_table();
  }

  // Of a writer. What an empty first tier is bound to holds nobody to it. A crash on the way leaves an empty folder, or
  // a damaged index of nothing: the next opening begins it.
  Result<void> follow_newest_table() {
    const std::shared_ptr<const TierTable> newest = tables_->newest();
    FirstTierIndex old = first_tier();
    if (old.table != nullptr) tables_->tidy(old.table->identity.model_digest);
    if (newest == nullptr || (old.table != nullptr && old.table->identity == newest->identity)) return {};
    if (old.index != nullptr && old.index->snapshot()->size() > 0) return {};
    forget_first_tier();  // nothing is out of sight: it is empty
    // Its lock goes when the last who looks at it has looked. Whoever takes longer has us try again another time.
    for (int i = 0; old.index.use_count() > 1 && i < kReleaseTries; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (old.index.use_count() > 1) {
      set_first_tier(std::move(old));
      return {};
    }
    old = {};
    if (files_.exists(first_folder())) RENVOI_CHECK(empty_first_folder());
    RENVOI_TRY(auto begun, index::Index::open(files_, first_folder(), newest->identity, index::Index::Mode::write));
    set_first_tier({std::move(begun), newest});
    tables_->tidy(newest->identity.model_digest);
    return {};
  }

  // A crash on the way leaves an index that is damaged: the next opening goes on.
  Result<void> empty_first_folder() {
    RENVOI_TRY(const std::vector<std::string> names, files_.list(first_folder()));
    for (const std::string& name : names) RENVOI_CHECK(files_.remove(first_folder() / name));
    return files_.sync_folder(first_folder());
  }

  // Of a reader. A first tier that is not there, or is being begun anew, may be there at the next look.
  FirstTierIndex look_for_first_tier() {
    FirstTierIndex first = first_tier();
    if (first.index != nullptr || !files_.exists(first_folder())) return first;
    const Result<std::string> digest = digest_of_first_folder();
    if (!digest.ok()) return {};
    first.table = tables_->find(*digest);
    if (first.table == nullptr) return {};
    auto opened = index::Index::open(files_, first_folder(), first.table->identity, index::Index::Mode::read);
    if (!opened.ok()) return {};
    first.index = std::move(opened).value();
    set_first_tier(first);
    return first;
  }

  static bool is_too_late(const Result<catalog::Reference>& known, ReferenceId id, const index::Index* first) {
    if (!known.ok()) return known.error().code == ErrorCode::not_found;
    return known->state == catalog::ReferenceState::gone || first == nullptr ||
           first->snapshot()->passages_of(id).empty();
  }

  static Result<void> write_to(index::Index& index, std::span<const DocumentWrite* const> documents) {
    const auto write_all = [&]() -> Result<void> {
      for (const DocumentWrite* document : documents)
        RENVOI_CHECK(index.put(document->reference.id, document->passages));
      return index.commit();
    };
    Result<void> written = write_all();
    if (!written.ok()) index.rollback();
    return written;
  }

  // Nothing is written where it holds none of them.
  static Result<void> remove_from(index::Index& index, std::span<const ReferenceId> references) {
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

  // The catalogue no longer shows them, so that a crash before the end leaves work for reconcile() and nothing to see.
  Result<void> remove_from_index(std::span<const ReferenceId> references) {
    RENVOI_CHECK(remove_from(*index_, references));
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : remove_from(*first, references);
  }

  // After a crash between the two: docs/format.md, "Catalogue and index" and "First tier".
  Result<void> reconcile() {
    const Snapshots both = snapshots();
    RENVOI_TRY(const std::vector<catalog::Reference> references, catalog_->references());
    std::vector<ReferenceId> kept, twice;
    for (const catalog::Reference& reference : references) {
      const bool gone = reference.state == catalog::ReferenceState::gone;
      if (!gone) kept.push_back(reference.id);
      const std::size_t full = both.full->passages_of(reference.id).size();
      const std::size_t first = both.first == nullptr ? 0 : both.first->passages_of(reference.id).size();
      if (full > 0 && first > 0) twice.push_back(reference.id);
      if (reference.indexed && !gone && (full > 0 ? full : first) != reference.passages)
        RENVOI_CHECK(read_again(reference));
    }
    if (!twice.empty()) RENVOI_CHECK(remove_from(*first_tier().index, twice));
    std::vector<ReferenceId> stray;
    for (const auto& snapshot : {both.full, both.first}) {
      if (snapshot == nullptr) continue;
      const std::vector<ReferenceId> indexed = snapshot->references();
      std::set_difference(indexed.begin(), indexed.end(), kept.begin(), kept.end(), std::back_inserter(stray));
    }
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
  const std::shared_ptr<TierTables> tables_;
  mutable std::mutex first_mutex_;  // of the pointers: a reader may find it later, a writer begins it anew
  FirstTierIndex first_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

Result<std::unique_ptr<Collection>> Collection::open(io::FileSystem& files, const Clock& clock,
                                                     const std::filesystem::path& folder,
                                                     const index::Identity& identity, Mode mode,
                                                     std::shared_ptr<TierTables> tables) {
  auto collection = std::make_unique<FolderCollection>(files, clock, folder, mode, std::move(tables));
  RENVOI_CHECK(collection->open(identity));
  return std::unique_ptr<Collection>(std::move(collection));
}

}  // namespace renvoi::search
