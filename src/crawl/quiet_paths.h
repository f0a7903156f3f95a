// Which of the paths that changed have been left alone for a while: a file that is being written is not read.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace renvoi::crawl {

// A value. Time is what the caller says it is.
class QuietPaths {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Beyond `max_paths` that wait it is cheaper to look at everything: changed() then says so.
  explicit QuietPaths(std::chrono::milliseconds quiet_ms, std::size_t max_paths = 10'000)
      : quiet_ms_(quiet_ms), max_paths_(max_paths) {}

  // False when there are too many: all were forgotten.
  bool changed(const std::set<std::string>& paths, Time now);
  // Takes those that did not change for `quiet_ms`.
  std::set<std::string> take(Time now);
  // They could not be looked at yet: they are ready at once the next time.
  void put_back(const std::set<std::string>& paths, Time now);
  void clear() { last_change_.clear(); }
  std::size_t size() const { return last_change_.size(); }

 private:
  std::chrono::milliseconds quiet_ms_;
  std::size_t max_paths_;
  std::map<std::string, Time> last_change_;
};

}  // namespace renvoi::crawl
