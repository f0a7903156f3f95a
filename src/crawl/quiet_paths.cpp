#include "crawl/quiet_paths.h"

namespace renvoi::crawl {

bool QuietPaths::changed(const std::set<std::string>& paths, Time now) {
  for (const std::string& path : paths) last_change_[path] = now;
  if (last_change_.size() <= max_paths_) return true;
  clear();
  return false;
}

std::set<std::string> QuietPaths::take(Time now) {
  std::set<std::string> ready;
  for (auto it = last_change_.begin(); it != last_change_.end();) {
    const bool quiet = it->second + quiet_ms_ <= now;
    if (quiet) ready.insert(it->first);
    it = quiet ? last_change_.erase(it) : std::next(it);
  }
  return ready;
}

void QuietPaths::put_back(const std::set<std::string>& paths, Time now) {
  for (const std::string& path : paths) last_change_.emplace(path, now - quiet_ms_);
}

}  // namespace renvoi::crawl
