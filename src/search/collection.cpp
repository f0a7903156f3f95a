#include "search/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "index/named_files.h"
#include "io/file_lock.h"
#include "search/check.h"
#include "search/first_tier_index.h"
#include "search/index_writes.h"
#include "search/next_index.h"
#include "search/what_waits.h"

namespace renvoi::search {
namespace {

constexpr int kSnapshotTries = 64;  // on a machine with other work a look may be overtaken several times
constexpr int kFollowTries = 3;
constexpr int kReleaseTries = 200;  // ten milliseconds each

std::shared_ptr<TierTables> or_none(std::shared_ptr<TierTables> tables) {
  return tables != nullptr ? std::move(tables) : fixed_tables({});
}

class FolderCollection final : public Collection {
 public:
  FolderCollection(io::FileSystem& files, const Clock& clock, std::filesystem::path folder, Mode mode,
                   index::Identity identity, std::shared_ptr<TierTables> tables, std::optional<ModelChange> change)
      : files_(files),
        clock_(clock),
        folder_(std::move(folder)),
        mode_(mode),
        identity_(std::move(identity)),
        tables_(or_none(std::move(tables))),
        change_(std::move(change)) {}

  Result<void> open() {
    if (writable()) {
      RENVOI_CHECK(files_.create_folders(folder_));
      // Held while the folders change places, too, when no index is open. The index's own keeps older programs out.
      RENVOI_TRY(io::FileLock lock, io::FileLock::acquire(folder_ / "lock"));
      lock_.emplace(std::move(lock));
      RENVOI_CHECK(finish_swap(files_, folder_));
      RENVOI_TRY(index_, index::Index::open(files_, folder_ / kIndexFolder, identity_, index::Index::Mode::write));
      RENVOI_CHECK(open_first_tier());
      RENVOI_CHECK(open_next());
      RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::write));
      return reconcile();
    }
    RENVOI_TRY(catalog_, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::read));
    auto opened = index::Index::open(files_, folder_ / kIndexFolder, identity_, index::Index::Mode::read);
    // An index that changed places meanwhile may have lent its files to the other's manifest.
    const bool switched = change_ && bound_to_another();
    if (!opened.ok() && !switched) return std::move(opened).error();
    if (switched) {
      RENVOI_CHECK(follow());
    } else {
      index_ = std::move(opened).value();
    }
    look_for_first_tier();
    return {};
  }

  catalog::Catalog& catalog() override { return *catalog_; }
  index::Index& index() override { return *index_; }
  index::Identity identity() const override {
    const std::lock_guard lock(pointers_mutex_);
    return identity_;
  }
  const Clock& clock() const override { return clock_; }
  const std::filesystem::path& folder() const override { return folder_; }
  bool writable() const override { return mode_ == Mode::write; }
  bool has_first_tier() const override { return tables()->newest() != nullptr; }
  std::shared_ptr<TierTables> tables() const override {
    const std::lock_guard lock(pointers_mutex_);
    return tables_;
  }

  Result<std::shared_ptr<const TierTable>> first_tier_table() override {
    if (writable()) {
      const std::lock_guard lock(mutex_);
      RENVOI_CHECK(may_write());
      RENVOI_CHECK(follow_newest_table());
    }
    return first_tier().table;
  }

  // A document that moves is committed to its new tier before it leaves the old one: who sees one of them before and
  // after the other unchanged has missed nothing.
  Snapshots snapshots() const override {
    const std::lock_guard lock(pointers_mutex_);
    if (held_) return *held_;
    Snapshots both;
    both.identity = identity_;
    both.tables = tables_;
    both.first_table = first_.table;
    for (int i = 0; i < kSnapshotTries; ++i) {
      both.first = first_.index == nullptr ? nullptr : first_.index->snapshot();
      both.full = index_->snapshot();
      if (first_.index == nullptr || first_.index->snapshot() == both.first) break;
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
    RENVOI_CHECK(wait_for_next_again(wanted));
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
    RENVOI_CHECK(may_write());
    // Hidden at once; then some at a time, so that others may write in between.
    return catalog_->remove_source(source, clock_.now(), [&](std::span<const ReferenceId> references) {
      const std::lock_guard lock(mutex_);
      return remove_from_index(references);
    });
  }

  Result<void> remove_reference(ReferenceId reference, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_CHECK(catalog_->remove_reference(reference, clock_.now(), reason));
    return remove_from_index({&reference, 1});
  }

  std::optional<ChangeStatus> change() const override {
    const std::optional<NextLook> look = look_at_next();
    if (!look) return {};
    return ChangeStatus{look->to, look->snapshot->references().size(), look->snapshot->size(),
                        absent_from(*look->snapshot).size()};
  }

  std::vector<ReferenceId> waiting_for_next() const override {
    const std::optional<NextLook> look = look_at_next();
    return look ? absent_from(*look->snapshot) : std::vector<ReferenceId>();
  }

  Result<void> put_next(std::span<const DocumentWrite> documents) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_CHECK(change_is_under_way());
    std::vector<const DocumentWrite*> wanted;
    std::vector<catalog::ReferenceUpdate> updates;
    const Snapshots both = snapshots();
    for (const DocumentWrite& document : documents) {
      const catalog::Reference& reference = document.reference;
      const Result<catalog::Reference> known = catalog_->reference(reference.id);
      if (!known.ok() && known.error().code != ErrorCode::not_found) return known.error();
      const bool held = known.ok() && known->indexed && known->state != catalog::ReferenceState::gone &&
                        known->fingerprint == reference.fingerprint && known->passages == document.passages.size() &&
                        passages_in(both, reference.id) == document.passages.size();
      if (!held) continue;
      wanted.push_back(&document);
      if (known->checked_at >= reference.checked_at) continue;
      updates.push_back({reference, document.event});
      updates.back().reference.indexed = true;
      updates.back().reference.passages = known->passages;
    }
    if (wanted.empty()) return {};
    RENVOI_CHECK(write_to(*next_, wanted));
    return updates.empty() ? Result<void>() : catalog_->update_references(updates, clock_.now());
  }

  Result<bool> switch_to_next(std::span<const ReferenceId> unreadable) override {
    const std::lock_guard lock(mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_CHECK(change_is_under_way());
    std::vector<catalog::Reference> waiting;
    for (const ReferenceId id : absent_from(*next_->snapshot())) {
      const Result<catalog::Reference> reference = catalog_->reference(id);
      if (!reference.ok() && reference.error().code != ErrorCode::not_found) return reference.error();
      if (reference.ok() && std::find(unreadable.begin(), unreadable.end(), id) == unreadable.end())
        waiting.push_back(*reference);
    }
    if (hold_up_a_change(waiting, clock_.now())) return false;
    RENVOI_CHECK(swap_in());
    (void)drop_other_indexes(files_, folder_);  // a nuisance at most: tried again at the next opening
    RENVOI_CHECK(reconcile());
    return true;
  }

  Result<void> refresh() override {
    if (writable()) return {};
    const std::lock_guard lock(mutex_);
    Result<void> refreshed = refresh_both();
    for (int i = 0; i < kFollowTries && bound_to_another(); ++i) {
      RENVOI_CHECK(follow());
      refreshed = refresh_both();
    }
    return refreshed;
  }

  Result<void> compact() override {
    const std::shared_lock open(open_mutex_);
    RENVOI_CHECK(may_write());
    RENVOI_CHECK(index_->compact());
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : first->compact();
  }

  Result<void> check() override {
    const std::shared_lock open(open_mutex_);
    if (broken_) return *broken_;
    RENVOI_CHECK(index_->check());
    if (next_ != nullptr) RENVOI_CHECK(next_->check());
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : first->check();
  }

  TierStats stats() const override {
    const std::shared_lock open(open_mutex_);
    if (broken_) return {};
    const std::shared_ptr<index::Index> first = first_tier().index;
    return {index_->stats(), first == nullptr ? index::IndexStats{} : first->stats()};
  }

  DiskUse disk_use() override {
    DiskUse use;
    use.index_bytes = files_.disk_bytes(folder_ / kIndexFolder);
    if (files_.exists(first_folder())) use.index_bytes += files_.disk_bytes(first_folder());
    use.fitted_bytes = files_.disk_bytes(folder_ / "fitted");
    for (const char* name : {kNextFolder, kOldFolder})
      if (files_.exists(folder_ / name)) use.next_bytes += files_.disk_bytes(folder_ / name);
    for (const char* name : {"catalog.db", "catalog.db-wal", "catalog.db-shm"})
      use.catalog_bytes += files_.disk_bytes(folder_ / name);
    use.cache_bytes = files_.disk_bytes(folder_ / "cache");
    return use;
  }

 private:
  Result<void> may_write() const {
    if (broken_) return *broken_;
    if (writable()) return {};
    return Error{ErrorCode::denied, "the collection in " + folder_.string() + " is opened for reading only"};
  }

  Result<void> change_is_under_way() const {
    if (next_ != nullptr) return {};
    return Error{ErrorCode::invalid,
                 "the collection in " + folder_.string() + " is not being changed to another model"};
  }

  std::filesystem::path first_folder() const { return folder_ / kFirstTierFolder; }
  std::filesystem::path next_folder() const { return folder_ / kNextFolder; }

  // Both null where there is none.
  FirstTierIndex first_tier() const {
    const std::lock_guard lock(pointers_mutex_);
    return first_;
  }
  void set_first_tier(FirstTierIndex first) {
    const std::lock_guard lock(pointers_mutex_);
    first_ = std::move(first);
  }
  void forget_first_tier() { set_first_tier({}); }

  Result<void> open_first_tier() {
    RENVOI_TRY(FirstTierIndex opened, search::open_first_tier(files_, first_folder(), *tables_));
    set_first_tier(std::move(opened));
    return follow_newest_table();
  }

  // Of a writer. What an empty first tier is bound to holds nobody to it. A crash on the way leaves an empty folder, or
  // a damaged index of nothing: the next opening begins it.
  Result<void> follow_newest_table() {
    const std::shared_ptr<const TierTable> newest = tables_->newest();
    FirstTierIndex old = first_tier();
    tables_->tidy(old.table == nullptr ? std::string_view() : old.table->identity.model_digest);
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
    RENVOI_TRY(FirstTierIndex begun, begin_first_tier(files_, first_folder(), newest));
    set_first_tier(std::move(begun));
    tables_->tidy(newest->identity.model_digest);
    return {};
  }

  // Of a writer. What is not of this change, or damaged, can be made again.
  Result<void> open_next() {
    if (!change_) return drop_other_indexes(files_, folder_);
    const auto open = [&] { return index::Index::open(files_, next_folder(), change_->to, index::Index::Mode::write); };
    auto opened = open();
    if (!opened.ok()) {
      const ErrorCode code = opened.error().code;
      if (code != ErrorCode::conflict && code != ErrorCode::invalid && code != ErrorCode::corrupt)
        return opened.error();
      RENVOI_CHECK(drop_other_indexes(files_, folder_));
      opened = open();
      if (!opened.ok()) return opened.error();
    }
    next_ = std::move(opened).value();
    return {};
  }

  struct NextLook {
    index::Identity to;
    std::shared_ptr<const index::Snapshot> snapshot;
  };
  // Nothing where no change is under way. A reader looks anew each time.
  std::optional<NextLook> look_at_next() const {
    const std::shared_lock open(open_mutex_);
    if (!change_) return {};
    if (next_ != nullptr) return NextLook{change_->to, next_->snapshot()};
    if (writable() || !files_.exists(next_folder() / "manifest")) return {};
    const auto opened = index::Index::open(files_, next_folder(), change_->to, index::Index::Mode::read);
    if (!opened.ok()) return {};
    return NextLook{change_->to, (*opened)->snapshot()};
  }

  // Sorted: what is in the present index, in either tier, and not in `next`.
  std::vector<ReferenceId> absent_from(const index::Snapshot& next) const {
    const Snapshots both = snapshots();
    const std::vector<ReferenceId> full = both.full->references(), done = next.references();
    const std::vector<ReferenceId> first =
        both.first == nullptr ? std::vector<ReferenceId>() : both.first->references();
    std::vector<ReferenceId> all, absent;
    std::set_union(full.begin(), full.end(), first.begin(), first.end(), std::back_inserter(all));
    std::set_difference(all.begin(), all.end(), done.begin(), done.end(), std::back_inserter(absent));
    return absent;
  }

  // What is about to get other passages leaves the next index before it gets them, so that nothing there is ever old.
  Result<void> wait_for_next_again(std::span<const DocumentWrite* const> documents) {
    if (next_ == nullptr) return {};
    std::vector<ReferenceId> other;
    for (const DocumentWrite* document : documents) {
      const Result<catalog::Reference> known = catalog_->reference(document->reference.id);
      const bool same = document->upgrade && known.ok() && known->fingerprint == document->reference.fingerprint &&
                        known->passages == document->passages.size();
      if (!same) other.push_back(document->reference.id);
    }
    return remove_from(*next_, other);
  }

  // The folders change places while no index is open, so that nothing of the old one can write where the new one is.
  // Whoever asks meanwhile is given the last snapshots.
  Result<void> swap_in() {
    const std::unique_lock alone(open_mutex_);
    {
      Snapshots last = snapshots();
      std::unique_ptr<index::Index> full;
      FirstTierIndex first;
      const std::lock_guard lock(pointers_mutex_);
      held_ = std::move(last);
      full = std::move(index_);
      first = std::exchange(first_, {});
    }
    next_.reset();
    Result<void> swapped = swap_in_next_index(files_, folder_);
    const bool as_before = !swapped.ok() && files_.exists(folder_ / kIndexFolder / "manifest") && !bound_to_another();
    if (swapped.ok()) {
      const std::lock_guard lock(pointers_mutex_);
      identity_ = change_->to;
      tables_ = or_none(change_->tables);
      change_.reset();
    }
    if (swapped.ok() || as_before) {
      const Result<void> opened = open_again();
      if (opened.ok()) return swapped;
      if (swapped.ok()) swapped = opened;
    }
    broken_ = Error{ErrorCode::unavailable,
                    fmt::format("the change of the model in {} could not be finished ({}); nothing acknowledged is "
                                "lost: open it again",
                                folder_.string(), swapped.error().message)};
    return *broken_;
  }

  Result<void> open_again() {
    RENVOI_TRY(auto full, index::Index::open(files_, folder_ / kIndexFolder, identity_, index::Index::Mode::write));
    RENVOI_CHECK(open_first_tier());
    if (change_) RENVOI_CHECK(open_next());
    const std::lock_guard lock(pointers_mutex_);
    index_ = std::move(full);
    held_.reset();
    return {};
  }

  // Whether the index's manifest says so.
  bool bound_to_another() const {
    const Result<index::Manifest> manifest = index::current_manifest(files_, folder_ / kIndexFolder);
    return manifest.ok() && manifest->identity != identity_;
  }

  Error switched_by_another() const {
    return {ErrorCode::conflict, fmt::format("another process has changed the embedding model of {} meanwhile: run "
                                             "this again",
                                             folder_.string())};
  }

  // Of a reader: another process has made the switch.
  Result<void> follow() {
    if (!change_) return switched_by_another();
    RENVOI_TRY(auto full, index::Index::open(files_, folder_ / kIndexFolder, change_->to, index::Index::Mode::read));
    const std::unique_lock alone(open_mutex_);
    const std::lock_guard lock(pointers_mutex_);
    index_ = std::move(full);
    first_ = {};
    identity_ = change_->to;
    tables_ = or_none(change_->tables);
    change_.reset();
    return {};
  }

  // Of a reader.
  Result<void> refresh_both() {
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
    if (bound_to_another()) return switched_by_another();
    forget_first_tier();  // begun anew with another table, or changing faster than it can be read
    return index_->refresh();
  }

  // Of a reader. A first tier that is not there, or is being begun anew, may be there at the next look.
  FirstTierIndex look_for_first_tier() {
    FirstTierIndex first = first_tier();
    if (first.index != nullptr) return first;
    first = read_first_tier(files_, first_folder(), *tables_);
    if (first.index != nullptr) set_first_tier(first);
    return first;
  }

  static bool is_too_late(const Result<catalog::Reference>& known, ReferenceId id, const index::Index* first) {
    if (!known.ok()) return known.error().code == ErrorCode::not_found;
    return known->state == catalog::ReferenceState::gone || first == nullptr ||
           first->snapshot()->passages_of(id).empty();
  }

  // The catalogue no longer shows them, so that a crash before the end leaves work for reconcile() and nothing to see.
  Result<void> remove_from_index(std::span<const ReferenceId> references) {
    RENVOI_CHECK(remove_from(*index_, references));
    if (next_ != nullptr) RENVOI_CHECK(remove_from(*next_, references));
    const std::shared_ptr<index::Index> first = first_tier().index;
    return first == nullptr ? Result<void>() : remove_from(*first, references);
  }

  // Of the tier that is shown.
  static std::size_t passages_in(const Snapshots& both, ReferenceId id) {
    const std::size_t full = both.full->passages_of(id).size();
    return full > 0 || both.first == nullptr ? full : both.first->passages_of(id).size();
  }

  // After a crash between the two: docs/format.md, "Catalogue and index", "First tier" and "Change of the model".
  Result<void> reconcile() {
    const Snapshots both = snapshots();
    const auto next = next_ == nullptr ? nullptr : next_->snapshot();
    RENVOI_TRY(const auto references, references_to_compare(*catalog_, *both.full, both.first.get()));
    std::vector<ReferenceId> kept, twice, old_in_next;
    std::vector<catalog::ReferenceUpdate> lost;
    for (const catalog::IndexedReference& known : references) {
      const bool gone = known.state == catalog::ReferenceState::gone;
      if (!gone) kept.push_back(known.id);
      const std::size_t full = both.full->passages_of(known.id).size();
      const std::size_t first = both.first == nullptr ? 0 : both.first->passages_of(known.id).size();
      if (full > 0 && first > 0) twice.push_back(known.id);
      const bool as_catalogued = (full > 0 ? full : first) == known.passages;
      if (next != nullptr && (!known.indexed || !as_catalogued || next->passages_of(known.id).size() != known.passages))
        old_in_next.push_back(known.id);
      if (!known.indexed || gone || as_catalogued) continue;
      RENVOI_TRY(catalog::Reference reference, catalog_->reference(known.id));
      lost.push_back(to_be_read_again(std::move(reference)));
    }
    if (!lost.empty()) RENVOI_CHECK(catalog_->update_references(lost, clock_.now()));
    if (!twice.empty()) RENVOI_CHECK(remove_from(*first_tier().index, twice));
    if (next != nullptr) RENVOI_CHECK(remove_from(*next_, old_in_next));
    std::vector<ReferenceId> stray;
    for (const auto& snapshot : {both.full, both.first, next}) {
      if (snapshot == nullptr) continue;
      const std::vector<ReferenceId> indexed = snapshot->references();
      std::set_difference(indexed.begin(), indexed.end(), kept.begin(), kept.end(), std::back_inserter(stray));
    }
    return stray.empty() ? Result<void>() : remove_from_index(stray);
  }

  // Nothing is left that would let a sync believe that it has this document.
  static catalog::ReferenceUpdate to_be_read_again(catalog::Reference reference) {
    reference.indexed = false;
    reference.fingerprint = 0;
    reference.validators = {};
    using enum catalog::ReferenceState;
    if (reference.state == live || reference.state == moved) {  // the others are asked when they are due
      reference.checked_at = 0;
      reference.next_check_at = 0;
    }
    return {std::move(reference), "to be read again: the index does not hold it as catalogued"};
  }

  io::FileSystem& files_;
  const Clock& clock_;
  const std::filesystem::path folder_;
  const Mode mode_;
  std::optional<io::FileLock> lock_;
  std::mutex mutex_;  // one write at a time: the index's uncommitted operations belong to it
  // Held by whoever uses an index as a whole; alone, by the one who closes them to put others in their place.
  mutable std::shared_mutex open_mutex_;
  // Of the pointers and what they are bound to: a reader may find the first tier later, and both may follow a change.
  mutable std::mutex pointers_mutex_;
  index::Identity identity_;
  std::shared_ptr<TierTables> tables_;  // of its model; never null
  std::unique_ptr<index::Index> index_;
  FirstTierIndex first_;
  std::optional<Snapshots> held_;  // while the indexes are closed
  std::optional<ModelChange> change_;
  std::unique_ptr<index::Index> next_;  // of a writer, while there is a change
  std::optional<Error> broken_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

Result<std::unique_ptr<Collection>> Collection::open(io::FileSystem& files, const Clock& clock,
                                                     const std::filesystem::path& folder,
                                                     const index::Identity& identity, Mode mode,
                                                     std::shared_ptr<TierTables> tables,
                                                     const std::optional<ModelChange>& change) {
  auto collection = std::make_unique<FolderCollection>(files, clock, folder, mode, identity, std::move(tables), change);
  RENVOI_CHECK(collection->open());
  return std::unique_ptr<Collection>(std::move(collection));
}

}  // namespace renvoi::search
