// What is still to be asked of whom: first come, first served, one thing at a time of each host.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace renvoi::crawl {

// Not thread-safe. Every method is O(log hosts).
template <typename Item>
class Agenda {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Behind everything else.
  void push(const std::string& host, Item item) { put(host, {++last_, std::move(item)}, false); }
  // Before everything else of its host, and before what waits at other hosts.
  void push_front(const std::string& host, Item item) { put(host, {0, std::move(item)}, true); }

  // The host that is free and may be asked at `now` whose first item waits longest; nothing: there is none.
  std::optional<std::string> next_host(Time now) {
    while (!later_.empty() && later_.begin()->first <= now) {
      const std::string host = later_.begin()->second;
      later_.erase(later_.begin());
      make_ready(host);
    }
    if (ready_.empty()) return {};
    return ready_.begin()->second;
  }
  // Of a host that next_host() gave. `take`: the host is busy until free() is called.
  const Item& first(const std::string& host) const { return hosts_.at(host).items.front().item; }
  Item take(const std::string& host) {
    Host& entry = hosts_.at(host);
    ready_.erase({entry.items.front().number, host});
    Item item = std::move(entry.items.front().item);
    entry.items.pop_front();
    entry.state = State::busy;
    --size_;
    return item;
  }
  void defer(const std::string& host, Time until) {
    Host& entry = hosts_.at(host);
    ready_.erase({entry.items.front().number, host});
    entry.state = State::later;
    later_.emplace(until, host);
  }
  void free(const std::string& host) {
    const auto found = hosts_.find(host);
    if (found->second.items.empty())
      hosts_.erase(found);
    else
      make_ready(host);
  }
  // When the first of those that were deferred is due.
  std::optional<Time> next_due() const {
    if (later_.empty()) return {};
    return later_.begin()->first;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  enum class State : std::uint8_t { ready, later, busy };
  struct Numbered {
    std::uint64_t number;
    Item item;
  };
  struct Host {
    std::deque<Numbered> items;
    State state = State::busy;
  };

  void put(const std::string& host, Numbered entry, bool front) {
    ++size_;
    const auto [found, is_new] = hosts_.try_emplace(host);
    Host& at = found->second;
    if (at.state == State::ready) ready_.erase({at.items.front().number, host});
    if (front)
      at.items.push_front(std::move(entry));
    else
      at.items.push_back(std::move(entry));
    if (is_new || at.state == State::ready) make_ready(host);
  }
  void make_ready(const std::string& host) {
    Host& entry = hosts_.at(host);
    entry.state = State::ready;
    ready_.emplace(entry.items.front().number, host);
  }

  std::unordered_map<std::string, Host> hosts_;            // those with items, and those that are busy
  std::set<std::pair<std::uint64_t, std::string>> ready_;  // by the number of their first item
  std::multimap<Time, std::string> later_;
  std::uint64_t last_ = 0;
  std::size_t size_ = 0;
};

}  // namespace renvoi::crawl
