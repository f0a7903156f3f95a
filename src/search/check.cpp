#include "search/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "catalog/catalog.h"
#include "index/named_files.h"
#include "search/collection_tables.h"
#include "search/next_index.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
constexpr auto kPause = std::chrono::milliseconds(200);
constexpr int kAttemptsAtIndex = 5;
constexpr std::uint64_t kMaxCachedPageBytes = std::uint64_t{1} << 30;

std::string describe(const Difference& difference, const std::string& address) {
  const std::string name =
      fmt::format("{}reference {}{}", difference.where == Difference::Where::next ? "index-next: " : "",
                  to_number(difference.reference), address.empty() ? "" : " (" + address + ")");
  switch (difference.kind) {
    case Difference::Kind::missing:
      return fmt::format("{}: the catalogue has {} of its passages, the index none", name, difference.catalogued);
    case Difference::Kind::other_number:
      return fmt::format("{}: the catalogue has {} of its passages, the index {}", name, difference.catalogued,
                         difference.held);
    case Difference::Kind::unknown:
      return fmt::format("{}: the index has {} of its passages, the catalogue does not know it", name, difference.held);
    case Difference::Kind::gone:
      return fmt::format("{}: the index has {} of its passages, in the catalogue it is GONE", name, difference.held);
  }
  return name;
}

class Check {
 public:
  Check(io::FileSystem& files, const fs::path& folder, const CheckOptions& options)
      : files_(files), folder_(folder), options_(options) {}

  Result<CheckReport> run() {
    if (!files_.exists(folder_ / "catalog.db") && !files_.exists(folder_ / "index"))
      return Error{ErrorCode::not_found, fmt::format("there is no collection in {}; add a source first, or restore a "
                                                     "snapshot with renvoi restore",
                                                     folder_.string())};
    RENVOI_CHECK(check_catalogue());
    RENVOI_CHECK(check_index());
    if (catalogue_sound_ && index_ != nullptr) RENVOI_CHECK(check_cross_references());
    if (options_.cached_page_is_sound) RENVOI_CHECK(check_cache());
    return std::move(report_);
  }

 private:
  void progress(std::string_view stage, std::uint64_t done = 0, std::uint64_t all = 0) const {
    if (options_.on_progress) options_.on_progress(stage, done, all, "files");
  }

  void add(Part part, fs::path where, std::string what, std::string advice) {
    const auto listed = std::count_if(report_.problems.begin(), report_.problems.end(),
                                      [&](const Problem& problem) { return problem.part == part; });
    if (static_cast<std::size_t>(listed) >= kMaxListedProblems) {
      ++report_.more_problems;
      return;
    }
    report_.problems.push_back({part, std::move(where), std::move(what), std::move(advice)});
  }

  Result<void> check_catalogue() {
    progress("catalogue");
    const fs::path file = folder_ / "catalog.db";
    const auto lost = [&](std::string what) {
      add(Part::catalogue, file, std::move(what),
          "restore a snapshot with renvoi restore; without one, move the collection away and add the sources again");
    };
    if (!files_.exists(file)) {
      lost("the catalogue is not there, and there is an index");
      return {};
    }
    RENVOI_TRY(const std::vector<std::string> problems, catalog::check_catalog_file(file));
    for (const std::string& problem : problems) lost(problem);
    catalogue_sound_ = problems.empty();
    return {};
  }

  Result<void> check_index() {
    progress("index");
    const fs::path index_folder = folder_ / "index";
    const Result<index::Manifest> manifest = index::current_manifest(files_, index_folder);
    if (!manifest.ok()) {
      if (manifest.error().code != ErrorCode::corrupt && manifest.error().code != ErrorCode::not_found)
        return manifest.error();
      index_problem(manifest.error().code == ErrorCode::not_found ? "the index has no manifest"
                                                                  : manifest.error().message);
      return {};
    }
    report_.identity = manifest->identity;
    auto opened = index::Index::open(files_, index_folder, manifest->identity, index::Index::Mode::read);
    if (!opened.ok()) {
      if (opened.error().code != ErrorCode::corrupt && opened.error().code != ErrorCode::not_found)
        return std::move(opened).error();
      index_problem(opened.error().message);  // of the first bad file; renvoi repair looks at each
      return {};
    }
    index_ = std::move(opened).value();
    std::string before;
    for (int attempt = 1;; ++attempt) {
      const Result<void> sound = index_->check();
      if (sound.ok()) break;
      if (sound.error().code != ErrorCode::corrupt) return sound;
      // A file that a merge took away between two looks is not damage: that is told the same way twice.
      if (sound.error().message == before || attempt == kAttemptsAtIndex) {
        std::string_view lines = sound.error().message;
        while (!lines.empty()) {
          const std::size_t end = std::min(lines.find('\n'), lines.size());
          index_problem(std::string(lines.substr(0, end)));
          lines.remove_prefix(std::min(end + 1, lines.size()));
        }
        break;
      }
      before = sound.error().message;
      std::this_thread::sleep_for(kPause);
      RENVOI_CHECK(index_->refresh());
    }
    report_.passages = index_->snapshot()->size();
    next_ = check_made_again(kNextFolder, "the next writer begins the change of the model anew");
    if (next_ != nullptr) report_.next_passages = next_->snapshot()->size();
    first_ = check_made_again(kFirstTierFolder,
                              "the next writer empties the first tier, and renvoi sync reads its documents again");
    return check_fitted();
  }

  // They only make searching better, and can be made again.
  Result<void> check_fitted() {
    const fs::path folder = folder_ / "fitted";
    if (!files_.exists(folder)) return {};
    RENVOI_TRY(const std::vector<std::string> names, files_.list(folder));
    for (const std::string& name : names) {
      const Result<void> sound = check_fitted_file(files_, folder / name);
      if (sound.ok() || sound.error().code == ErrorCode::not_found) continue;  // a newer one took its place
      add(Part::index, folder / name, sound.error().message,
          "nothing is lost: the table that is not fitted is used instead; renvoi repair sets it aside, and it is made "
          "again as documents are encoded");
    }
    return {};
  }

  // Of an index of which everything can be made again: damage there is told, and is no loss. Null when it is not there,
  // or damaged.
  std::unique_ptr<index::Index> check_made_again(const char* name, const char* what_happens) {
    const fs::path folder = folder_ / name;
    std::optional<Error> before;
    for (int attempt = 1; files_.exists(folder / "manifest"); ++attempt) {
      const Result<index::Manifest> manifest = index::current_manifest(files_, folder);
      Result<void> sound = manifest.ok() ? Result<void>() : manifest.error();
      if (sound.ok()) {
        auto opened = index::Index::open(files_, folder, manifest->identity, index::Index::Mode::read);
        sound = opened.ok() ? (*opened)->check() : opened.error();
        if (sound.ok()) return std::move(opened).value();
      }
      // A writer may just be emptying it, or putting another in its place: damage is told the same way twice.
      if ((before && before->message == sound.error().message) || attempt == kAttemptsAtIndex) {
        add(Part::index, folder, sound.error().message, std::string("nothing is lost: ") + what_happens);
        return nullptr;
      }
      before = sound.error();
      std::this_thread::sleep_for(kPause);
    }
    return nullptr;
  }

  void index_problem(std::string what) {
    fs::path where = folder_ / "index";
    if (const auto names = files_.list(where); names.ok()) {
      const fs::path base = where;
      for (const std::string& name : *names)
        if (what.find((base / name).string()) != std::string::npos) where = base / name;
    }
    add(Part::index, where, std::move(what),
        "renvoi repair keeps what is sound and marks the rest to be read again; or restore a snapshot");
  }

  Result<std::vector<Difference>> differences(catalog::Catalog& catalog) {
    // The first tier before the full one: what moves in between is in both looks.
    if (first_ != nullptr) RENVOI_CHECK(first_->refresh());
    const auto first = first_ == nullptr ? nullptr : first_->snapshot();
    RENVOI_CHECK(index_->refresh());
    const auto full = index_->snapshot();
    report_.passages = full->size() + (first == nullptr ? 0 : first->size());
    RENVOI_TRY(const catalog::CatalogCounts counts, catalog.counts());
    report_.references = counts.references;
    RENVOI_TRY(const auto references, references_to_compare(catalog, *full, first.get()));
    std::vector<Difference> found = compare(references, *full, first.get());
    if (next_ != nullptr) RENVOI_CHECK(add_differences_of_next(catalog, found));
    return found;
  }

  // It holds nothing but what the catalogue has, as it has it; what it lacks is waiting.
  Result<void> add_differences_of_next(catalog::Catalog& catalog, std::vector<Difference>& found) {
    if (!next_->refresh().ok()) {  // it became the index, or was given up
      next_.reset();
      return {};
    }
    const auto next = next_->snapshot();
    RENVOI_TRY(const auto references, references_to_compare(catalog, *next));
    for (Difference difference : compare(references, *next)) {
      if (difference.kind == Difference::Kind::missing) continue;
      difference.where = Difference::Where::next;
      found.push_back(difference);
    }
    return {};
  }

  Result<void> check_cross_references() {
    progress("cross-references");
    RENVOI_TRY(const auto catalog, catalog::Catalog::open(folder_ / "catalog.db", catalog::Catalog::Mode::read));
    RENVOI_TRY(std::vector<Difference> left, differences(*catalog));
    const auto deadline = std::chrono::steady_clock::now() + options_.patience;
    while (!left.empty() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kPause);
      RENVOI_TRY(const std::vector<Difference> again, differences(*catalog));
      std::erase_if(left, [&](const Difference& difference) {
        return std::find(again.begin(), again.end(), difference) == again.end();
      });
    }
    for (const Difference& difference : left) {
      const auto reference = catalog->reference(difference.reference);
      const bool lost =
          difference.kind == Difference::Kind::missing || difference.kind == Difference::Kind::other_number;
      add(Part::cross_reference, folder_, describe(difference, reference.ok() ? reference->address : ""),
          difference.where == Difference::Where::next ? "the next writer takes it out of there, and reads it again"
          : lost                                      ? "renvoi repair marks it, and renvoi sync reads it again"
                                                      : "renvoi repair takes them out of the index");
    }
    return {};
  }

  Result<void> check_cache() {
    const fs::path cache = folder_ / "cache";
    if (!files_.exists(cache)) return {};
    RENVOI_TRY(const std::vector<std::string> names, files_.list(cache));
    std::uint64_t done = 0;
    for (const std::string& name : names) {
      progress("cache", done++, names.size());
      if (!name.ends_with(".page")) continue;
      const auto bytes = files_.read(cache / name, kMaxCachedPageBytes);
      if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) continue;  // the cache forgot it meanwhile
      if (bytes.ok() && options_.cached_page_is_sound(*bytes)) {
        ++report_.cached_pages;
        continue;
      }
      add(Part::cache, cache / name, bytes.ok() ? "the cached page fails its checksum" : bytes.error().message,
          "renvoi repair sets it aside; it is fetched again when it is needed");
    }
    return {};
  }

  io::FileSystem& files_;
  const fs::path folder_;
  const CheckOptions& options_;
  CheckReport report_;
  bool catalogue_sound_ = false;
  std::unique_ptr<index::Index> index_, first_, next_;
};

}  // namespace

std::string_view to_string(Part part) {
  switch (part) {
    case Part::catalogue:
      return "catalogue";
    case Part::index:
      return "index";
    case Part::cross_reference:
      return "cross-reference";
    case Part::cache:
      return "cache";
  }
  return "index";
}

Result<std::vector<catalog::IndexedReference>> references_to_compare(catalog::Catalog& catalog,
                                                                     const index::Snapshot& full,
                                                                     const index::Snapshot* first) {
  RENVOI_TRY(std::vector<catalog::IndexedReference> references, catalog.indexed_references());
  const std::size_t indexed = references.size();
  std::vector<ReferenceId> held = full.references();
  if (first != nullptr) {
    const std::vector<ReferenceId> more = first->references();
    held.insert(held.end(), more.begin(), more.end());
    std::sort(held.begin(), held.end());
    held.erase(std::unique(held.begin(), held.end()), held.end());
  }
  std::size_t at = 0;
  for (const ReferenceId id : held) {
    while (at < indexed && references[at].id < id) ++at;
    if (at < indexed && references[at].id == id) continue;
    const Result<catalog::Reference> known = catalog.reference(id);
    if (known.ok()) {
      references.push_back({id, known->state, known->indexed, known->passages});
    } else if (known.error().code != ErrorCode::not_found) {
      return known.error();
    }
  }
  std::sort(references.begin(), references.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return references;
}

std::vector<Difference> compare(const std::vector<catalog::IndexedReference>& references, const index::Snapshot& full,
                                const index::Snapshot* first) {
  std::vector<Difference> found;
  std::vector<ReferenceId> held_ids = full.references();
  if (first != nullptr) {
    const std::vector<ReferenceId> in_full = std::move(held_ids), in_first = first->references();
    held_ids.clear();
    std::set_union(in_full.begin(), in_full.end(), in_first.begin(), in_first.end(), std::back_inserter(held_ids));
  }
  auto held_id = held_ids.begin();
  const auto passages_held = [&](ReferenceId id) {  // of one that is in both, the full tier's are shown
    const std::size_t in_full = full.passages_of(id).size();
    return in_full == 0 && first != nullptr ? first->passages_of(id).size() : in_full;
  };
  const auto stray = [&](ReferenceId id, Difference::Kind kind) { found.push_back({id, kind, 0, passages_held(id)}); };
  for (const catalog::IndexedReference& reference : references) {
    for (; held_id != held_ids.end() && *held_id < reference.id; ++held_id) stray(*held_id, Difference::Kind::unknown);
    const bool held = held_id != held_ids.end() && *held_id == reference.id;
    if (held) ++held_id;
    if (reference.state == catalog::ReferenceState::gone) {
      if (held) stray(reference.id, Difference::Kind::gone);
      continue;
    }
    if (!reference.indexed) continue;  // what the index has of it is not shown
    const std::uint64_t passages = held ? passages_held(reference.id) : 0;
    if (passages != reference.passages)
      found.push_back({reference.id, held ? Difference::Kind::other_number : Difference::Kind::missing,
                       reference.passages, passages});
  }
  for (; held_id != held_ids.end(); ++held_id) stray(*held_id, Difference::Kind::unknown);
  return found;
}

Result<CheckReport> check_collection(io::FileSystem& files, const fs::path& folder, const CheckOptions& options) {
  // A writer may put the index of another model in its place meanwhile: then what was looked at is no more.
  for (int attempt = 1;; ++attempt) {
    const auto before = index::current_manifest(files, folder / kIndexFolder);
    Result<CheckReport> report = Check(files, folder, options).run();
    const auto after = index::current_manifest(files, folder / kIndexFolder);
    const bool switched = before.ok() && after.ok() && before->identity != after->identity;
    if (!switched || attempt == kAttemptsAtIndex) return report;
  }
}

}  // namespace renvoi::search
