#include "server/dataset_shelf.h"

#include <fmt/format.h>

#include "dataset_view.h"

namespace renvoi::app {

using namespace dataset;

Result<std::shared_ptr<const Dataset>> DatasetShelf::open(const std::string& name) {
  RENVOI_TRY(const auto folder, dataset_folder(config_, name));
  const std::lock_guard lock(mutex_);
  const std::uint64_t bytes =
      files_->disk_bytes(folder / "items.log") + files_->disk_bytes(folder / "blobs" / "blobs.log");
  Held& held = sets_[name];
  if (held.set == nullptr || held.bytes != bytes) {
    auto opened = Dataset::open(*files_, folder, Mode::read);
    if (!opened.ok()) {
      sets_.erase(name);
      return opened.error();
    }
    held = {bytes, std::move(opened).value()};
  }
  return held.set;
}

Result<std::shared_ptr<const DatasetShelf::View>> DatasetShelf::view(const std::string& name,
                                                                     const std::string& snapshot, Selection selection) {
  constexpr std::size_t kKept = 8;
  RENVOI_TRY(const auto folder, dataset_folder(config_, name));
  if (!files_->exists(folder / "items.log"))
    return Error{ErrorCode::not_found, fmt::format("there is no dataset {}", name)};
  RENVOI_TRY(const auto snapshots, Snapshots::open(*files_, folder, Mode::read));
  RENVOI_TRY(const SnapshotInfo info, snapshots->find(snapshot));
  const std::string key = fmt::format("{} {} {}", name, info.name, static_cast<int>(selection));
  {
    const std::lock_guard lock(mutex_);
    if (const auto held = views_.find(key); held != views_.end()) return held->second;
  }
  RENVOI_TRY(const Snapshot opened, snapshots->open_snapshot(info.name));
  auto made = std::make_shared<View>();
  made->snapshot = info.name;
  RENVOI_TRY(made->view, make_view(opened, selection));
  const std::lock_guard lock(mutex_);
  if (views_.size() >= kKept) views_.erase(views_.begin());
  views_[key] = made;
  return std::shared_ptr<const View>(made);
}

}  // namespace renvoi::app
