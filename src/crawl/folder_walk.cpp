#include "crawl/folder_walk.h"

#include <algorithm>
#include <map>
#include <set>

#include "crawl/archive_members.h"
#include "crawl/scope.h"
#include "extract/archive_member.h"

namespace renvoi::crawl {
namespace {

namespace fs = std::filesystem;

// Where the entry really is, when that is inside `root`.
bool inside(const fs::path& real, const fs::path& root) {
  const auto [end, ignored] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  return end == root.end();
}

struct Walker {
  const fs::path root;
  const std::size_t max_files;
  FolderWalk found{};
  std::set<fs::path> entered{};
  std::map<std::string, std::vector<std::string>> files{};  // the files in it, of an archive
  std::size_t number = 0;
  std::vector<fs::path> waiting{};

  void entry(const fs::directory_entry& item) {
    const std::string name = item.path().filename().string();
    if (name.starts_with('.')) return;
    std::error_code error;
    const fs::path real = item.is_symlink(error) ? fs::canonical(item.path(), error) : item.path();
    if (error || !inside(real, root)) return;
    const auto type = fs::status(real, error).type();
    if (type == fs::file_type::directory) {
      if (entered.insert(real).second) waiting.push_back(real);
    } else if (type == fs::file_type::regular) {
      file(real.string());
    }
  }

  void file(const std::string& path) {
    const bool is_archive = extract::is_archive_name(path);
    if ((!is_archive && !file_may_be_document(path)) || files.contains(path)) return;
    if (number >= max_files) {
      found.truncated = true;
      return;
    }
    std::vector<std::string>& members = files[path];
    if (is_archive) {
      MemberListing listing = list_members(path, max_files - number);
      found.truncated |= listing.truncated;
      found.archives[path] = {std::move(listing.problems), listing.complete};
      members = std::move(listing.members);
    }
    number += is_archive ? members.size() : 1;
  }

  void folder(const fs::path& path) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) entries.push_back(*it);
    if (error) found.problems.push_back(path.string() + ": " + error.message());
    // Sorted, so that a limit cuts at the same place every time.
    std::sort(entries.begin(), entries.end());
    for (const auto& item : entries) entry(item);
  }
};

// Where `root` really is, when it can be read.
Result<fs::path> real_folder(const fs::path& root) {
  std::error_code error;
  const fs::path real = fs::canonical(root, error);
  if (error == std::errc::permission_denied)
    return Error{ErrorCode::denied, root.string() + " may not be read: " + error.message()};
  if (error) return Error{ErrorCode::not_found, "the folder " + root.string() + " is not there: " + error.message()};
  if (fs::is_regular_file(real, error) && extract::is_archive_name(real.string())) return real;
  if (!fs::is_directory(real, error)) return Error{ErrorCode::invalid, root.string() + " is not a folder"};
  fs::directory_iterator readable(real, error);
  if (error) return Error{ErrorCode::denied, root.string() + " may not be read: " + error.message()};
  return real;
}

FolderWalk walked(Walker walker) {
  while (!walker.waiting.empty() && !walker.found.truncated) {
    const fs::path next = std::move(walker.waiting.back());
    walker.waiting.pop_back();
    walker.folder(next);
  }
  for (const auto& [path, members] : walker.files) {
    if (!walker.found.archives.contains(path)) walker.found.files.push_back(path);
    for (const std::string& member : members) walker.found.files.push_back(path + "!/" + member);
  }
  return std::move(walker.found);
}

}  // namespace

Result<FolderWalk> walk_folder(const fs::path& root, std::size_t max_files) {
  RENVOI_TRY(const fs::path real, real_folder(root));
  Walker walker{real, max_files};
  std::error_code error;
  if (fs::is_regular_file(real, error)) {
    walker.file(real.string());
  } else {
    walker.entered.insert(real);
    walker.waiting.push_back(real);
  }
  return walked(std::move(walker));
}

Result<FolderWalk> walk_part(const fs::path& root, const fs::path& part, std::size_t max_files) {
  RENVOI_TRY(const fs::path real, real_folder(root));
  Walker walker{real, max_files};
  walker.entered.insert(real);
  const fs::path relative = part.lexically_normal().lexically_relative(real);
  if (relative.empty() || *relative.begin() == "..") return FolderWalk{};
  if (relative == ".") return walk_folder(root, max_files);
  for (const fs::path& name : relative)
    if (name.string().starts_with('.')) return FolderWalk{};
  std::error_code error;
  const fs::directory_entry entry(part, error);
  if (!error && entry.exists(error) && !error) walker.entry(entry);
  return walked(std::move(walker));
}

}  // namespace renvoi::crawl
