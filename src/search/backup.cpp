#include "search/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/hash.h"
#include "index/named_files.h"
#include "io/file_lock.h"
#include "io/relocate.h"
#include "search/collection.h"
#include "search/collection_tables.h"
#include "search/repair.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
constexpr const char* kListName = "snapshot.json";
constexpr std::uint64_t kMaxListBytes = 16U << 20;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr int kAttemptsAtAccord = 8;
constexpr auto kPause = std::chrono::milliseconds(30);

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// "a/b/" names the folder b of a.
fs::path without_slash(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

// Counts bytes of one stage.
class Meter {
 public:
  Meter(const OnProgress& to, std::string_view stage, std::uint64_t all) : to_(to), stage_(stage), all_(all) {}
  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (to_) to_(stage_, done_, all_, "B");
  }

 private:
  const OnProgress& to_;
  std::string_view stage_;
  std::uint64_t done_ = 0, all_;
};

std::string digest_of(std::span<const std::byte> bytes, Meter& meter) {
  Sha256Stream stream;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    stream.update(piece);
    meter.add(piece.size());
    bytes = bytes.subspan(piece.size());
  }
  return to_hex(stream.finish());
}

// --- making ---------------------------------------------------------------------------------------------------------

class Maker {
 public:
  Maker(io::FileSystem& files, const Clock& clock, const fs::path& collection, const fs::path& target,
        const OnProgress& on_progress)
      : files_(files),
        clock_(clock),
        collection_(collection),
        target_(without_slash(target)),
        on_progress_(on_progress) {}

  Result<SnapshotReport> run() {
    if (!files_.exists(collection_ / "catalog.db") || !files_.exists(collection_ / "index" / "manifest"))
      return Error{
          ErrorCode::not_found,
          fmt::format("there is no collection in {}: nothing to keep; add a source first", collection_.string())};
    const bool existed = files_.exists(target_);
    if (existed) RENVOI_CHECK(must_be_empty());
    Result<void> made = make();
    if (made.ok()) return std::move(report_);
    // Empty or absent before: all that is there is ours.
    if (const auto names = files_.list(target_); names.ok())
      for (const std::string& name : *names) (void)io::remove_all(target_ / name);
    if (!existed) (void)io::remove_all(target_);
    return std::move(made).error();
  }

 private:
  Result<void> must_be_empty() {
    Result<std::vector<std::string>> names = files_.list(target_);
    if (!names.ok()) return std::move(names).error();
    if (names->empty()) return {};
    const bool whole = std::find(names->begin(), names->end(), kListName) != names->end();
    const bool begun = std::find(names->begin(), names->end(), "catalog.db") != names->end() ||
                       std::find(names->begin(), names->end(), "index") != names->end();
    return Error{ErrorCode::conflict,
                 fmt::format("{} is not empty{}; name a folder that does not exist yet", target_.string(),
                             whole   ? ": it is a snapshot already"
                             : begun ? ": it holds a snapshot that was not made to its end, or is being made"
                                     : "")};
  }

  Result<void> make() {
    RENVOI_CHECK(files_.create_folders(target_ / "index"));
    std::unique_ptr<catalog::HeldCatalog> catalog;
    RENVOI_CHECK(hold_both(catalog));
    if (on_progress_) on_progress_("catalogue", 0, 0, "");
    RENVOI_CHECK(catalog->copy_to(target_ / "catalog.db", [&](std::uint64_t done, std::uint64_t all) {
      if (on_progress_) on_progress_("catalogue", done, all, "pages");
    }));
    catalog.reset();
    RENVOI_CHECK(put_fitted());
    RENVOI_CHECK(list_files());
    RENVOI_CHECK(files_.sync_folder(target_ / "index"));
    RENVOI_CHECK(files_.sync_folder(target_));
    RENVOI_CHECK(files_.sync_folder(target_.parent_path()));
    report_.list.made_at = clock_.now();
    return files_.replace(target_ / kListName, as_bytes(to_json(report_.list)));
  }

  // The catalogue of one moment, and beside it in `target` the index of that moment. A document that is being written
  // just then is in the index already and not in the catalogue: the copy would have it read again. That can be put
  // right, but it is better to take another moment.
  Result<void> hold_both(std::unique_ptr<catalog::HeldCatalog>& catalog) {
    std::vector<Difference> before;
    for (int attempt = 1, switches = 0;; ++attempt) {
      std::optional<index::HeldIndex> held;
      catalog.reset();
      RENVOI_TRY(catalog, catalog::HeldCatalog::hold(collection_ / "catalog.db", [&]() -> Result<void> {
                   RENVOI_TRY(held, index::hold_index(files_, collection_ / "index"));
                   return {};
                 }));
      RENVOI_CHECK(put_index(*held));
      // While the index was replaced by that of another model, its files may have been linked under the old one's
      // names.
      const Result<index::Manifest> now = index::current_manifest(files_, collection_ / "index");
      if (now.ok() && now->identity != held->identity && ++switches < kAttemptsAtAccord) continue;
      auto copied = index::Index::open(files_, target_ / "index", held->identity, index::Index::Mode::read);
      if (!copied.ok())
        return Error{copied.error().code, copied.error().message + "; this is the copy of " +
                                              (collection_ / "index").string() +
                                              ": run renvoi check, then renvoi repair"};
      RENVOI_TRY(const std::vector<catalog::IndexedReference> references, catalog->references());
      const auto snapshot = (*copied)->snapshot();
      report_.list.identity = held->identity;
      report_.list.references = references.size();
      report_.list.passages = snapshot->size();
      std::vector<Difference> differences = compare(references, *snapshot);
      // What stays as it is has another reason than a writer at work: reconciling the copy puts it right.
      if (differences.empty() || differences == before || attempt == kAttemptsAtAccord) return {};
      before = std::move(differences);
      std::this_thread::sleep_for(kPause);
    }
  }

  Result<void> put_index(const index::HeldIndex& held) {
    const fs::path folder = target_ / "index";
    std::set<std::string> wanted;
    for (const index::HeldFile& file : held.files) wanted.insert(file.name);
    RENVOI_TRY(const std::vector<std::string> there, files_.list(folder));
    for (const std::string& name : there)  // of the attempt before
      if (!wanted.contains(name)) RENVOI_CHECK(files_.remove(folder / name));
    report_.linked_bytes = report_.copied_bytes = 0;
    std::uint64_t all = 0;
    for (const index::HeldFile& file : held.files) all += file.content().size();
    Meter meter(on_progress_, "index", all);
    for (const index::HeldFile& file : held.files) {
      const std::uint64_t bytes = file.content().size();
      if (file.mapped != nullptr) {
        RENVOI_TRY(const bool linked, link_segment(file.name));
        if (linked) {
          meter.add(bytes);
          report_.linked_bytes += bytes;
          continue;
        }
      }
      RENVOI_CHECK(io::write_file(files_, folder / file.name, file.content(), [&](std::uint64_t n) { meter.add(n); }));
      report_.copied_bytes += bytes;
    }
    return {};
  }

  // The tables fitted to the collection, and their sample: each is replaced whole, and none needs another. A damaged
  // one is left behind.
  Result<void> put_fitted() {
    const fs::path from = collection_ / "fitted", to = target_ / "fitted";
    if (!files_.exists(from)) return {};
    RENVOI_TRY(const std::vector<std::string> names, files_.list(from));
    RENVOI_CHECK(files_.create_folders(to));
    for (const std::string& name : names) {
      if (number_of_fitted_table(name) == 0 && name != kFitSampleName) continue;
      if (!check_fitted_file(files_, from / name).ok()) continue;
      const auto content = files_.map(from / name);
      if (!content.ok() && content.error().code == ErrorCode::not_found) continue;  // a newer one took its place
      if (!content.ok()) return content.error();
      RENVOI_CHECK(io::write_file(files_, to / name, (*content)->bytes()));
      report_.copied_bytes += (*content)->bytes().size();
    }
    return files_.sync_folder(to);
  }

  Result<bool> link_segment(const std::string& name) {
    const fs::path to = target_ / "index" / name;
    RENVOI_CHECK(files_.remove(to));
    Result<bool> linked = io::link_file(collection_ / "index" / name, to);
    // Merged away since it was mapped: it can still be copied.
    if (!linked.ok() && linked.error().code == ErrorCode::not_found) return false;
    return linked;
  }

  Result<void> list_files() {
    std::vector<std::string> paths = {"catalog.db"};
    RENVOI_TRY(const std::vector<std::string> names, files_.list(target_ / "index"));
    for (const std::string& name : names) paths.push_back("index/" + name);
    if (files_.exists(target_ / "fitted")) {
      RENVOI_TRY(const std::vector<std::string> fitted, files_.list(target_ / "fitted"));
      for (const std::string& name : fitted) paths.push_back("fitted/" + name);
    }
    Meter meter(on_progress_, "digests", files_.disk_bytes(target_));
    for (const std::string& path : paths) {
      RENVOI_TRY(const auto file, files_.map(target_ / path));
      report_.list.files.push_back({path, file->bytes().size(), digest_of(file->bytes(), meter)});
    }
    report_.copied_bytes += report_.list.files.front().bytes;
    return {};
  }

  io::FileSystem& files_;
  const Clock& clock_;
  const fs::path collection_, target_;
  const OnProgress& on_progress_;
  SnapshotReport report_;
};

// --- restoring ------------------------------------------------------------------------------------------------------

class Restorer {
 public:
  Restorer(io::FileSystem& files, const Clock& clock, const fs::path& source, const fs::path& collection,
           Existing existing, const OnProgress& on_progress)
      : files_(files),
        clock_(clock),
        source_(source),
        collection_(collection),
        work_(collection.string() + ".restoring"),
        existing_(existing),
        on_progress_(on_progress) {}

  Result<RestoreReport> run() {
    RENVOI_CHECK(read_list());
    RENVOI_TRY(bool occupied, is_occupied());
    if (occupied && existing_ == Existing::refuse)
      return Error{
          ErrorCode::conflict,
          fmt::format("there is a collection in {} already; with --force it is set aside (renamed, not deleted)",
                      collection_.string())};
    RENVOI_CHECK(check_digests());
    // Held until the end: nobody writes what is about to be renamed.
    std::optional<io::FileLock> collection, writer;
    if (occupied) {
      RENVOI_TRY(collection, io::FileLock::acquire(collection_ / "lock"));
    }
    if (occupied && files_.exists(collection_ / "index")) {
      RENVOI_TRY(writer, io::FileLock::acquire(collection_ / "index" / "lock"));
    }
    RENVOI_CHECK(files_.create_folders(work_));
    RENVOI_TRY(const io::FileLock own, io::FileLock::acquire(work_ / "lock"));  // one restore at a time
    Result<void> done = put_together();
    if (done.ok()) done = move_in(occupied);
    (void)io::remove_all(work_);
    if (!done.ok()) return std::move(done).error();
    return std::move(report_);
  }

 private:
  Result<void> read_list() {
    if (!files_.exists(source_))
      return Error{ErrorCode::not_found,
                   fmt::format("there is no folder {}; name one that renvoi snapshot has made", source_.string())};
    const Result<std::string> text = files_.read(source_ / kListName, kMaxListBytes);
    if (!text.ok()) {
      if (text.error().code != ErrorCode::not_found) return text.error();
      return Error{ErrorCode::corrupt,
                   fmt::format("{} has no {}: it is not a snapshot, or was not made to its end; use another",
                               source_.string(), kListName)};
    }
    RENVOI_TRY(report_.list, read_snapshot_list(*text, (source_ / kListName).string()));
    return {};
  }

  Result<bool> is_occupied() {
    if (!files_.exists(collection_)) return false;
    RENVOI_TRY(const std::vector<std::string> names, files_.list(collection_));
    return !names.empty();
  }

  Result<void> check_digests() {
    std::uint64_t all = 0;
    for (const SnapshotFile& file : report_.list.files) all += file.bytes;
    Meter meter(on_progress_, "digests", all);
    std::string bad;
    for (const SnapshotFile& file : report_.list.files) {
      const auto content = files_.map(source_ / file.path);
      if (!content.ok() && content.error().code != ErrorCode::not_found && content.error().code != ErrorCode::invalid)
        return content.error();
      const bool sound = content.ok() && (*content)->bytes().size() == file.bytes &&
                         digest_of((*content)->bytes(), meter) == file.sha256;
      if (!sound) bad += (bad.empty() ? "" : ", ") + file.path + (content.ok() ? "" : " (not there)");
    }
    if (bad.empty()) return {};
    return Error{ErrorCode::corrupt, fmt::format("the snapshot {} is damaged: {}; nothing was restored; use another",
                                                 source_.string(), bad)};
  }

  // In work_/new: a whole collection, reconciled and checked.
  Result<void> put_together() {
    const fs::path folder = work_ / "new";
    RENVOI_CHECK(io::remove_all(folder));  // of one that was killed
    RENVOI_CHECK(files_.create_folders(folder / "index"));
    const bool has_fitted = std::any_of(report_.list.files.begin(), report_.list.files.end(),
                                        [](const SnapshotFile& file) { return file.path.starts_with("fitted/"); });
    if (has_fitted) RENVOI_CHECK(files_.create_folders(folder / "fitted"));
    RENVOI_TRY(const index::Manifest manifest, index::current_manifest(files_, source_ / "index"));
    const std::vector<std::string> immutable = index::immutable_files(manifest);
    std::uint64_t all = 0;
    for (const SnapshotFile& file : report_.list.files) all += file.bytes;
    Meter meter(on_progress_, "copying", all);
    for (const SnapshotFile& file : report_.list.files) {
      const bool never_changes =
          std::find(immutable.begin(), immutable.end(), fs::path(file.path).filename().string()) != immutable.end();
      if (never_changes) {
        RENVOI_TRY(const bool linked, io::link_file(source_ / file.path, folder / file.path));
        if (linked) {
          meter.add(file.bytes);
          continue;
        }
      }
      RENVOI_TRY(const auto content, files_.map(source_ / file.path));
      RENVOI_CHECK(
          io::write_file(files_, folder / file.path, content->bytes(), [&](std::uint64_t n) { meter.add(n); }));
    }
    RENVOI_CHECK(files_.sync_folder(folder / "index"));
    if (has_fitted) RENVOI_CHECK(files_.sync_folder(folder / "fitted"));
    RENVOI_CHECK(files_.sync_folder(folder));
    if (on_progress_) on_progress_("checking", 0, 0, "");
    RENVOI_CHECK(count_unfinished(folder));
    RENVOI_TRY(const auto opened,
               Collection::open(files_, clock_, folder, report_.list.identity, Collection::Mode::write));
    return opened->index().check();
  }

  Result<void> count_unfinished(const fs::path& folder) {
    // A snapshot of an older version is brought up to this one.
    RENVOI_CHECK(catalog::Catalog::open(folder / "catalog.db", catalog::Catalog::Mode::write));
    RENVOI_TRY(const auto catalog, catalog::HeldCatalog::hold(folder / "catalog.db", [] { return Result<void>(); }));
    RENVOI_TRY(const auto references, catalog->references());
    RENVOI_TRY(const auto index,
               index::Index::open(files_, folder / "index", report_.list.identity, index::Index::Mode::read));
    for (const Difference& difference : compare(references, *index->snapshot()))
      report_.to_read_again +=
          difference.kind == Difference::Kind::missing || difference.kind == Difference::Kind::other_number ? 1 : 0;
    return {};
  }

  Result<void> move_in(bool occupied) {
    const fs::path made = work_ / "new";
    const fs::path parent = collection_.parent_path();
    if (!occupied) {
      if (files_.exists(collection_)) RENVOI_CHECK(io::remove_all(collection_));  // an empty folder
      RENVOI_CHECK(io::rename_new(made, collection_));
      return files_.sync_folder(parent);
    }
    const std::string name = collection_.string() + ".before-restore-" + time_in_name(clock_.now());
    fs::path aside = name;
    for (int number = 2; files_.exists(aside); ++number) aside = fmt::format("{}-{}", name, number);
    // The new one gets the name that the old one shall have, then both swap names at one instant: at no moment is there
    // no collection, and the old one never bears a name that something would clean up.
    RENVOI_CHECK(io::rename_new(made, aside));
    Result<bool> swapped = io::exchange(aside, collection_);
    if (!swapped.ok() || !*swapped) {
      RENVOI_CHECK(io::rename_new(aside, made));
      if (!swapped.ok()) return std::move(swapped).error();
      // A file system that cannot swap: one after the other.
      RENVOI_CHECK(io::rename_new(collection_, aside));
      if (Result<void> moved = io::rename_new(made, collection_); !moved.ok()) {
        RENVOI_CHECK(io::rename_new(aside, collection_));
        return moved;
      }
    }
    report_.set_aside = aside;
    return files_.sync_folder(parent);
  }

  io::FileSystem& files_;
  const Clock& clock_;
  const fs::path source_, collection_, work_;
  const Existing existing_;
  const OnProgress& on_progress_;
  RestoreReport report_;
};

}  // namespace

Result<SnapshotReport> make_snapshot(io::FileSystem& files, const Clock& clock, const fs::path& collection,
                                     const fs::path& target, const OnProgress& on_progress) {
  return Maker(files, clock, collection, target, on_progress).run();
}

Result<RestoreReport> restore_snapshot(io::FileSystem& files, const Clock& clock, const fs::path& source,
                                       const fs::path& collection, Existing existing, const OnProgress& on_progress) {
  return Restorer(files, clock, source, collection, existing, on_progress).run();
}

}  // namespace renvoi::search
