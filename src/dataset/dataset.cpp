#include "dataset/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataset/item_format.h"
#include "dataset/log_check.h"

namespace renvoi::dataset {
namespace {

constexpr std::uint64_t kCommitBytes = 32u << 20;
constexpr std::size_t kCommitItems = 10'000;

}  // namespace

bool is_dataset_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), allowed);
}

Result<std::vector<std::string>> list_datasets(io::FileSystem& files, const std::filesystem::path& datasets) {
  std::vector<std::string> names;
  if (!files.exists(datasets)) return names;
  RENVOI_TRY(names, files.list(datasets));
  std::erase_if(names, [&](const std::string& name) {
    return !is_dataset_name(name) || !files.exists(datasets / name / "items.log");
  });
  return names;
}

Result<std::unique_ptr<Dataset>> Dataset::open(io::FileSystem& files, const std::filesystem::path& folder, Mode mode,
                                               BlobOptions options) {
  if (mode == Mode::read && !files.exists(folder / "items.log"))
    return Error{ErrorCode::not_found,
                 fmt::format("there is no dataset {}; 'renvoi dataset add' makes one", folder.filename().string())};
  std::unique_ptr<Dataset> dataset(new Dataset(files, folder));
  if (mode == Mode::write) {
    RENVOI_CHECK(files.create_folders(folder));
    RENVOI_TRY(dataset->lock_, io::FileLock::acquire(folder / "lock"));
  }
  // Items first when reading: then the bytes of all of them are in what is read next.
  const auto open_items = [&]() -> Result<void> {
    RENVOI_TRY(dataset->items_, ItemStore::open(files, folder, mode));
    return {};
  };
  if (mode == Mode::read) RENVOI_CHECK(open_items());
  RENVOI_TRY(dataset->blobs_, BlobStore::open(files, folder / "blobs", mode, options));
  if (mode == Mode::write) RENVOI_CHECK(open_items());
  for (ItemNumber item = 0; item < dataset->items_->count(); ++item)
    if (dataset->items_->blob(item) >= dataset->blobs_->count())
      return Error{ErrorCode::corrupt, fmt::format("{}: item {} has bytes that blobs.log does not know; restore it "
                                                   "from a copy",
                                                   folder.string(), item)};
  if (mode == Mode::write) {  // a removal that was interrupted
    std::vector<BlobNumber> doomed;
    for (const auto& [item, removal] : dataset->items_->removed()) doomed.push_back(dataset->items_->blob(item));
    RENVOI_CHECK(dataset->blobs_->remove(doomed));
  }
  RENVOI_TRY(dataset->settings_, parse_settings(dataset->items_->settings()));
  return dataset;
}

Result<ItemNumber> Dataset::add(Item item, std::string_view bytes) {
  RENVOI_TRY(item.blob, blobs_->put(bytes));
  waiting_bytes_ += bytes.size();
  return items_->add(item);
}

Result<void> Dataset::commit() {
  RENVOI_CHECK(blobs_->commit());
  RENVOI_CHECK(items_->commit());
  waiting_bytes_ = 0;
  return {};
}

Result<void> Dataset::commit_if_full() {
  if (waiting_bytes_ < kCommitBytes && items_->uncommitted_items() < kCommitItems) return {};
  return commit();
}

Result<void> Dataset::set_settings(const Settings& settings) {
  const std::string json = to_json(settings);
  RENVOI_TRY(settings_, parse_settings(json));
  items_->set_settings(json);
  return commit();
}

Result<std::vector<ItemNumber>> Dataset::remove(std::span<const ItemNumber> numbers, std::string_view reason,
                                                Timestamp now) {
  RENVOI_CHECK(commit());
  std::vector<BlobNumber> doomed;
  for (const ItemNumber item : numbers) {
    if (item >= count()) return Error{ErrorCode::not_found, fmt::format("there is no item {}", item)};
    doomed.push_back(items_->blob(item));
  }
  std::sort(doomed.begin(), doomed.end());
  // Tombstones first: the next writer goes on with a removal that was interrupted.
  std::vector<ItemNumber> removed;
  for (ItemNumber item = 0; item < count(); ++item) {
    if (!std::binary_search(doomed.begin(), doomed.end(), items_->blob(item))) continue;
    removed.push_back(item);
    if (!is_removed(item)) items_->remove(item, {now, std::string(reason)});
  }
  RENVOI_CHECK(items_->commit());
  RENVOI_CHECK(blobs_->remove(doomed));
  return removed;
}

Result<std::string> Dataset::bytes(ItemNumber number) const {
  if (number >= count()) return Error{ErrorCode::not_found, fmt::format("there is no item {}", number)};
  if (is_removed(number))
    return Error{ErrorCode::gone, fmt::format("item {} was removed: {}", number, items_->removed().at(number).reason)};
  return blobs_->read(items_->blob(number));
}

void Dataset::check(std::vector<std::string>& problems) const {
  check_log(files_, folder_ / "items.log", kItemLog, problems);
  blobs_->check(problems);
}

}  // namespace renvoi::dataset
