#include "search/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/catalog.h"
#include "catalog/write_ahead_log.h"
#include "index/named_files.h"
#include "index/salvage.h"
#include "io/file_lock.h"
#include "io/relocate.h"
#include "search/collection.h"
#include "search/collection_tables.h"
#include "search/next_index.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMaxCachedPageBytes = std::uint64_t{1} << 30;
constexpr std::size_t kWholeAudit = 100'000;  // as much as the catalogue keeps

class Repair {
 public:
  Repair(io::FileSystem& files, const Clock& clock, const fs::path& folder, const RepairOptions& options)
      : files_(files), clock_(clock), folder_(folder), index_folder_(folder / "index"), options_(options) {}

  Result<RepairReport> run() {
    if (!files_.exists(catalog_file()) && !files_.exists(index_folder_))
      return Error{ErrorCode::not_found, fmt::format("there is no collection in {}: nothing to repair; restore a "
                                                     "snapshot with renvoi restore, or add a source",
                                                     folder_.string())};
    std::optional<index::Identity> identity;
    std::optional<ModelChange> change;
    {
      RENVOI_CHECK(files_.create_folders(folder_));
      RENVOI_TRY(const io::FileLock collection, io::FileLock::acquire(folder_ / "lock"));
      RENVOI_CHECK(finish_swap(files_, folder_));
      RENVOI_CHECK(files_.create_folders(index_folder_));
      RENVOI_TRY(const io::FileLock lock, io::FileLock::acquire(index_folder_ / "lock"));
      RENVOI_CHECK(look_at_catalogue());
      RENVOI_TRY(identity, repair_index());
      RENVOI_TRY(change, repair_next(*identity));
      RENVOI_CHECK(repair_fitted());
      RENVOI_CHECK(repair_cache());
      RENVOI_CHECK(note_differences(*identity));
    }
    if (report_.repaired.empty()) return std::move(report_);
    progress("catalogue and index");
    // Opening for writing reconciles the two.
    RENVOI_TRY(const auto collection,
               Collection::open(files_, clock_, folder_, *identity, Collection::Mode::write, nullptr, change));
    RENVOI_CHECK(collection->check());
    return std::move(report_);
  }

 private:
  fs::path catalog_file() const { return folder_ / "catalog.db"; }
  void progress(std::string_view stage) const {
    if (options_.on_progress) options_.on_progress(stage, 0, 0, "");
  }
  void done(Part part, fs::path where, std::string what, std::string deed) {
    report_.repaired.push_back({part, std::move(where), std::move(what), std::move(deed)});
  }

  // Made when the first file needs it.
  Result<fs::path> aside() {
    if (report_.set_aside) return *report_.set_aside;
    const std::string name = "damaged-" + time_in_name(clock_.now());
    fs::path folder = index_folder_ / name;
    for (int number = 2; files_.exists(folder); ++number) folder = index_folder_ / fmt::format("{}-{}", name, number);
    RENVOI_CHECK(files_.create_folders(folder));
    report_.set_aside = folder;
    return folder;
  }

  Result<void> copy_aside(const fs::path& file) {
    if (!files_.exists(file)) return {};
    RENVOI_TRY(const fs::path folder, aside());
    RENVOI_TRY(const auto content, files_.map(file));
    RENVOI_CHECK(io::write_file(files_, folder / file.filename(), content->bytes()));
    return files_.sync_folder(folder);
  }

  Result<void> look_at_catalogue() {
    progress("catalogue");
    const fs::path log = catalog_file().string() + "-wal";
    for (const std::string& damage : catalog::damage_of_write_ahead_log(catalog_file())) {
      RENVOI_CHECK(copy_aside(catalog_file()));
      RENVOI_CHECK(copy_aside(log));
      // Its content up to the damage moves into the catalogue, the rest is cut, when the catalogue is opened and
      // closed.
      RENVOI_CHECK(catalog::Catalog::open(catalog_file(), catalog::Catalog::Mode::write));
      done(Part::catalogue, log, damage,
           "the catalogue is as it was before the damaged change; the next sync finds out "
           "what changed since");
    }
    std::vector<std::string> problems = {"it is not there"};
    if (files_.exists(catalog_file())) {
      RENVOI_TRY(problems, catalog::check_catalog_file(catalog_file()));
    }
    if (problems.empty()) return {};
    return Error{
        ErrorCode::corrupt,
        fmt::format("the catalogue {} cannot be repaired: {}{}; nothing was changed in the index. Restore a "
                    "snapshot (renvoi restore DIR --force), or move {} away and add the sources again",
                    catalog_file().string(), problems.front(),
                    problems.size() > 1 ? fmt::format(" (and {} more)", problems.size() - 1) : "", folder_.string())};
  }

  // Gives what the index is bound to from here on.
  Result<index::Identity> repair_index() {
    progress("index");
    const auto manifest = index::current_manifest(files_, index_folder_);
    std::optional<index::Identity> identity;
    if (manifest.ok()) {
      identity = manifest->identity;
    } else if (manifest.error().code != ErrorCode::corrupt && manifest.error().code != ErrorCode::not_found) {
      return manifest.error();
    } else {
      RENVOI_TRY(identity, options_.identity());
    }
    RENVOI_TRY(const index::Salvage salvage, index::examine(files_, index_folder_, identity));
    if (salvage.losses.empty()) return *identity;
    RENVOI_TRY(const fs::path folder, aside());
    // The marks first: killed after them, something is read again in vain; the other way round something would stay
    // old.
    if (salvage.commits_lost) RENVOI_CHECK(mark_changed());
    RENVOI_CHECK(index::apply(files_, index_folder_, salvage, folder));
    for (const index::Loss& loss : salvage.losses)
      done(Part::index, index_folder_ / loss.file, loss.what, "set aside; what was lost is read again");
    return *identity;
  }

  // The index that is being made for another model: sound, the change goes on; damaged, it is begun anew.
  Result<std::optional<ModelChange>> repair_next(const index::Identity& present) {
    const fs::path folder = folder_ / kNextFolder;
    if (!files_.exists(folder)) return std::optional<ModelChange>();
    const auto manifest = index::current_manifest(files_, folder);
    Result<void> sound = manifest.ok() ? Result<void>() : manifest.error();
    if (sound.ok()) {
      auto opened = index::Index::open(files_, folder, manifest->identity, index::Index::Mode::read);
      sound = opened.ok() ? (*opened)->check() : opened.error();
    }
    if (sound.ok() && manifest->identity != present) return std::optional(ModelChange{manifest->identity, {}});
    if (!sound.ok() && sound.error().code != ErrorCode::corrupt && sound.error().code != ErrorCode::not_found &&
        sound.error().code != ErrorCode::invalid)
      return sound.error();
    RENVOI_CHECK(drop_other_indexes(files_, folder_));
    if (!sound.ok())
      done(Part::index, folder, sound.error().message,
           "removed: nothing is lost, and the change of the model begins anew");
    return std::optional<ModelChange>();
  }

  // Commits are lost, and nobody knows which. A document that was new in them is missing now, and one with another
  // number of passages is seen too; but one that changed and kept their number looks as if it were there. So whatever
  // the audit trail knows as changed is read again.
  Result<void> mark_changed() {
    RENVOI_TRY(const auto catalog, catalog::Catalog::open(catalog_file(), catalog::Catalog::Mode::write));
    RENVOI_TRY(const std::vector<catalog::AuditEntry> entries, catalog->audit(kWholeAudit));
    std::set<ReferenceId> changed;
    for (const catalog::AuditEntry& entry : entries)
      if (entry.event == "changed" || entry.event.starts_with("to be read again")) changed.insert(entry.reference);
    std::vector<catalog::ReferenceUpdate> updates;
    for (const ReferenceId id : changed) {
      Result<catalog::Reference> reference = catalog->reference(id);
      if (!reference.ok() && reference.error().code == ErrorCode::not_found) continue;
      if (!reference.ok()) return std::move(reference).error();
      if (!reference->indexed || reference->state == catalog::ReferenceState::gone) continue;
      reference->indexed = false;  // nothing is left that would let a sync believe that it has this document
      reference->fingerprint = 0;
      reference->validators = {};
      reference->checked_at = 0;
      reference->next_check_at = 0;
      updates.push_back({std::move(reference).value(), "to be read again: commits of the index were lost"});
    }
    if (updates.empty()) return {};
    RENVOI_CHECK(catalog->update_references(updates, clock_.now()));
    report_.to_read_again += updates.size();
    done(Part::cross_reference, folder_,
         fmt::format("commits were lost that may have held a newer version of {} that changed once",
                     documents(updates.size())),
         "marked to be read again by the next sync");
    return {};
  }

  Result<void> repair_fitted() {
    const fs::path fitted = folder_ / "fitted";
    if (!files_.exists(fitted)) return {};
    RENVOI_TRY(const std::vector<std::string> names, files_.list(fitted));
    for (const std::string& name : names) {
      const Result<void> sound = check_fitted_file(files_, fitted / name);
      if (sound.ok() || sound.error().code == ErrorCode::not_found) continue;
      RENVOI_TRY(const fs::path folder, aside());
      RENVOI_CHECK(io::rename_new(fitted / name, folder / ("fitted-" + name)));
      done(Part::index, fitted / name, sound.error().message, "set aside; it is made again as documents are encoded");
    }
    return {};
  }

  Result<void> repair_cache() {
    const fs::path cache = folder_ / "cache";
    if (!options_.cached_page_is_sound || !files_.exists(cache)) return {};
    progress("cache");
    RENVOI_TRY(const std::vector<std::string> names, files_.list(cache));
    for (const std::string& name : names) {
      if (!name.ends_with(".page")) continue;
      const auto bytes = files_.read(cache / name, kMaxCachedPageBytes);
      if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) continue;
      if (bytes.ok() && options_.cached_page_is_sound(*bytes)) continue;
      RENVOI_TRY(const fs::path folder, aside());
      RENVOI_CHECK(io::rename_new(cache / name, folder / ("cache-" + name)));
      done(Part::cache, cache / name, "the cached page fails its checksum",
           "set aside; it is fetched again when it is needed");
    }
    return {};
  }

  // What opening for writing will put right.
  Result<void> note_differences(const index::Identity& identity) {
    progress("cross-references");
    RENVOI_TRY(const auto catalog, catalog::Catalog::open(catalog_file(), catalog::Catalog::Mode::read));
    std::uint64_t missing = 0;
    if (!files_.exists(index_folder_ / "manifest")) {
      RENVOI_TRY(const auto references, catalog->indexed_references());
      for (const catalog::IndexedReference& reference : references) missing += reference.passages > 0 ? 1 : 0;
      done(Part::index, index_folder_, "there is no index", "a new one was made; everything is read again");
    } else {
      RENVOI_TRY(const auto index, index::Index::open(files_, index_folder_, identity, index::Index::Mode::read));
      RENVOI_TRY(const auto references, references_to_compare(*catalog, *index->snapshot(), nullptr));
      for (const Difference& difference : compare(references, *index->snapshot())) {
        const bool lost =
            difference.kind == Difference::Kind::missing || difference.kind == Difference::Kind::other_number;
        ++(lost ? missing : report_.taken_out);
      }
    }
    report_.to_read_again += missing;
    if (missing > 0)
      done(Part::cross_reference, folder_,
           fmt::format("the index does not hold {} as the catalogue has them", documents(missing)),
           "marked to be read again by the next sync");
    if (report_.taken_out > 0)
      done(Part::cross_reference, folder_,
           fmt::format("the index held {} that the catalogue does not know, or knows as GONE",
                       documents(report_.taken_out)),
           "taken out of the index");
    return {};
  }

  static std::string documents(std::uint64_t count) {
    return fmt::format("{} {}", count, count == 1 ? "document" : "documents");
  }

  io::FileSystem& files_;
  const Clock& clock_;
  const fs::path folder_, index_folder_;
  const RepairOptions& options_;
  RepairReport report_;
};

}  // namespace

std::string time_in_name(Timestamp time) {
  std::string text = to_rfc3339(time);
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

Result<RepairReport> repair_collection(io::FileSystem& files, const Clock& clock, const fs::path& folder,
                                       const RepairOptions& options) {
  return Repair(files, clock, folder, options).run();
}

}  // namespace renvoi::search
