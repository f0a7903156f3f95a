// What a query is worth computing once: a search asks for the scores of many passages one by one, with the same query.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace renvoi::index {

// Keeps what was made of the last key. Thread-safe.
template <typename Key, typename Value>
class LastOf {
 public:
  template <typename View, typename Make>
  std::shared_ptr<const Value> get(const View& key, Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (value_ != nullptr && std::equal(key.begin(), key.end(), key_.begin(), key_.end())) return value_;
    }
    auto made = std::make_shared<const Value>(make());
    const std::lock_guard lock(mutex_);
    key_.assign(key.begin(), key.end());
    value_ = made;
    return made;
  }

 private:
  std::mutex mutex_;
  Key key_;
  std::shared_ptr<const Value> value_;
};

}  // namespace renvoi::index
