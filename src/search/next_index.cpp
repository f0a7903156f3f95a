#include "search/next_index.h"

#include <string>
#include <vector>

#include "io/relocate.h"

namespace renvoi::search {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSetAside = "damaged-";

Result<void> keep_what_was_set_aside(io::FileSystem& files, const fs::path& from, const fs::path& to) {
  RENVOI_TRY(const std::vector<std::string> names, files.list(from));
  for (const std::string& name : names) {
    if (!name.starts_with(kSetAside)) continue;
    fs::path target = to / name;
    for (int number = 2; files.exists(target); ++number) target = to / (name + "-" + std::to_string(number));
    RENVOI_CHECK(io::rename_new(from / name, target));
  }
  return {};
}

Result<void> drop(io::FileSystem& files, const fs::path& index, const fs::path& current) {
  if (!files.exists(index)) return {};
  if (files.exists(current)) RENVOI_CHECK(keep_what_was_set_aside(files, index, current));
  RENVOI_CHECK(empty_index_folder(files, index));
  return io::remove_all(index);
}

}  // namespace

Result<void> empty_index_folder(io::FileSystem& files, const fs::path& index) {
  RENVOI_TRY(const std::vector<std::string> names, files.list(index));
  for (const std::string& name : names) RENVOI_CHECK(files.remove(index / name));
  return files.sync_folder(index);
}

Result<void> drop_other_indexes(io::FileSystem& files, const fs::path& collection) {
  RENVOI_CHECK(drop(files, collection / kNextFolder, collection / kIndexFolder));
  return drop(files, collection / kOldFolder, collection / kIndexFolder);
}

Result<void> swap_in_next_index(io::FileSystem& files, const fs::path& collection, SwapBy by) {
  const fs::path current = collection / kIndexFolder, next = collection / kNextFolder, old = collection / kOldFolder;
  RENVOI_CHECK(files.sync_folder(next));
  RENVOI_CHECK(files.sync_folder(collection));
  bool done = false;
  if (by == SwapBy::exchange) {
    RENVOI_TRY(done, io::exchange(current, next));
  }
  if (!done) {
    RENVOI_CHECK(io::rename_new(current, old));
    if (Result<void> renamed = io::rename_new(next, current); !renamed.ok()) {
      RENVOI_CHECK(io::rename_new(old, current));
      return renamed;
    }
  }
  return files.sync_folder(collection);
}

Result<void> finish_swap(io::FileSystem& files, const fs::path& collection) {
  const fs::path current = collection / kIndexFolder, next = collection / kNextFolder, old = collection / kOldFolder;
  if (files.exists(current) || !files.exists(old)) return {};
  RENVOI_CHECK(io::rename_new(files.exists(next) ? next : old, current));
  return files.sync_folder(collection);
}

}  // namespace renvoi::search
