#include "server/folder_watcher.h"

#include <algorithm>

#include "crawl/file_fetch.h"
#include "extract/archive_member.h"

namespace renvoi::app {
namespace {

using std::chrono::seconds;

constexpr std::chrono::milliseconds kTick{200};
constexpr seconds kFindEvery{2};
constexpr seconds kBlindPassEvery{300};  // where nothing tells what changed
constexpr seconds kWatchAgain{600};      // what could not be watched may be by then

}  // namespace

FolderWatcher::FolderWatcher(Engine& engine, Jobs& jobs)
    : engine_(engine), jobs_(jobs), thread_([this](const std::stop_token& stop) { work(stop); }) {}

void FolderWatcher::work(const std::stop_token& stop) {
  Time next_find{};
  while (!stop.stop_requested()) {
    const Time now = std::chrono::steady_clock::now();
    if (now >= next_find) {
      find_folders();
      next_find = now + kFindEvery;
    }
    for (auto& [id, folder] : folders_) look(id, folder, now);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kTick, [] { return false; });
  }
}

void FolderWatcher::find_folders() {
  const auto sources = engine_.collection().catalog().sources();
  if (!sources.ok()) return;  // the next time, perhaps
  std::map<SourceId, std::string> now;
  for (const auto& source : *sources)
    if (source.kind == catalog::SourceKind::folder) now[source.id] = source.address;
  std::erase_if(folders_, [&](const auto& each) { return !now.contains(each.first); });
  for (const auto& [id, root] : now)
    if (!seen_.insert(id).second && !folders_.contains(id)) folders_[id].root = root;
}

void FolderWatcher::begin_watch(Folder& folder, Time now) {
  auto watch = io::watch_folder(folder.root);
  folder.watch = watch.ok() ? std::move(watch).value() : nullptr;
  folder.next_watch = now + kWatchAgain;
  folder.changed.clear();
  folder.next_pass = now;  // what changed before
}

void FolderWatcher::look_at_file(Folder& folder, Time now) {
  if (now < folder.next_look || !extract::is_archive_name(folder.root)) return;
  folder.next_look = now + kFindEvery;
  std::string version = crawl::file_version(folder.root);
  if (folder.version != version) folder.changed.changed({folder.root}, now);
  folder.version = std::move(version);
}

void FolderWatcher::look(SourceId id, Folder& folder, Time now) {
  if (!folder.watch && now >= folder.next_watch) begin_watch(folder, now);
  if (folder.watch) {
    const auto changes = folder.watch->take();
    if (!changes.ok() || changes->lost) {
      folder.watch.reset();
      folder.next_watch = now + (changes.ok() ? seconds(1) : kWatchAgain);
      folder.next_pass = now;
      folder.changed.clear();
    } else if (!folder.changed.changed(changes->paths, now)) {
      folder.next_pass = now;
    }
  }
  if (!folder.watch) look_at_file(folder, now);
  if (now >= folder.next_pass) {
    if (!jobs_.start(id, {}).ok()) return;  // it is being read: after that
    const seconds every(std::max(1u, engine_.config().server.folder_pass_s));
    folder.next_pass = now + (folder.watch ? every : std::min(every, kBlindPassEvery));
    return;
  }
  const std::set<std::string> ready = folder.changed.take(now);
  if (!ready.empty() && !jobs_.start(id, {.paths = ready}).ok()) folder.changed.put_back(ready, now);
}

}  // namespace renvoi::app
