// Folders read while they change: the system tells what changed, a job reads it once it has been quiet for a second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "crawl/quiet_paths.h"
#include "engine.h"
#include "io/folder_watch.h"
#include "server/jobs.h"

namespace renvoi::app {

// Watches every source of kind folder. Each is read from end to end when it begins to be watched, every
// server.folder_pass_s, and when the system could not tell what changed; where it cannot be watched at all (too many
// folders, a file system without inotify), every five minutes. An archive as a source is looked at each second or two.
// Owns one thread; `engine` and `jobs` must outlive it.
class FolderWatcher {
 public:
  FolderWatcher(Engine& engine, Jobs& jobs);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Folder {
    std::string root;
    std::string version{};  // of a root that is a file (an archive): nothing but that tells that it changed
    std::unique_ptr<io::FolderWatch> watch;  // null: it cannot be watched for now
    crawl::QuietPaths changed{std::chrono::seconds(1)};
    Time next_watch{}, next_pass{}, next_look{};
  };
  void work(const std::stop_token& stop);
  void find_folders();
  void look(SourceId id, Folder& folder, Time now);
  void begin_watch(Folder& folder, Time now);
  void look_at_file(Folder& folder, Time now);

  Engine& engine_;
  Jobs& jobs_;
  std::map<SourceId, Folder> folders_;
  std::set<SourceId> seen_;  // a source is taken up the second time it is seen: who adds one starts its first job
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace renvoi::app
