#include "io/folder_watch.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "io/descriptor.h"
#include "io/system_error.h"

namespace renvoi::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW |
                                  IN_EXCL_UNLINK;

class InotifyWatch final : public FolderWatch {
 public:
  InotifyWatch(Descriptor inotify, fs::path root, std::size_t max_folders)
      : inotify_(std::move(inotify)), root_(std::move(root)), max_folders_(max_folders) {}

  // Watches `folder` and what is in it. A folder that goes meanwhile is no error: its parent tells.
  Result<void> add(const fs::path& folder) {
    std::vector<fs::path> waiting{folder};
    while (!waiting.empty()) {
      const fs::path next = std::move(waiting.back());
      waiting.pop_back();
      RENVOI_TRY(const bool watched, add_one(next));
      if (!watched) continue;
      std::error_code error;
      for (fs::directory_iterator it(next, error), end; !error && it != end; it.increment(error)) {
        std::error_code ignored;
        const bool hidden = it->path().filename().string().starts_with('.');
        if (!hidden && !it->is_symlink(ignored) && it->is_directory(ignored)) waiting.push_back(it->path());
      }
    }
    return {};
  }

  Result<FolderChanges> take() override {
    FolderChanges changes;
    alignas(inotify_event) std::array<char, 64 << 10> buffer;
    for (;;) {
      const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return changes;
      if (got < 0) return system_error(errno, "cannot watch", root_);
      for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
        at += sizeof event + event.len;
        RENVOI_CHECK(note(event, name, changes));
      }
      if (changes.lost) return changes;
    }
  }

 private:
  // Whether it is watched now; not when it is no folder any more.
  Result<bool> add_one(const fs::path& folder) {
    if (paths_.size() >= max_folders_)
      return Error{ErrorCode::exhausted, folder.string() + " cannot be watched: there are more than " +
                                             std::to_string(max_folders_) + " folders"};
    const int watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), kEvents);
    if (watch >= 0) {
      paths_[watch] = folder;
      return true;
    }
    if (folder == root_ || errno == ENOSPC || errno == ENOMEM) {
      if (errno == ENOTDIR) return Error{ErrorCode::invalid, folder.string() + " is not a folder"};
      if (errno == ENOSPC)
        return Error{ErrorCode::exhausted, folder.string() + " cannot be watched: the system allows no more watches " +
                                               "(sysctl fs.inotify.max_user_watches)"};
      return system_error(errno, "cannot watch", folder);
    }
    return false;
  }

  // A folder that was moved away keeps its watches, under a path that is no longer its own.
  void forget(const fs::path& folder) {
    const std::string inside = folder.string() + "/";
    for (auto it = paths_.begin(); it != paths_.end();) {
      const bool gone = it->second == folder || it->second.string().starts_with(inside);
      if (gone) ::inotify_rm_watch(inotify_.get(), it->first);
      it = gone ? paths_.erase(it) : std::next(it);
    }
  }

  Result<void> note(const inotify_event& event, const char* name, FolderChanges& changes) {
    if ((event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
      changes.lost = true;
      return {};
    }
    const auto known = paths_.find(event.wd);
    if (known == paths_.end()) return {};
    const fs::path folder = known->second;
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
      changes.lost |= folder == root_;
      return {};
    }
    if ((event.mask & IN_IGNORED) != 0) {
      paths_.erase(known);
      return {};
    }
    if (*name == '\0' || *name == '.') return {};
    const fs::path path = folder / name;
    const bool is_folder = (event.mask & IN_ISDIR) != 0;
    if (is_folder && (event.mask & (IN_ATTRIB | IN_MODIFY)) != 0) return {};
    changes.paths.insert(path.string());
    if (is_folder && (event.mask & IN_MOVED_FROM) != 0) forget(path);
    // What was written in it before it was watched is found because the folder itself is told.
    if (is_folder && (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) RENVOI_CHECK(add(path));
    return {};
  }

  Descriptor inotify_;
  fs::path root_;
  std::size_t max_folders_;
  std::map<int, fs::path> paths_;
};

}  // namespace

Result<std::unique_ptr<FolderWatch>> watch_folder(const fs::path& root, std::size_t max_folders) {
  Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.open()) return system_error(errno, "cannot watch", root);
  auto watch = std::make_unique<InotifyWatch>(std::move(inotify), root, max_folders);
  RENVOI_CHECK(watch->add(root));
  return std::unique_ptr<FolderWatch>(std::move(watch));
}

}  // namespace renvoi::io
